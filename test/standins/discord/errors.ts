import { RESTJSONErrorCodes as Code } from 'discord-api-types/v10';

/** One thing that is wrong with a body: where, Discord's own code for it, and its words. */
export interface FormProblem {
  path: (string | number)[];
  code: string;
  message: string;
}

/** An answer of the API that is a refusal. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  readonly problems: FormProblem[];

  constructor(status: number, code: number, message: string, problems: FormProblem[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.problems = problems;
  }

  body(): object {
    if (this.problems.length === 0) return { message: this.message, code: this.code };
    return { message: this.message, code: this.code, errors: nested(this.problems) };
  }
}

/** `{embeds: {0: {title: {_errors: [{code, message}]}}}}`, as Discord nests them. */
function nested(problems: readonly FormProblem[]): object {
  const root: Record<string, unknown> = {};
  for (const { path, code, message } of problems) {
    let at = root;
    for (const key of path) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    const errors = (at['_errors'] ??= []) as object[];
    errors.push({ code, message });
  }
  return root;
}

const unknown = (what: string, code: number) => (): ApiError => new ApiError(404, code, `Unknown ${what}`);

export const unknownInteraction = unknown('interaction', Code.UnknownInteraction);
export const unknownMessage = unknown('Message', Code.UnknownMessage);
export const unknownChannel = unknown('Channel', Code.UnknownChannel);
export const unknownGuild = unknown('Guild', Code.UnknownGuild);
export const unknownUser = unknown('User', Code.UnknownUser);
export const unknownMember = unknown('Member', Code.UnknownMember);
export const unknownWebhook = unknown('Webhook', Code.UnknownWebhook);
export const unknownCommand = unknown('application command', Code.UnknownApplicationCommand);
export const unknownApplication = unknown('Application', Code.UnknownApplication);

export const unauthorized = (): ApiError => new ApiError(401, 0, '401: Unauthorized');
export const notFound = (): ApiError => new ApiError(404, 0, '404: Not Found');
export const missingAccess = (): ApiError => new ApiError(403, Code.MissingAccess, 'Missing Access');
export const missingPermissions = (): ApiError =>
  new ApiError(403, Code.MissingPermissions, 'Missing Permissions');
export const alreadyAcknowledged = (): ApiError =>
  new ApiError(400, Code.InteractionHasAlreadyBeenAcknowledged, 'Interaction has already been acknowledged.');
export const invalidWebhookToken = (): ApiError =>
  new ApiError(401, Code.InvalidWebhookToken, 'Invalid Webhook Token');
export const emptyMessage = (): ApiError =>
  new ApiError(400, Code.CannotSendAnEmptyMessage, 'Cannot send an empty message');
export const notYours = (): ApiError =>
  new ApiError(
    403,
    Code.CannotEditMessageAuthoredByAnotherUser,
    'Cannot edit a message authored by another user',
  );
export const fileTooLarge = (): ApiError =>
  new ApiError(413, Code.RequestEntityTooLarge, 'Request entity too large');
export const invalidForm = (problems: FormProblem[]): ApiError =>
  new ApiError(400, Code.InvalidFormBodyOrContentType, 'Invalid Form Body', problems);
