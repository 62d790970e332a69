import type { AlertEvent } from '../../contracts/records/alert.ts';
import type { Tone } from '../../contracts/reply.ts';
import type { EstateConfig } from '../../contracts/estate.ts';
import { block, cut, oneLine } from '../text.ts';
import type { AlertLine, Notice } from './channel.ts';
import { rank, rowsOf } from './projection.ts';
import type { AlertsState, Row, Waiting } from './state.ts';
import { ago, count } from './words.ts';

/** Alerts that one message shows; it counts the others. */
export const MAX_SHOWN = 20;

export interface NoticeDeps {
  state: AlertsState;
  config: EstateConfig;
  clean(text: string): string;
}

/**
 * The message that a queue entry stands for, with its alerts as they are now: one that is sent late says what has become
 * of them. Undefined when nothing of it is known any more.
 */
export function noticeOf(waiting: Waiting, { state, config, clean }: NoticeDeps): Notice | undefined {
  const estate = config.estate.title ?? config.estate.name;
  const base = { id: waiting.id, at: waiting.at, estate };
  if (waiting.of === 'notice') {
    const { tone, title, text, picture, job } = waiting.notice;
    return {
      ...base,
      event: 'notice',
      tone,
      title: oneLine(clean(title), 200),
      text: block(clean(text), 8000),
      alerts: [],
      others: 0,
      hints: job === undefined ? [] : [`reeve jobs show ${job}`],
      ...(picture === undefined ? {} : { picture }),
      ...(job === undefined ? {} : { job }),
    };
  }
  const rows = rowsOf(state, waiting.alerts).toSorted(
    (a, b) => rank(b.body.severity) - rank(a.body.severity) || a.seq - b.seq,
  );
  if (rows.length === 0) return undefined;
  const alerts = rows.slice(0, MAX_SHOWN).map((row) => lineOf(row, clean));
  return {
    ...base,
    event: waiting.event,
    tone: toneOf(waiting.event, rows),
    title: titleOf(waiting, rows, clean),
    text: '',
    alerts,
    others: rows.length - alerts.length,
    hints: hintsOf(waiting.event, rows),
  };
}

function lineOf({ body, seq, opened, resolved, ack }: Row, clean: (text: string) => string): AlertLine {
  const place = [body.project, body.env].filter((part) => part !== undefined).join('/');
  return {
    key: body.key,
    severity: body.severity,
    source: body.source,
    title: oneLine(clean(body.title), 200),
    text: block(clean(body.text), 1000),
    place,
    seq,
    opened,
    resolved: resolved === null ? null : { at: resolved.at, why: oneLine(clean(resolved.why), 500) },
    ack: ack === null ? null : { by: ack.by, at: ack.at },
    ...(body.incident === undefined ? {} : { incident: body.incident }),
  };
}

function toneOf(event: AlertEvent, rows: readonly Row[]): Tone {
  const open = rows.filter((row) => row.resolved === null);
  if (event === 'resolved' || open.length === 0) return 'good';
  const worst = Math.max(...open.map((row) => rank(row.body.severity)));
  return worst === 3 ? 'bad' : worst === 2 ? 'warn' : 'info';
}

function titleOf(
  { event, level, at }: Extract<Waiting, { of: 'alerts' }>,
  rows: readonly Row[],
  clean: (text: string) => string,
): string {
  const first = rows[0];
  if (first === undefined) return '';
  const over = event !== 'resolved' && rows.every((row) => row.resolved !== null);
  const title = oneLine(clean(first.body.title), 150);
  const severities = (['page', 'warn', 'info'] as const)
    .map((name) => ({ name, n: rows.filter((row) => row.body.severity === name).length }))
    .filter(({ n }) => n > 0)
    .map(({ name, n }) => `${n} ${name}`)
    .join(', ');
  const one = rows.length === 1;
  const what = one ? title : `${count(rows.length, 'alert')} (${severities}), first: ${title}`;
  const lead = {
    raised: over ? 'Was raised and is over' : one ? first.body.severity.toUpperCase() : 'New',
    resolved: 'Resolved',
    reminder: `Still open after ${ago(at - Math.min(...rows.map((row) => row.since)))}`,
    escalated: `Nobody has acknowledged this for ${ago(level)}`,
  }[event];
  return cut(`${lead}: ${what}`, 250);
}

function hintsOf(event: AlertEvent, rows: readonly Row[]): string[] {
  const open = rows.filter((row) => row.resolved === null && row.ack === null);
  if (event === 'resolved' || open.length === 0) return [];
  const [first, second] = open;
  return second === undefined && first !== undefined
    ? [`reeve alerts ack ${first.body.key}`, `reeve alerts silence --key ${first.body.key} --for 2h`]
    : ['reeve alerts list', 'reeve alerts ack <key>'];
}
