import type { AlertBody } from '../../../contracts/records/alert.ts';
import type { Alerts } from '../../ports/alerts.ts';
import type { SloView } from '../../ports/practice.ts';
import { cut } from '../../text.ts';

export const alertKey = (slo: string, window: string): string => `slo:${slo}:${window}`;

/** The open windows as alerts. No text depends on the instant: what burns on is the same alert. Pure. */
export function alarms(views: readonly SloView[]): AlertBody[] {
  return views.flatMap((slo) =>
    slo.burns
      .filter(({ open }) => open)
      .map(({ window, short, severity, threshold }): AlertBody => ({
        key: alertKey(slo.name, window),
        severity,
        source: 'slo',
        title: cut(`${slo.title ?? slo.name} spends its error budget ${threshold} times too fast`, 200),
        text: [
          `More than ${threshold} times as many samples were bad as the objective of ${slo.objective} % allows, over ${window} and over ${short}.`,
          `Probes: ${slo.probes.slice(0, 20).join(', ')}${slo.probes.length > 20 ? ' …' : ''}. Figures: \`reeve slo show ${slo.name}\`.`,
        ].join('\n'),
        project: slo.project,
        ...(slo.env === 'none' ? {} : { env: slo.env }),
      })),
  );
}

/** Keys that this file raises; whatever else is open is not its own. */
const OURS = /^slo:/;

/** Raises what burns and resolves what does not any more. What is still being counted is left as it is. */
export async function settleAlarms(
  alerts: Pick<Alerts, 'list' | 'raise' | 'resolve'>,
  views: readonly SloView[],
): Promise<void> {
  const wanted = alarms(views);
  const keys = new Set(wanted.map(({ key }) => key));
  const loading = views.filter(({ state }) => state === 'loading').map(({ name }) => `slo:${name}:`);
  for (const alert of wanted) await alerts.raise(alert);
  for (const { key, state } of alerts.list())
    if (state === 'open' && OURS.test(key) && !keys.has(key) && !loading.some((one) => key.startsWith(one)))
      await alerts.resolve(
        key,
        'it is spent no faster than the alert allows, or nothing is measured any more',
      );
}
