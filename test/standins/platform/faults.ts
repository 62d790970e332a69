import type { Answer, Call } from './server.ts';

/** Which calls a fault meets: `METHOD path` with `*` for anything, or a function. */
export type Which = string | ((call: Call) => boolean);

export type Fault =
  /** Answers this instead of doing it. */
  | { kind: 'answer'; answer: Answer }
  /** Cuts the connection before anything was done. */
  | { kind: 'drop' }
  /** Does it, then cuts the connection: the caller cannot know. */
  | { kind: 'lose-answer' }
  /** Does it, then answers this instead. */
  | { kind: 'lie'; answer: Answer }
  /** Waits until the test lets go, then does it. */
  | { kind: 'hold'; until: Promise<void> };

interface Planned {
  which: Which;
  left: number;
  fault: Fault;
}

/** What will go wrong. A fault meets the next `times` calls that match, oldest fault first. */
export class Faults {
  #planned: Planned[] = [];

  plan(which: Which, fault: Fault, times = 1): void {
    this.#planned.push({ which, fault, left: times });
  }

  /** Holds the next matching call until the returned function is called. */
  hold(which: Which): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.plan(which, { kind: 'hold', until: promise });
    return resolve;
  }

  clear(): void {
    this.#planned = [];
  }

  take(call: Call): Fault | undefined {
    const planned = this.#planned.find(({ which, left }) => left > 0 && matches(which, call));
    if (planned === undefined) return undefined;
    planned.left -= 1;
    return planned.fault;
  }
}

export function matches(which: Which, call: Call): boolean {
  if (typeof which === 'function') return which(call);
  const pattern = which
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${pattern}$`, 'u').test(`${call.method} ${call.path}`);
}
