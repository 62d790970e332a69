import { z } from 'zod';
import type { Json } from '../../contracts/json.ts';
import type { Block, Cell, Tone } from '../../contracts/reply.ts';
import type { ProbeState } from '../../contracts/watch.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { readAction, type ActionContext } from '../ports/actions.ts';
import type { Bucket, ProbeView } from '../ports/probes.ts';

const group = 'Probes';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const toneOf = (state: ProbeState): Tone =>
  state === 'up'
    ? 'good'
    : state === 'down' || state === 'halted'
      ? 'bad'
      : state === 'pending'
        ? 'info'
        : 'warn';
const stateCell = (state: ProbeState): Cell => ({ tone: toneOf(state), text: state });
/** Rounded to 10 µs: what the store keeps. */
const latency = (ms: number | null | undefined): Cell =>
  typeof ms === 'number' ? { duration: Math.round(ms * 100) / 100 } : '–';
/** Half of the value is lost in a person's eyes beyond this: `99.95 %`. */
const percent = (good: number, bad: number): string =>
  good + bad === 0 ? '–' : `${(Math.floor((good / (good + bad)) * 100_000) / 1000).toString()} %`;

/** The probe, if this person may see its place. */
function seen({ probes, people, caller }: ActionContext, name: string): ProbeView {
  const view = probes.get(name);
  people.require(caller.person, 'view', view.spec.project, view.spec.env);
  return view;
}

const STATES = ['pending', 'up', 'degraded', 'down', 'halted', 'inconclusive'] as const;

export const probeList = readAction({
  name: 'probe list',
  aliases: ['probe', 'probes'],
  summary: 'What is watched, and how it is',
  group,
  verb: 'view',
  args: z.object({
    project: arg.project('only this project').optional(),
    state: arg.choice(STATES, 'only these').optional(),
  }),
  examples: ['probe list', 'probe list --state down --json'],
  run({ probes, people, caller }, args) {
    const all = probes
      .list()
      .filter(({ spec }) => people.allows(caller.person, 'view', spec.project, spec.env))
      .filter(({ spec }) => args.project === undefined || spec.project === args.project)
      .filter(({ state }) => args.state === undefined || state === args.state);
    const bad = all.filter(({ state }) => toneOf(state) === 'bad').length;
    const { total } = probes.slips();
    return {
      title: all.length === 0 ? 'No probes' : `${plural(all.length, 'probe')}, ${bad} down`,
      tone: bad > 0 ? 'bad' : all.some(({ state }) => toneOf(state) === 'warn') ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Probe' },
            { label: 'Kind' },
            { label: 'Where' },
            { label: 'State' },
            { label: 'Since' },
            { label: 'Latency', align: 'right' },
            { label: 'Last' },
            { label: 'Why' },
          ],
          rows: all.map((view): Cell[] => [
            view.name,
            view.spec.kind,
            `${view.spec.project}/${view.spec.env}`,
            view.spec.enabled ? stateCell(view.state) : 'disabled',
            { time: view.since },
            latency(view.last?.ms),
            view.last === null ? '–' : { time: view.last.at },
            reason(view),
          ]),
          empty: 'Nothing is watched. Add probes to reeve.yaml; `reeve probe kinds` shows what there is.',
        },
        ...(total === 0
          ? []
          : [
              {
                type: 'hint' as const,
                text: `${plural(total, 'slot')} could not be run in time since the start.`,
              },
            ]),
      ],
      data: all as unknown as Json,
    };
  },
});

function reason({ state, last, cause, maintenance, against }: ProbeView): string {
  return [
    ...(cause === null ? [] : [`because of ${cause}`]),
    ...(maintenance === null ? [] : [`maintenance ${maintenance}`]),
    ...(against > 0 && last !== null ? [`${against}× ${last.verdict}`] : []),
    ...(state !== 'up' || against > 0 ? [last?.why ?? ''] : []),
  ]
    .filter((part) => part !== '')
    .join('; ');
}

export const probeShow = readAction({
  name: 'probe show',
  summary: 'One probe: its state, its last day, what it is told to do',
  group,
  verb: 'view',
  args: z.object({ probe: arg.string('name of the probe', { position: 0 }) }),
  examples: ['probe show web'],
  async run(context, args) {
    const view = seen(context, args.probe);
    const { samples } = context.probes;
    const now = context.clock.now();
    const [day, ...tallies] = await Promise.all([
      samples.series(view.name, now - DAY_MS, now, 48),
      samples.tally(view.name, now - DAY_MS, now),
      samples.tally(view.name, now - 7 * DAY_MS, now),
      samples.tally(view.name, now - 30 * DAY_MS, now),
    ]);
    const uptime = ['24 h', '7 d', '30 d'].map(
      (span, i) => `${percent(tallies[i]?.good ?? 0, tallies[i]?.bad ?? 0)} in ${span}`,
    );
    const fields: { label: string; value: Cell }[] = [
      { label: 'Probe', value: `${view.name} (${view.spec.kind})` },
      { label: 'Where', value: `${view.spec.project}/${view.spec.env}` },
      { label: 'State', value: view.spec.enabled ? stateCell(view.state) : 'disabled' },
      { label: 'Since', value: { time: view.since } },
      ...(view.last === null
        ? []
        : [
            { label: 'Last', value: { time: view.last.at } },
            { label: 'Verdict', value: view.last.verdict },
            { label: 'Latency', value: latency(view.last.ms) },
          ]),
      ...(reason(view) === '' ? [] : [{ label: 'Why', value: reason(view) }]),
      ...Object.entries(view.last?.figures ?? {}).map(([label, value]) => ({ label, value })),
      { label: 'Up', value: uptime.join(', ') },
      {
        label: 'Runs',
        value: `every ${view.spec.interval / 1000} s; ${view.spec.failures} bad in a row are down, ${view.spec.successes} good are up`,
      },
      ...(view.spec.depends_on.length === 0
        ? []
        : [{ label: 'Depends on', value: view.spec.depends_on.join(', ') }]),
    ];
    return {
      title: `${view.spec.title ?? view.name}: ${view.state}`,
      tone: toneOf(view.state),
      blocks: [
        { type: 'fields', fields },
        { type: 'code', language: 'the last 24 hours', text: sparkline(day) },
      ],
      data: {
        ...(view as unknown as Record<string, Json>),
        tally: { day: tallies[0] ?? null, week: tallies[1] ?? null, month: tallies[2] ?? null },
      },
    };
  },
});

export const probeRun = readAction({
  name: 'probe run',
  summary: 'Run a probe once, now; the sample counts like any other',
  group,
  verb: 'run',
  args: z.object({ probe: arg.string('name of the probe', { position: 0 }) }),
  examples: ['probe run web'],
  async run(context, args) {
    const { spec } = seen(context, args.probe);
    context.people.require(context.caller.person, 'run', spec.project, spec.env);
    const found = await context.probes.run(args.probe);
    return {
      title: `${spec.title ?? args.probe}: ${found.verdict}${found.why === '' ? '' : `: ${found.why}`}`,
      ok: found.verdict === 'up' || found.verdict === 'degraded',
      tone: toneOf(found.verdict),
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'Verdict', value: stateCell(found.verdict) },
            { label: 'Latency', value: latency(found.ms) },
            ...Object.entries(found.figures ?? {}).map(([label, value]) => ({ label, value })),
          ],
        },
      ],
      data: { probe: args.probe, ...(found as unknown as Record<string, Json>) },
    };
  },
});

export const probeHistory = readAction({
  name: 'probe history',
  summary: 'Samples of a probe over time',
  group,
  verb: 'view',
  args: z.object({
    probe: arg.string('name of the probe', { position: 0 }),
    hours: arg.integer('how far back', { min: 1, max: 24 * 366 }).default(24),
    rows: arg.integer('into how many steps', { min: 1, max: 2000 }).default(24),
  }),
  examples: ['probe history web', 'probe history web --hours 720 --rows 30 --json'],
  async run(context, args) {
    const view = seen(context, args.probe);
    const to = context.clock.now();
    const from = to - args.hours * HOUR_MS;
    const buckets = await context.probes.samples.series(view.name, from, to, args.rows);
    const { good, bad } = await context.probes.samples.tally(view.name, from, to);
    return {
      title: `${view.spec.title ?? view.name}: ${percent(good, bad)} up in ${args.hours} h`,
      tone: 'info',
      blocks: [
        {
          type: 'code',
          language: `the last ${args.hours === 1 ? 'hour' : plural(args.hours, 'hour')}`,
          text: sparkline(buckets),
        },
        {
          type: 'table',
          columns: [
            { label: 'From' },
            { label: 'Up', align: 'right' },
            { label: 'Degraded', align: 'right' },
            { label: 'Down', align: 'right' },
            { label: 'Blind', align: 'right' },
            { label: 'Slipped', align: 'right' },
            { label: 'Mean', align: 'right' },
            { label: 'p95', align: 'right' },
            { label: 'Max', align: 'right' },
          ],
          rows: sinceFirst(buckets).map((b): Cell[] => [
            { time: b.at },
            b.up,
            b.degraded,
            b.down + b.halted,
            b.inconclusive,
            b.slips,
            latency(b.mean),
            latency(b.p95),
            latency(b.max),
          ]),
          empty: 'No samples.',
        },
      ],
      data: { probe: view.name, from, to, good, bad, buckets: buckets as unknown as Json },
    };
  },
});

export const probeKinds = readAction({
  name: 'probe kinds',
  summary: 'The kinds of probe there are, and their keys in reeve.yaml',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['probe kinds'],
  async run({ probes }) {
    const kinds = await probes.kinds();
    return {
      title: `${plural(kinds.length, 'kind')} of probe`,
      tone: 'info',
      blocks: kinds.flatMap(({ kind, summary, example }): Block[] => [
        { type: 'text', text: `${kind}: ${summary}` },
        { type: 'code', language: 'yaml', text: `kind: ${kind}\n${example}` },
      ]),
      data: kinds,
    };
  },
});

/** Without the steps before anything was measured: a new probe has nothing to say about them. */
function sinceFirst(buckets: readonly Bucket[]): readonly Bucket[] {
  const first = buckets.findIndex(
    ({ up, degraded, down, halted, inconclusive, slips }) =>
      up + degraded + down + halted + inconclusive + slips > 0,
  );
  return first < 0 ? [] : buckets.slice(first);
}

const BARS = '▁▂▃▄▅▆▇█';

/** Mean latency as bars; `✗` where more samples were bad than good, `?` where we were blind, `·` without samples. */
function sparkline(buckets: readonly Bucket[]): string {
  const most = Math.max(...buckets.map(({ mean }) => mean ?? 0));
  return buckets
    .map(({ up, degraded, down, halted, inconclusive, mean }) => {
      const [good, bad] = [up + degraded, down + halted];
      if (bad > 0 && bad >= good) return '✗';
      if (good === 0) return inconclusive > 0 ? '?' : '·';
      return BARS[Math.min(7, Math.floor(((mean ?? 0) / (most || 1)) * 7.99))] ?? '▁';
    })
    .join('');
}
