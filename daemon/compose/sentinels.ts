import path from 'node:path';
import type { SentinelKeeper, SentinelState } from '../drills/sentinels/keeper.ts';
import { sentinelMemory, type Remembering } from '../drills/sentinels/memory.ts';
import type { Releasers } from '../lifecycle.ts';
import { sentinelAlerts, type SentinelAlerts } from '../drills/sentinels/alert.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Config } from '../ports/config.ts';
import type { Mandates } from '../ports/mandates.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Store } from './store.ts';

/** The marks in live data that drills measure their recovery point by. */
export interface Sentinels {
  memory: Remembering;
  states(): SentinelState[];
  /** Begins writing those of reeve.yaml, now and after each change of it. */
  start(releasers: Releasers, needs: { alerts: Alerts; mandates: Mandates }): void;
}

/** After its code could not be loaded, ms. */
const AGAIN_MS = 60_000;

export function openSentinels(store: Store, config: Config, secrets: Pick<Secrets, 'get'>): Sentinels {
  const { fs, clock, log } = store;
  const specs = () => config.current().config.sentinels;
  const memory = sentinelMemory({ fs, specs, dir: path.join(store.home.root, 'drills', 'sentinels') });
  let keeper: Promise<SentinelKeeper | undefined> | undefined;
  let cancel = (): void => {};
  let states = (): SentinelState[] => [];
  const begin = async (mandates: Mandates, say: SentinelAlerts): Promise<SentinelKeeper> => {
    const { keepSentinels } = await import('../drills/sentinels/keeper.ts');
    const made = keepSentinels({
      fs,
      clock,
      memory,
      specs,
      root: () => config.current().root,
      secret: (name) => secrets.get(name),
      tell: (level, message, fields) => log[level](message, fields),
      accepted: (name) => mandates.requireUsable(`sentinel:${name}`),
      trouble: say.trouble,
      over: say.over,
    });
    states = () => made.states();
    return made;
  };
  return {
    memory,
    states: () => states(),
    start(releasers, { alerts, mandates }) {
      const say = sentinelAlerts(alerts, mandates);
      const apply = (): void => {
        say
          .settleGone(specs())
          .catch((error: unknown) => log.warn('the alerts of sentinels', { error: String(error) }));
        // Most estates have none: then nothing is loaded.
        if (keeper !== undefined) void keeper.then((made) => made?.reload());
        else if (Object.keys(specs()).length > 0)
          keeper = begin(mandates, say).catch((error: unknown) => {
            log.warn('the sentinels are not written', { error: String(error) });
            keeper = undefined;
            cancel = clock.after(AGAIN_MS, apply);
            return undefined;
          });
      };
      const leave = config.onChange(apply);
      releasers.push('sentinels', async () => {
        leave();
        cancel();
        await (await keeper)?.stop();
      });
      apply();
    },
  };
}
