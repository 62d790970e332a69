import { iso } from '../time.ts';
import type { AlertLine, Notice } from './channel.ts';

/** A length of time with at most two units: `1 min 20 s`, `3 h`. */
export function ago(ms: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ];
  const at = units.findIndex(([, size]) => ms >= size);
  if (at < 0) return `${Math.max(0, Math.round(ms))} ms`;
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of units.slice(at, at + 2)) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push(`${n} ${unit}`);
  }
  return parts.join(' ');
}

/** `1 alert`, `2 alerts`. */
export const count = (n: number, word: string): string =>
  `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;

/** `2026-01-02 03:04:05 UTC`: the same for every reader, wherever they are. */
export const when = (ms: number): string => `${iso(ms).slice(0, 19).replace('T', ' ')} UTC`;

/** The facts of an alert below its title, one line each. */
export function facts(alert: AlertLine): string[] {
  return [
    [alert.severity, alert.place, alert.key].filter((part) => part !== '').join(' · '),
    alert.resolved === null
      ? `since ${when(alert.opened)}`
      : `${when(alert.opened)} to ${when(alert.resolved.at)} (${ago(alert.resolved.at - alert.opened)})`,
    ...(alert.resolved === null || alert.resolved.why === '' ? [] : [`over: ${alert.resolved.why}`]),
    ...(alert.ack === null ? [] : [`acknowledged by ${alert.ack.by}, ${when(alert.ack.at)}`]),
    ...(alert.incident === undefined ? [] : [`incident ${alert.incident}`]),
  ];
}

export const othersLine = (others: number): string =>
  `… and ${others.toLocaleString('en')} more: reeve alerts list`;

/** The whole message as plain text, for mail and log. */
export function plainText(notice: Notice): string {
  const parts = [
    notice.text,
    ...notice.alerts.map((alert) =>
      [alert.title, alert.text, ...facts(alert).map((fact) => `  ${fact}`)]
        .filter((s) => s !== '')
        .join('\n'),
    ),
    ...(notice.others > 0 ? [othersLine(notice.others)] : []),
    ...(notice.hints.length > 0 ? [notice.hints.join('\n')] : []),
    `-- \nReeve, ${notice.estate} · message ${notice.id}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}
