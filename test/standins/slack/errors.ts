/** An answer of the Web API that is a refusal: HTTP 200 and `{ok: false, error}`. */
export class SlackError extends Error {
  readonly error: string;
  readonly more: Record<string, unknown>;

  constructor(error: string, more: Record<string, unknown> = {}) {
    super(error);
    this.error = error;
    this.more = more;
  }

  body(): object {
    return { ok: false, error: this.error, ...this.more };
  }
}

/** Something that is wrong with blocks or a view: where, and Slack's words. */
export interface BlockProblem {
  path: (string | number)[];
  why: string;
}

/** `[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]`. */
export const spelled = ({ path, why }: BlockProblem): string =>
  `[ERROR] ${why} [json-pointer:/${path.join('/')}]`;
