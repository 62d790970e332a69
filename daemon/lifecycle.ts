/** Whatever is acquired pushes how it is released; releasing goes last-in-first-out and keeps the first error. */
export class Releasers {
  readonly #stack: { name: string; release: () => Promise<void> | void }[] = [];
  readonly #report: (name: string, error: unknown) => void;

  constructor(report: (name: string, error: unknown) => void) {
    this.#report = report;
  }

  push(name: string, release: () => Promise<void> | void): void {
    this.#stack.push({ name, release });
  }

  /** Releases everything once; later calls find nothing left. Rejects with the first error after all were tried. */
  async unwind(): Promise<void> {
    let first: { error: unknown } | undefined;
    for (let next = this.#stack.pop(); next !== undefined; next = this.#stack.pop()) {
      try {
        await next.release();
      } catch (error) {
        this.#report(next.name, error);
        first ??= { error };
      }
    }
    if (first !== undefined) throw first.error;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * First signal: `stop` runs, at most `limitMs`. Second signal, or the limit: the process goes at once. Either way the
 * signal is raised again without a handler, so that the exit status tells the truth to the shell.
 */
export function onSignals(stop: (signal: string) => Promise<void>, limitMs: number): () => void {
  let stopping = false;
  const handlers = SIGNALS.map((signal) => {
    const handler = (): void => {
      if (stopping) return reraise(signal);
      stopping = true;
      const timer = setTimeout(() => reraise(signal), limitMs);
      timer.unref();
      void stop(signal).then(
        () => reraise(signal),
        () => reraise(signal),
      );
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  const remove = (): void => handlers.forEach(([signal, handler]) => process.off(signal, handler));
  function reraise(signal: NodeJS.Signals): void {
    remove();
    process.kill(process.pid, signal);
  }
  return remove;
}

/**
 * An error that nobody caught ends the process, as Node has it, with status 1: what it was in the midst of is not known. `tell`
 * is called first and may take no time, since nothing may go on meanwhile.
 */
export function onCrash(tell: (error: unknown) => void): void {
  process.once('uncaughtException', (error: unknown) => {
    try {
      tell(error);
    } finally {
      process.exit(1);
    }
  });
}
