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

/** Keeps what must never be shown in step with the secret store and the estate. */
export async function hiddenWords(store: Secrets, config: Config): Promise<HiddenWords> {
  let values = await store.values();
  // A value that was replaced may still stand in what a running job prints.
  const former = new Set<string>();
  let plain = build([]);
  function build(more: readonly string[]): Redactor {
    return createRedactor([...more, ...values, ...former, ...config.current().config.redact]);
  }
  async function changed(): Promise<void> {
    values.forEach((value) => former.add(value));
    values = await store.values();
    plain = build([]);
  }
  const stop = config.onChange(() => {
    plain = build([]);
  });
  return {
    redactor: build,
    clean: (text) => plain.text(text),
    secrets: {
      list: () => store.list(),
      has: (name) => store.has(name),
      get: (name) => store.get(name),
      values: () => store.values(),
      async set(name, value) {
        const rotation = await store.set(name, value);
        await changed();
        return rotation;
      },
      async remove(name) {
        const gone = await store.remove(name);
        await changed();
        return gone;
      },
    },
    stop,
  };
}
