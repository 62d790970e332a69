import { connect } from 'node:net';
import type { Clock } from '../ports/clock.ts';
import { resolveTarget } from './target.ts';

/** A place outside answers within this, or it does not, ms. */
const PATIENCE_MS = 3000;
/** What was seen holds so long, so that a thousand probes that fail at once need one look, ms. */
const HOLDS_MS = 1000;
/** While none can be reached it is looked again so often, whether or not a probe asks, ms. */
const AGAIN_MS = 15_000;

export interface UplinkDeps {
  clock: Clock;
  /** Entries of watch.uplink. None: there is nothing to say, and what was said is over. */
  targets(): readonly string[];
  /** Entries of network.allow. */
  allowed(): readonly string[];
  /** Called when the answer is another than before. */
  changed(reachable: boolean): void;
}

/** `host:port`, the host an IPv6 literal in brackets if it is one; undefined for anything else. */
export function parseTarget(text: string): { host: string; port: number } | undefined {
  const [, host = '', digits = ''] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return host === '' || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** Whether our own network works: some place outside can be reached. */
export class Uplink {
  readonly #deps: UplinkDeps;
  #look: { begun: number; answer: Promise<boolean> } | undefined;
  #was = true;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(deps: UplinkDeps) {
    this.#deps = deps;
  }

  /**
   * True when a place outside could be reached at `from` (monotonic ms) or later; false when none could. True, too, when
   * the estate names none: then nothing speaks against the network.
   */
  async works(from: number): Promise<boolean> {
    if (this.#deps.targets().length === 0) {
      this.#found(true);
      return true;
    }
    while (this.#look === undefined || this.#look.begun < from - HOLDS_MS) {
      const older = this.#look?.answer;
      if (older !== undefined) await older;
      // Another caller may have begun a look meanwhile.
      if (this.#look === undefined || this.#look.begun < from - HOLDS_MS)
        this.#look = { begun: this.#deps.clock.monotonic(), answer: this.#ask() };
    }
    return this.#look.answer;
  }

  /** Looks now, and says that it works although nothing else was said here: an earlier process may have. */
  async confirm(): Promise<void> {
    const before = this.#was;
    if ((await this.works(this.#deps.clock.monotonic())) && before) this.#deps.changed(true);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #ask(): Promise<boolean> {
    const { clock, targets } = this.#deps;
    const limit = new AbortController();
    const cancel = clock.after(PATIENCE_MS, () => limit.abort());
    const answers = targets().map((target) => this.#reach(target, limit.signal));
    const works = await Promise.any(answers).then(
      () => true,
      () => false,
    );
    cancel();
    limit.abort();
    this.#found(works);
    return works;
  }

  #found(works: boolean): void {
    if (works !== this.#was) this.#deps.changed(works);
    this.#was = works;
    this.#cancel?.();
    this.#cancel = undefined;
    if (works || this.#stopped) return;
    // Once it is back no probe fails, so none would ask.
    this.#cancel = this.#deps.clock.after(AGAIN_MS, () => void this.works(this.#deps.clock.monotonic()));
  }

  async #reach(target: string, signal: AbortSignal): Promise<void> {
    const place = parseTarget(target);
    if (place === undefined) throw new Error('no host:port');
    // The estate's owner named it, and nobody else can: that allows it as network.allow would.
    const at = await resolveTarget(place.host, place.port, [...this.#deps.allowed(), target], signal);
    if ('finding' in at) throw new Error(at.finding.why);
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: at.address, port: place.port, family: at.family });
      const over = (): void => {
        socket.destroy();
        reject(new Error('no answer in time'));
      };
      signal.addEventListener('abort', over, { once: true });
      socket.once('connect', () => {
        signal.removeEventListener('abort', over);
        socket.destroy();
        resolve();
      });
      socket.on('error', reject);
      if (signal.aborted) over();
    });
  }
}
