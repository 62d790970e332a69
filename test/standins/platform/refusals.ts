/** A payload of ours that the platform would not take. */
export interface Refusal {
  at: number;
  call: string;
  /** The platform's own code: `50035`, `invalid_blocks` … */
  code: string;
  why: string[];
  body: unknown;
}

/** Remembers what was refused, so that a test of something else fails, too, when a payload was bad. */
export class Refusals {
  readonly all: Refusal[] = [];

  add(refusal: Refusal): void {
    this.all.push(refusal);
  }

  /** Takes the refusals out: for a test that provokes them. */
  take(): Refusal[] {
    return this.all.splice(0);
  }

  /** Throws when a payload was refused that no test took. */
  none(): void {
    if (this.all.length === 0) return;
    const lines = this.all.map(
      ({ call, code, why, body }) => `${call}: ${code}\n    ${why.join('\n    ')}\n    ${brief(body)}`,
    );
    throw new Error(`the platform refused ${lines.length} of our payloads:\n  ${lines.join('\n  ')}`);
  }
}

function brief(body: unknown): string {
  const text = JSON.stringify(body) ?? '';
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
