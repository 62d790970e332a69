import { own } from '../own.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { StateView } from '../ports/state.ts';
import type { Desk } from './desk.ts';
import { channelKey } from './health.ts';
import type { Outbox } from './outbox.ts';
import { alertsProjection } from './projection.ts';

const LOOK_MS = 60_000;
/** First and longest pause between two tests of one channel, ms. */
export const FIRST_TEST_MS = 300_000;
export const LONGEST_TEST_MS = 6 * 3_600_000;

export interface SelfTestDeps {
  clock: Clock;
  state: StateView;
  config: Config;
  outbox: Pick<Outbox, 'health'>;
  desk: Pick<Desk, 'test'>;
  warn(what: string, error: unknown): void;
}

/**
 * A channel that is said to be broken, and over which nothing waits to go out, would be tried by nobody: all of its messages
 * were given up, or the daemon was started anew. It is tested ever more rarely until a test arrives, which ends the alert
 * and tells its readers. Returns stop.
 */
export function startSelfTests(deps: SelfTestDeps): () => Promise<void> {
  const { clock, state, config, outbox, desk, warn } = deps;
  const next = new Map<string, { at: number; pause: number }>();
  let stopped = false;
  let busy: Promise<void> = Promise.resolve();

  const broken = (): string[] => {
    const { open } = state.get(alertsProjection);
    return Object.keys(config.current().config.alerts.channels).filter(
      (channel) => own(open, channelKey(channel)) !== undefined && outbox.health(channel).waiting === 0,
    );
  };

  async function look(): Promise<void> {
    const names = broken();
    for (const channel of next.keys()) if (!names.includes(channel)) next.delete(channel);
    for (const channel of names) {
      const now = clock.monotonic();
      const due = next.get(channel);
      const pause = due === undefined ? FIRST_TEST_MS : Math.min(LONGEST_TEST_MS, due.pause * 2);
      if (due === undefined) next.set(channel, { at: now + pause, pause });
      if (stopped || due === undefined || now < due.at) continue;
      next.set(channel, { at: now + pause, pause });
      await desk
        .test(channel, {
          title: `Messages get through over ${channel} again`,
          text: 'They did not for a while. What was given up meanwhile: reeve alerts list',
          why: 'a message that tests it went out',
        })
        .catch((error: unknown) => warn(`the test of the channel ${channel}`, error));
    }
  }

  let cancel = clock.after(LOOK_MS, tick);
  function tick(): void {
    busy = look()
      .catch((error: unknown) => warn('the test of the channels', error))
      .finally(() => {
        if (!stopped) cancel = clock.after(LOOK_MS, tick);
      });
  }
  const unwatch = config.onChange(() => next.clear());
  return async () => {
    stopped = true;
    unwatch();
    cancel();
    await busy;
  };
}
