import type { Config } from '../ports/config.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Redactor } from '../ports/steps.ts';
import { createRedactor } from '../redact.ts';

export interface HiddenWords {
  /** A redactor of these values, every stored secret and the estate's `redact:` words, as they are now. */
  redactor(values: readonly string[]): Redactor;
  /** The same without further values, for log, records and trajectory. */
  clean(text: string): string;
  /** The store, whose changes reach the redaction at once. */
  secrets: Secrets;
  stop(): void;
}

/** Values that were replaced or removed, and are hidden all the same until so many others were. */
const MAX_FORMER = 200;

/** Keeps what must never be shown in step with the secret store and the estate. */
export async function hiddenWords(store: Secrets, config: Config): Promise<HiddenWords> {
  let values = await store.values();
  // A value that was replaced may still stand in what a running job prints.
  const former = new Set<string>();
  /** Grows with each change of what is hidden. */
  let version = 0;
  function build(more: readonly string[]): Redactor {
    return createRedactor([...more, ...values, ...former, ...config.current().config.redact]);
  }
  /** Follows every change: a job that runs for hours also prints what was stored meanwhile. */
  function following(more: readonly string[]): Redactor {
    let made = build(more);
    let of = version;
    const now = (): Redactor => {
      if (of !== version) [made, of] = [build(more), version];
      return made;
    };
    return { stream: () => now().stream(), text: (value) => now().text(value) };
  }
  const plain = following([]);
  function remember(more: readonly string[]): void {
    for (const value of more) {
      former.delete(value);
      former.add(value);
    }
    for (const oldest of former) {
      if (former.size <= MAX_FORMER) break;
      former.delete(oldest);
    }
    version += 1;
  }
  async function changed(): Promise<void> {
    values = await store.values();
    version += 1;
  }
  const stop = config.onChange(() => {
    version += 1;
  });
  return {
    redactor: following,
    clean: (text) => plain.text(text),
    secrets: {
      list: () => store.list(),
      has: (name) => store.has(name),
      get: (name) => store.get(name),
      values: () => store.values(),
      async set(name, value) {
        // Hidden before anything can read it.
        remember([...values, value]);
        const rotation = await store.set(name, value);
        await changed();
        return rotation;
      },
      async remove(name) {
        remember(values);
        const gone = await store.remove(name);
        await changed();
        return gone;
      },
    },
    stop,
  };
}
