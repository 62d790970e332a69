import type { SocketModeReceiver } from '@slack/bolt';
import type { Pace } from '../dispatch/editor.ts';
import { describe, isTokenTrouble } from './failures.ts';
import type { Log } from './log.ts';

type Client = SocketModeReceiver['client'];

const FIRST = 250;
const LONGEST = 30_000;
/** A connection that ends sooner counts as a failure. */
const STEADY = 5000;
/** How long a connection may take to be greeted, ms. */
const GREETING = 20_000;

/**
 * Keeps one Socket Mode connection until the signal aborts; never rejects. A lost one is made anew at once, then with
 * pauses up to half a minute: Bolt's own loop pauses for seconds first, grows without bound, and ends the process when
 * the token is refused.
 */
export async function keepConnected(deps: {
  client: Client;
  pace: Pace;
  log: Log;
  signal: AbortSignal;
  /** Slack does not take the app-level token; it is tried again all the same. */
  refused(error: unknown): void;
}): Promise<void> {
  const { client, pace, log, signal, refused } = deps;
  let failures = 0;
  let said = false;
  while (!signal.aborted) {
    const down = new Ending(client);
    try {
      await Promise.race([client.start(), tooLong(pace, signal)]);
      const since = pace.monotonic();
      log('info', 'connected to Slack');
      said = false;
      await down.or(signal);
      if (signal.aborted) break;
      failures = pace.monotonic() - since < STEADY ? failures + 1 : 0;
      log('info', 'Slack ended the connection; it is made anew');
    } catch (error) {
      if (signal.aborted) break;
      if (isTokenTrouble(error)) refused(error);
      else if (!said) log('warn', 'no connection to Slack; it is tried until there is one', describe(error));
      failures += 1;
      said = true;
      // Whatever stands half open must not greet us later.
      await Promise.race([client.disconnect(), sleep(pace, 1000, signal)]).catch(() => undefined);
    } finally {
      down.forget();
    }
    // The first time at once: whatever people ask meanwhile, Slack turns away.
    if (failures > 1) await sleep(pace, Math.min(LONGEST, FIRST * 2 ** Math.min(10, failures - 2)), signal);
  }
  await Promise.race([client.disconnect(), pace.sleep(1000)]).catch(() => undefined);
}

/** A pause that ends with the signal. */
export async function sleep(pace: Pace, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const stopped = Promise.withResolvers<void>();
  const stop = (): void => stopped.resolve();
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([pace.sleep(ms), stopped.promise]);
  signal.removeEventListener('abort', stop);
}

async function tooLong(pace: Pace, signal: AbortSignal): Promise<never> {
  await sleep(pace, GREETING, signal);
  throw new Error(signal.aborted ? 'stopped' : `no greeting within ${GREETING / 1000} s`);
}

/** The end of a connection, noticed from before its start. */
class Ending {
  readonly #client: Client;
  readonly #ended = Promise.withResolvers<void>();
  readonly #heard = (): void => this.#ended.resolve();

  constructor(client: Client) {
    this.#client = client;
    client.once('disconnected', this.#heard);
  }

  async or(signal: AbortSignal): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    const stop = (): void => stopped.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await Promise.race([this.#ended.promise, stopped.promise]);
    signal.removeEventListener('abort', stop);
  }

  forget(): void {
    this.#client.off('disconnected', this.#heard);
  }
}
