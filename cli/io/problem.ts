import type { ErrorCode, ErrorParams, ErrorResponse } from '../../contracts/errors.ts';

/**
 * A mistake or refusal on its way to the person. Only the code and its params travel; the words come from the error table
 * when it is shown, so that the fast path need not load the table.
 */
export class Problem extends Error {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  readonly more: string[];

  constructor(code: ErrorCode, params: ErrorParams = {}, more: string[] = [], cause?: unknown) {
    super(code, cause === undefined ? {} : { cause });
    this.name = 'Problem';
    this.code = code;
    this.params = params;
    this.more = more;
  }
}

/** An answer of the daemon that is an error. */
export class Refused extends Error {
  readonly response: ErrorResponse;
  constructor(response: ErrorResponse) {
    super(response.code);
    this.name = 'Refused';
    this.response = response;
  }
}

export const usage = (why: string, suggestion: string): Problem => new Problem('USAGE', { why, suggestion });
