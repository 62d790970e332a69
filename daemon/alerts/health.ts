import type { Severity } from '../../contracts/watch.ts';
import { own } from '../own.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Estate } from '../ports/config.ts';
import type { StateView } from '../ports/state.ts';
import type { LaneHealth } from './lane.ts';
import { noticeOf } from './notice.ts';
import { alertsProjection, rank, rowsOf } from './projection.ts';
import { ago, count } from './words.ts';

/** A channel that fails for so long is said to be broken, ms. One that refuses for good at once. */
const COMPLAIN_MS = 120_000;
const SHOWN = 5;

export interface HealthDeps {
  state: StateView;
  config: { current(): Estate };
  desk: Pick<Alerts, 'raise' | 'resolve'>;
  now(): number;
  clean(text: string): string;
  warn(what: string, error: unknown): void;
}

export const channelKey = (channel: string): string => `channel:${channel}`;

/** Says over another channel when one does not deliver, and what waits there; takes it back when it works again. */
export function channelHealth(deps: HealthDeps): (channel: string, health: LaneHealth) => void {
  const { state, desk, now, warn } = deps;
  return (channel, { failing, refused, last }) => {
    const key = channelKey(channel);
    const open = own(state.get(alertsProjection).open, key) !== undefined;
    if (failing === null) {
      if (open)
        desk
          .resolve(key, 'a message went out again')
          .catch((error: unknown) => warn(`the end of ${key}`, error));
      return;
    }
    if (open || (!refused && now() - failing < COMPLAIN_MS)) return;
    desk
      .raise({
        key,
        severity: severityOf(deps, channel),
        source: 'daemon',
        title: `Messages do not get through over ${channel}`,
        text: textOf(deps, channel, failing, last?.why ?? ''),
        channel,
      })
      .catch((error: unknown) => warn(key, error));
  };
}

/** Ends what is said of channels that reeve.yaml does not name any more: nothing will ever go out there again. */
export function settleGone({ state, config, desk, warn }: HealthDeps): void {
  const { channels } = config.current().config.alerts;
  for (const { body } of Object.values(state.get(alertsProjection).open)) {
    if (body.channel === undefined || own(channels, body.channel) !== undefined) continue;
    if (body.key !== channelKey(body.channel)) continue;
    desk
      .resolve(body.key, 'reeve.yaml names no such channel any more')
      .catch((error: unknown) => warn(`the end of ${body.key}`, error));
  }
}

/** As urgent as the most urgent that waits there. */
function severityOf({ state }: HealthDeps, channel: string): Severity {
  const alerts = state.get(alertsProjection);
  const waiting = Object.values(alerts.waiting).filter((w) => w.channel === channel && w.of === 'alerts');
  const paged = waiting.some(
    (w) => w.of === 'alerts' && rowsOf(alerts, w.alerts).some((row) => rank(row.body.severity) === 3),
  );
  return paged ? 'page' : 'warn';
}

function textOf(
  { state, config, clean, now }: HealthDeps,
  channel: string,
  since: number,
  why: string,
): string {
  const alerts = state.get(alertsProjection);
  const waiting = Object.values(alerts.waiting).filter((w) => w.channel === channel);
  const titles = waiting
    .slice(0, SHOWN)
    .map((w) => noticeOf(w, { state: alerts, config: config.current().config, clean })?.title)
    .filter((title) => title !== undefined);
  return [
    `Every try for ${ago(Math.max(1000, now() - since))} has failed: ${why}`,
    `${count(waiting.length, 'message')} waiting there:`,
    ...titles.map((title) => `- ${title}`),
    `Try it: reeve alerts test ${channel}`,
  ].join('\n');
}
