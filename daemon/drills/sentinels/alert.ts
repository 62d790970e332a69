import type { Alerts } from '../../ports/alerts.ts';
import type { Mandates } from '../../ports/mandates.ts';

const keyOf = (sentinel: string): string => `sentinel:${sentinel}`;
const OURS = /^sentinel:(.+)$/;

export interface SentinelAlerts {
  trouble(name: string, why: string, refused: boolean): Promise<void>;
  over(name: string, why: string): Promise<void>;
  /** Ends what is said of sentinels that reeve.yaml does not name any more. */
  settleGone(specs: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Tells people of a sentinel that is not written, and of the end of that. */
export function sentinelAlerts(
  alerts: Pick<Alerts, 'list' | 'raise' | 'resolve'>,
  mandates: Pick<Mandates, 'list'>,
): SentinelAlerts {
  return {
    async trouble(name, why, refused) {
      const id = `sentinel:${name}`;
      // A suspended mandate has an alert of its own.
      if (refused && (await mandates.list()).some((m) => m.id === id && m.state === 'suspended')) return;
      await alerts.raise({
        key: keyOf(name),
        severity: 'warn',
        source: 'backup',
        title: `The sentinel ${name} is not written`,
        text: [
          why,
          'Until it is, a restore drill that uses it measures an older recovery point, or none.',
          refused
            ? `Read what it writes, then accept it:\nreeve config diff ${id}\nreeve config accept ${id}`
            : 'Check the folder or the database that it names: reeve drill list',
        ].join('\n'),
      });
    },
    over: (name, why) => alerts.resolve(keyOf(name), why),
    async settleGone(specs) {
      for (const { key, state } of alerts.list()) {
        const name = state === 'open' ? OURS.exec(key)?.[1] : undefined;
        if (name !== undefined && !Object.hasOwn(specs, name))
          await alerts.resolve(key, 'reeve.yaml names no such sentinel any more');
      }
    },
  };
}
