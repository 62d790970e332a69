import type { ChannelSpec } from '../../contracts/estate/alerts.ts';
import { canonical } from '../canonical.ts';
import { own } from '../own.ts';
import type { Clock } from '../ports/clock.ts';
import { ChannelProblem, type Channel, type ChannelDeps, type ChannelKind, type Notice } from './channel.ts';

/** Of one try, where the kind says nothing else, ms. */
const TIMEOUT_MS = 15_000;

export interface OpenDeps {
  clock: Clock;
  /** The channels of the estate in force. */
  specs(): Readonly<Record<string, ChannelSpec>>;
  channel(name: string): ChannelDeps;
}

interface Opened {
  entry: string;
  channel: Channel;
  timeout: number;
  resumes: boolean;
}

/** The channels of the estate, opened when they are first used and anew when their entry changes. Kinds load lazily. */
export class Channels {
  readonly #deps: OpenDeps;
  readonly #open = new Map<string, Opened>();
  readonly #resuming = new Set<(why: ChannelProblem) => void>();

  constructor(deps: OpenDeps) {
    this.#deps = deps;
  }

  /** One try within the channel's time limit. Rejects ChannelProblem. */
  async send(name: string, notice: Notice): Promise<void> {
    const { channel, timeout, resumes } = await this.#get(name);
    const control = new AbortController();
    const { promise: limit, reject } = Promise.withResolvers<never>();
    const end = (why: ChannelProblem): void => {
      control.abort(why);
      reject(why);
    };
    const cancel = this.#deps.clock.after(timeout, () =>
      end(new ChannelProblem(`no answer within ${timeout / 1000} s`)),
    );
    if (resumes) this.#resuming.add(end);
    const sent = channel.send(notice, control.signal);
    // It may end after the limit has spoken.
    sent.catch(() => undefined);
    try {
      await Promise.race([sent, limit]);
    } catch (error) {
      if (error instanceof ChannelProblem) throw error;
      throw new ChannelProblem(error instanceof Error ? error.message : String(error), { cause: error });
    } finally {
      cancel();
      this.#resuming.delete(end);
    }
  }

  /** Breaks off what goes on by itself at the next start. */
  breakOff(): void {
    for (const end of this.#resuming) end(new ChannelProblem('the daemon ends'));
  }

  async #get(name: string): Promise<Opened> {
    const spec = own(this.#deps.specs(), name);
    if (spec === undefined) throw new ChannelProblem(`there is no channel ${name}`, { permanent: true });
    const entry = canonical(spec);
    const known = this.#open.get(name);
    if (known?.entry === entry) return known;
    const { kinds } = await import('./channels/index.ts');
    const { kind: kindName, ...rest } = spec;
    const kind: ChannelKind | undefined = kinds.find((one) => one.kind === kindName);
    const options = kind?.schema.safeParse(rest);
    // The check of the configuration says this with its line; a version that is in force has passed it.
    if (kind === undefined || options?.success !== true)
      throw new ChannelProblem(`the entry of the channel ${name} is not valid`, { permanent: true });
    const channel = kind.open(options.data, this.#deps.channel(name));
    const timeout = kind.timeout?.(options.data) ?? TIMEOUT_MS;
    const opened = { entry, channel, timeout, resumes: kind.resumes === true };
    this.#open.set(name, opened);
    return opened;
  }
}
