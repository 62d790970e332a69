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

/** The channels of the estate, opened when they are first used and anew when their entry changes. Kinds load lazily. */
export class Channels {
  readonly #deps: OpenDeps;
  readonly #open = new Map<string, { entry: string; channel: Channel; timeout: number }>();

  constructor(deps: OpenDeps) {
    this.#deps = deps;
  }

  /** One try within the channel's time limit. Rejects ChannelProblem. */
  async send(name: string, notice: Notice): Promise<void> {
    const { channel, timeout } = await this.#get(name);
    const control = new AbortController();
    const late = new ChannelProblem(`no answer within ${timeout / 1000} s`);
    let cancel = (): void => {};
    const limit = new Promise<never>((_resolve, reject) => {
      cancel = this.#deps.clock.after(timeout, () => {
        control.abort(late);
        reject(late);
      });
    });
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
    }
  }

  async #get(name: string): Promise<{ channel: Channel; timeout: number }> {
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
    const opened = { entry, channel, timeout: kind.timeout?.(options.data) ?? TIMEOUT_MS };
    this.#open.set(name, opened);
    return opened;
  }
}
