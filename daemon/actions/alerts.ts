import { z } from 'zod';
import { ReeveError, fail } from '../../contracts/errors.ts';
import type { Block, Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction, type ActionContext } from '../ports/actions.ts';
import type { AlertView } from '../ports/alerts.ts';
import { suggest } from '../suggest.ts';

const group = 'Alerts';

/** Whether this caller may see an alert: in its place, or, where it has none, with a view of everything. */
export function maySee(
  { people, caller }: ActionContext,
  alert: { project?: string; env?: string },
): boolean {
  if (alert.project !== undefined) return people.allows(caller.person, 'view', alert.project, alert.env);
  try {
    people.requireEverywhere(caller.person, 'view');
    return true;
  } catch (error) {
    if (error instanceof ReeveError) return false;
    throw error;
  }
}

const TONE = { page: 'bad', warn: 'warn', info: 'info' } as const;

const stateCell = ({ state, acknowledged, silenced }: AlertView): Cell =>
  state === 'resolved'
    ? { tone: 'good', text: 'over' }
    : acknowledged !== null
      ? { tone: 'info', text: `taken by ${acknowledged.by}` }
      : silenced
        ? { tone: 'info', text: 'silenced' }
        : { tone: 'bad', text: 'open' };

const toldText = ({ told }: AlertView): string =>
  told.length === 0
    ? 'log only'
    : told
        .map(({ channel, outcome }) => (outcome === 'sent' ? channel : `${channel} (${outcome})`))
        .join(', ');

const place = ({ project, env }: AlertView): string =>
  [project, env].filter((part) => part !== undefined).join('/');

export const alertsList = readAction({
  name: 'alerts list',
  aliases: ['alerts'],
  summary: 'Open alerts, and with --all those that are over',
  group,
  verb: 'view',
  args: z.object({
    all: arg.boolean('also the newest that are over').default(false),
    project: arg.project('only this project').optional(),
  }),
  examples: ['alerts list', 'alerts list --all'],
  where: ({ project }) => (project === undefined ? {} : { project }),
  run(context, { all, project }) {
    const seen = context.alerts
      .list()
      .filter(
        (alert) => (all || alert.state === 'open') && (project === undefined || alert.project === project),
      )
      .filter((alert) => maySee(context, alert));
    const open = seen.filter((alert) => alert.state === 'open');
    return {
      title: open.length === 0 ? 'No alert is open' : `${plural(open.length, 'alert')} open`,
      tone: open.some((alert) => alert.severity === 'page') ? 'bad' : open.length > 0 ? 'warn' : 'good',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Severity' },
            { label: 'Alert' },
            { label: 'Key' },
            { label: 'Where' },
            { label: 'State' },
            { label: 'Since' },
            { label: 'Told' },
          ],
          rows: seen.map((alert): Cell[] => [
            { tone: TONE[alert.severity], text: alert.severity },
            alert.title,
            alert.key,
            place(alert) || 'estate',
            stateCell(alert),
            { time: alert.raised_at },
            toldText(alert),
          ]),
          empty: 'Nothing is wrong that Reeve knows of.',
        },
      ],
      data: seen.map((alert) => ({ ...alert })),
    };
  },
});

/** The alert with this key that the caller may see; the open one first. Throws ALERT_NOT_FOUND. */
function find(context: ActionContext, key: string): AlertView {
  const visible = context.alerts.list().filter((alert) => maySee(context, alert));
  const found =
    visible.find((alert) => alert.key === key && alert.state === 'open') ??
    visible.find((alert) => alert.key === key);
  if (found !== undefined) return found;
  const near = suggest(key, [...new Set(visible.map((alert) => alert.key))]);
  throw fail('ALERT_NOT_FOUND', {
    key,
    suggestion: near === undefined ? 'See `reeve alerts list --all`.' : `Did you mean ${near}?`,
  });
}

const key = arg.string('its key, as `alerts list` shows it', { position: 0, max: 200 });

export const alertsShow = readAction({
  name: 'alerts show',
  summary: 'One alert: what is wrong, since when, and who was told',
  group,
  verb: 'view',
  args: z.object({ key }),
  examples: ['alerts show probe:web'],
  run(context, args) {
    const alert = find(context, args.key);
    const { acknowledged: ack } = alert;
    const blocks: Block[] = [
      ...(alert.text === '' ? [] : [{ type: 'text' as const, text: alert.text }]),
      {
        type: 'fields',
        fields: [
          { label: 'Key', value: alert.key },
          { label: 'State', value: stateCell(alert) },
          { label: 'Severity', value: { tone: TONE[alert.severity], text: alert.severity } },
          { label: 'Source', value: alert.source },
          { label: 'Where', value: place(alert) || 'estate' },
          { label: 'Raised', value: { time: alert.raised_at } },
          ...(alert.resolved_at === null ? [] : [{ label: 'Over', value: { time: alert.resolved_at } }]),
          ...(ack === null
            ? []
            : [{ label: 'Taken', value: `${ack.by}${ack.note === '' ? '' : `: ${ack.note}`}` }]),
          ...(alert.incident === undefined ? [] : [{ label: 'Incident', value: { id: alert.incident } }]),
        ],
      },
      {
        type: 'table',
        columns: [{ label: 'Channel' }, { label: 'Last message' }, { label: 'When' }],
        rows: alert.told.map((t): Cell[] => [t.channel, t.outcome, { time: t.at }]),
        empty: 'No channel was told: no route takes it, or a silence keeps it quiet.',
      },
    ];
    return {
      title: alert.title,
      tone: alert.state === 'resolved' ? 'good' : TONE[alert.severity],
      blocks,
      data: { ...alert },
    };
  },
});

export const alertsAck = adminAction({
  name: 'alerts ack',
  type: 'acknowledge_alert',
  summary: 'Take an alert: it is neither escalated nor said again',
  group,
  verb: 'run',
  args: z.object({ key }),
  examples: ['alerts ack probe:web --reason "looking at it"'],
  async run(context, args) {
    const { alerts, people, caller, reason } = context;
    const alert = find(context, args.key);
    if (alert.project === undefined) people.requireEverywhere(caller.person, 'run');
    else people.require(caller.person, 'run', alert.project, alert.env);
    await alerts.acknowledge(args.key, caller.person, reason);
    return {
      title: `${caller.person} has taken ${args.key}`,
      data: { key: args.key, by: caller.person },
      before: { acknowledged: alert.acknowledged },
      after: { acknowledged: { by: caller.person } },
      targets: [{ kind: 'alert', id: args.key }],
    };
  },
});

export const alertsChannels = readAction({
  name: 'alerts channels',
  summary: 'Channels of reeve.yaml, what waits for each and how the last message went',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['alerts channels'],
  run({ alerts }) {
    const all = alerts.channels();
    return {
      title: plural(all.length, 'channel'),
      tone: all.some((c) => c.last?.ok === false) ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Channel' },
            { label: 'Kind' },
            { label: 'Waiting', align: 'right' },
            { label: 'Last try' },
            { label: 'How it went' },
          ],
          rows: all.map(({ name, kind, waiting, last }): Cell[] => [
            name,
            kind,
            waiting,
            last === null ? '–' : { time: last.at },
            last === null
              ? 'not used since the start'
              : { tone: last.ok ? 'good' : 'bad', text: last.ok ? 'sent' : (last.why ?? 'failed') },
          ]),
          empty: 'None: alerts only go to the log. `reeve alerts kinds` shows what there can be.',
        },
      ],
      data: all,
    };
  },
});

export const alertsKinds = readAction({
  name: 'alerts kinds',
  summary: 'Kinds of channel, with an example of each for reeve.yaml',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['alerts kinds'],
  async run({ alerts }) {
    const kinds = await alerts.kinds();
    return {
      title: `${kinds.length} kinds of channel`,
      tone: 'info',
      blocks: kinds.flatMap(({ kind, summary, example }): Block[] => [
        { type: 'text', text: `${kind}: ${summary}` },
        {
          type: 'code',
          language: 'yaml',
          text: `alerts:\n  channels:\n    my-${kind}:\n      kind: ${kind}\n${example.replace(/^/gm, '      ')}`,
        },
      ]),
      data: kinds,
    };
  },
});

export const alertsTest = adminAction({
  name: 'alerts test',
  type: 'test_channel',
  summary: 'Send a test message over a channel now, and say how it went',
  group,
  verb: 'administer',
  args: z.object({ channel: arg.string('its name', { position: 0, max: 64 }) }),
  examples: ['alerts test ops-hook'],
  async run({ alerts }, { channel }) {
    const { ms } = await alerts.test(channel);
    return {
      title: `${channel} took the test message in ${ms} ms`,
      data: { channel, ms },
      targets: [{ kind: 'channel', id: channel }],
    };
  },
});
