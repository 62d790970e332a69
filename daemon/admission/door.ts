import { CommandRequest } from '../../contracts/api.ts';
import type { Actor } from '../../contracts/admin.ts';
import { ReeveError, fail, type ErrorResponse } from '../../contracts/errors.ts';
import type { Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import type { Verb } from '../../contracts/estate.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Reply } from '../../contracts/reply.ts';
import { isNoSpace } from '../durable.ts';
import type { Action, ActionContext, Deps, PrivilegedAction } from '../ports/actions.ts';
import type { Caller, ChatDoor } from '../ports/door.ts';
import { compiled } from '../compiled.ts';
import { suggest } from '../suggest.ts';
import { admitAdmin } from './admin.ts';
import { finishApproved } from './approved.ts';
import { planGrant, requestGrant } from './ask.ts';
import { commandSpec, indexActions, makeCatalogue, parseArgs } from './catalogue.ts';
import { admitPrivileged, runApproved, type Answer, type Asked } from './privileged.ts';
import type { Refusals } from './refusals.ts';
import { runbookActions } from './runbook-actions.ts';
import type { StartDeps } from './start.ts';
import { verbFor } from '../verb.ts';

export const MAX_REASON = 2000;

/** Stands in the examples of actions for a project of the estate. */
const SOME_PROJECT = 'my-project';

/** What is behind the door; the rest of `Deps` the door gives itself. */
export type DoorDeps = Omit<Deps, 'runApproved' | 'planGrant' | 'requestGrant'>;

export interface DoorOptions {
  deps: DoorDeps;
  actions: readonly Action[];
  refusals: Refusals;
  version: string;
  integrity: StartDeps['integrity'];
  settleRunbook: StartDeps['settleRunbook'];
  /** Set when there was no room to start on: reading and halting is all that is admitted. */
  full?: string | undefined;
  log: {
    error(message: string, detail: unknown): void;
    info(message: string, detail: unknown): void;
    path: string;
  };
}

/** Builds the door (DESIGN §1) over the explicit list of actions and the runbooks that are commands of their own. */
export function createDoor(options: DoorOptions): ChatDoor & { finishApproved(): Promise<void> } {
  const { deps, refusals, log } = options;
  const fixed = indexActions(options.actions);

  async function resolve(name: string): Promise<Action> {
    const words = name.trim().split(/\s+/).join(' ');
    const found = fixed.get(words);
    if (found !== undefined) return found;
    const fromRunbooks = await runbookActions(deps.runbooks, fixed);
    const dynamic = fromRunbooks.find((r) => r.action.name === words);
    if (dynamic !== undefined) return dynamic.action;
    const near = suggest(words, [...fixed.keys(), ...fromRunbooks.map((r) => r.action.name)]);
    throw fail('COMMAND_UNKNOWN', {
      name: words.slice(0, 100),
      suggestion: near === undefined ? 'See `reeve --help`.' : `Did you mean \`reeve ${near}\`?`,
    });
  }

  function contextFor(caller: Caller, reason: string): ActionContext & StartDeps {
    const context: ActionContext & StartDeps = {
      ...deps,
      caller,
      reason,
      integrity: options.integrity,
      settleRunbook: options.settleRunbook,
      catalogue: () => door.catalogue(caller),
      runApproved: runRequest,
      planGrant: async ({ command, args }) => planGrant(context, ...(await wanted(command, args))),
      requestGrant: async ({ command, args }, terms) =>
        requestGrant(context, ...(await wanted(command, args)), terms),
    };
    return context;
  }

  const runRequest: ActionContext['runApproved'] = async (request, grant) => {
    const action = await resolve(request.command);
    if (action.kind !== 'privileged')
      throw fail('REQUEST_CLOSED', { id: request.id, state: 'not for a job' });
    // What was asked is judged by the rights of who asked, as they are now; the approver's own are checked already.
    const { by: person, via = 'daemon', account = '', reason } = request;
    return runApproved(
      contextFor({ person, via, account, interactive: false }, reason),
      action,
      request,
      grant,
    );
  };

  /** The command that a grant is asked for, its arguments checked as when it is given. */
  async function wanted(command: string, args: JsonObject): Promise<[PrivilegedAction, JsonObject]> {
    const action = await resolve(command);
    if (action.kind !== 'privileged')
      throw fail('ARGUMENTS_INVALID', { command: 'grant request', why: `${command} needs no grant` });
    return [action, parseArgs(action, args) as JsonObject];
  }

  async function answer(caller: Caller, action: Action, asked: Asked, args: JsonObject): Promise<Answer> {
    if (asked.reason !== undefined && asked.reason.length > MAX_REASON)
      throw fail('REASON_TOO_LONG', { max: MAX_REASON });
    const context = contextFor(caller, asked.reason ?? '');
    if (action.inChat === false && fromChat(caller)) throw fail('CHAT_NOT_HERE', { command: action.name });
    if (!deps.people.exists(caller.person)) throw fail('PERSON_UNKNOWN', { account: caller.account });
    const looks = action.kind === 'read' || (action.kind === 'admin' && action.evenUnrecorded === true);
    if (options.full !== undefined && !looks) throw fail('LEDGER_DISK_FULL', { path: options.full });
    if (action.kind === 'admin') return admitAdmin(context, action, args, asked);
    if (action.kind === 'privileged') return admitPrivileged(context, action, args, asked);
    const where = action.where?.(args);
    deps.people.require(caller.person, action.verb, where?.project, where?.env);
    await deps.ledger.settled().catch(() => undefined);
    return action.run(context, args);
  }

  const door: ChatDoor & { finishApproved(): Promise<void> } = {
    finishApproved: () =>
      finishApproved({
        ...deps,
        log,
        run: runRequest,
      }),
    async admit(caller: Caller, request: CommandRequest): Promise<Reply> {
      const actor: Actor = { person: caller.person, via: caller.via, account: caller.account };
      let action: Action | undefined;
      let command = typeof request.command === 'string' ? request.command : '';
      try {
        const asked = checked(request);
        action = await resolve(asked.command);
        command = action.name;
        const args = parseArgs(action, asked.args) as JsonObject;
        return shape(command, await answer(caller, action, asked, args));
      } catch (error) {
        const known = knownOf(error, log.path);
        if (known.code === 'INTERNAL') log.error(`command ${command} failed`, error);
        const response: ErrorResponse = known.toResponse();
        // A mistyped question changes nothing and is nobody's business; everything else that was refused is written down.
        const trivial = action?.kind === 'read' && known.exit === 2;
        if (!trivial) {
          const seq = await refusals.record(actor, command, response, shownArgs(action, request.args));
          if (seq !== undefined) response.ledger_seq = seq;
        }
        return {
          v: 1,
          command,
          ok: false,
          tone: 'bad',
          title: known.message,
          blocks: [],
          data: null,
          error: response,
        };
      }
    },
    async kindOf(command) {
      try {
        return (await resolve(command)).kind;
      } catch {
        return undefined;
      }
    },
    async hears(person, command) {
      // A runbook hears nothing, so none is looked for.
      const { hears, verb } = fixed.get(command.trim().split(/\s+/).join(' ')) ?? {};
      return hears !== undefined && verb !== undefined && deps.people.allows(person, verb)
        ? hears
        : undefined;
    },
    async inChat() {
      return makeCatalogue(
        (await published()).filter(({ inChat }) => inChat).map(({ spec }) => spec),
        options.version,
      );
    },
    async catalogue(caller: Caller): Promise<Catalogue> {
      const may = (verb: Verb) => deps.people.allows(caller.person, verb);
      const open = (await published()).filter(
        ({ spec, inChat }) =>
          (inChat || !fromChat(caller)) &&
          (may(spec.kind === 'privileged' ? verbFor(spec.name) : spec.verb) ||
            (spec.kind === 'privileged' && deps.grants.keeps(caller.person, { command: spec.name }))),
      );
      const project = exampleProject(caller.person);
      return makeCatalogue(
        open.map(({ spec }) =>
          project === undefined
            ? spec
            : { ...spec, examples: spec.examples.map((line) => line.replaceAll(SOME_PROJECT, project)) },
        ),
        options.version,
      );
    },
  };

  /** The first project that the person may see, so that an example can be typed as it is. */
  function exampleProject(person: string): string | undefined {
    const seen = Object.keys(deps.config.current().config.projects).filter((project) =>
      deps.people.allows(person, 'view', project),
    );
    return seen.find((project) => project !== 'reeve') ?? seen[0];
  }

  /** Every command there is, the fixed ones first. */
  async function published(): Promise<{ spec: CommandSpec; inChat: boolean }[]> {
    const dynamic = await runbookActions(deps.runbooks, fixed);
    return [
      ...[...new Set(fixed.values())].map((action) => ({ action, runbook: undefined })),
      ...dynamic,
    ].map(({ action, runbook }) => ({
      spec: commandSpec(action, runbook),
      inChat: action.inChat !== false,
    }));
  }
  return door;
}

/** Chat keeps what is written in it. */
const fromChat = ({ via }: Caller): boolean => via === 'discord' || via === 'slack' || via === 'github';

const checkRequest = compiled(CommandRequest);

function checked(request: CommandRequest): Asked {
  const result = checkRequest(request);
  if (result.success) {
    // What no record can hold must not become a reason, a nonce or an input.
    if (!wellFormed(result.data)) throw fail('BODY_INVALID', { why: 'a text in it is not valid Unicode' });
    return result.data;
  }
  const issue = result.error.issues[0];
  throw fail('BODY_INVALID', {
    why: `${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  });
}

/** No lone surrogate in any text of it. */
function wellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  for (const name of Object.keys(value))
    if (!name.isWellFormed() || !wellFormed((value as Record<string, unknown>)[name])) return false;
  return true;
}

function knownOf(error: unknown, log: string): ReeveError {
  if (error instanceof ReeveError) return error;
  // Outside of the ledger, a plan or another artifact may be what finds the disk full.
  if (isNoSpace(error)) {
    const path = error instanceof Error && 'path' in error ? String(error.path) : 'the disk of the home';
    return fail('LEDGER_DISK_FULL', { path }, { cause: error });
  }
  return fail('INTERNAL', { why: 'an unexpected error', log }, { cause: error });
}

/**
 * Arguments as they stand in a refusal's record; it is redacted and cut to size where it is written, in this order. Where
 * nobody knows which of them are secret (no such command, no such argument), only their names stand there.
 */
function shownArgs(action: Action | undefined, args: unknown): string {
  if (typeof args !== 'object' || args === null) return args === undefined ? '{}' : '[concealed]';
  const conceal = action?.kind === 'admin' ? (action.conceal ?? []) : [];
  const open = (name: string): boolean =>
    action !== undefined &&
    !conceal.includes(name) &&
    (conceal.length === 0 || Object.hasOwn(action.args.shape, name));
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(args).map(([name, value]) => [name, open(name) ? value : '[concealed]']),
    ),
  );
}

function shape(command: string, answer: Answer): Reply {
  return {
    v: 1,
    command,
    ok: answer.ok ?? true,
    tone: answer.tone ?? 'good',
    title: answer.title,
    blocks: answer.blocks ?? [],
    data: answer.data,
    ...(answer.job === undefined ? {} : { job: answer.job }),
    ...(answer.confirm === undefined ? {} : { confirm: answer.confirm }),
  };
}
