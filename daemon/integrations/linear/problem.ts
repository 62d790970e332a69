/**
 * Why Linear did not do it. `down`: no answer, or one of trouble over there. `limited`: it asks for patience. `refused`: it
 * does not know our key. `invalid`: this request alone is wrong. `complex`: it asks for more than Linear gives at once.
 * `gone`: what it is about is no more.
 */
export class LinearProblem extends Error {
  readonly kind: 'down' | 'limited' | 'refused' | 'invalid' | 'complex' | 'gone';
  /** Not before so many ms. */
  readonly retryAfter: number;

  constructor(kind: LinearProblem['kind'], why: string, more: { retryAfter?: number; cause?: unknown } = {}) {
    // What is said of it goes on: `Linear cannot be read: {why}.`
    super(why.replace(/\.$/, ''), { cause: more.cause });
    this.kind = kind;
    this.retryAfter = more.retryAfter ?? 0;
  }
}
