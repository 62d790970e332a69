import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import { Duration } from '../../contracts/duration.ts';
import { AlertMatch } from '../../contracts/estate/alerts.ts';
import { SilenceId } from '../../contracts/ids.ts';
import type { Cell } from '../../contracts/reply.ts';
import { Severity, SignalSource } from '../../contracts/watch.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { own } from '../own.ts';
import { adminAction, readAction, type ActionContext, type AdminOutcome } from '../ports/actions.ts';
import { suggest } from '../suggest.ts';
import { maySee } from './alerts.ts';

const group = 'Alerts';
/** Longer than this is no silence but a change of the routes, ms. */
const MAX_FOR = 90 * 86_400_000;

/** `severities page, warn; probes web`, or everything. */
const words = (match: AlertMatch): string =>
  Object.entries(match)
    .map(([key, list]) => `${key} ${list.join(', ')}`)
    .join('; ') || 'everything';

/** Whoever keeps alerts of a place quiet must be allowed to work there. */
function requirePlaces({ people, caller, config, alerts }: ActionContext, match: AlertMatch): void {
  if (match.projects === undefined) {
    // A key or a probe belongs to one place.
    const places = [
      ...(match.probes ?? []).map((name) => own(config.current().config.probes, name)),
      ...(match.keys ?? []).map((key) => alerts.list().find((alert) => alert.key === key)),
    ];
    if (places.length === 0 || places.some((place) => place?.project === undefined))
      return people.requireEverywhere(caller.person, 'run');
    for (const place of places) people.require(caller.person, 'run', place?.project, place?.env);
    return;
  }
  for (const project of match.projects) {
    config.project(project);
    for (const env of match.environments ?? [undefined]) {
      if (env !== undefined) config.environment(project, env);
      people.require(caller.person, 'run', project, env);
    }
  }
}

function until(context: ActionContext, text: string): number {
  const length = Duration.safeParse(text);
  if (!length.success || length.data < 1000 || length.data > MAX_FOR)
    throw fail('ARGUMENTS_INVALID', {
      command: 'alerts silence',
      why: '--for is a duration such as 30m, 2h or 7d, at most 90d',
    });
  return context.clock.now() + length.data;
}

async function set(context: ActionContext, match: AlertMatch, length: string): Promise<AdminOutcome> {
  const end = until(context, length);
  const { id } = await context.alerts.silence(match, end, context.caller.person, context.reason);
  return {
    title: `Quiet: ${words(match)}`,
    tone: 'warn',
    blocks: [
      {
        type: 'fields',
        fields: [
          { label: 'Silence', value: id },
          { label: 'Until', value: { time: end } },
        ],
      },
      {
        type: 'hint',
        text: `Lift it: reeve alerts unsilence ${id}. What is open when it ends is told then.`,
      },
    ],
    data: { id, match, until: end },
    after: { match, until: end },
    targets: [{ kind: 'silence', id }],
  };
}

const length = arg.duration('how long: 30m, 2h, 7d');

export const alertsSilence = adminAction({
  name: 'alerts silence',
  type: 'set_silence',
  summary: 'Keep alerts quiet for a time; they are recorded all the same',
  description:
    'What is given must all match. Alerts that are still open when the silence ends are told then.',
  group,
  verb: 'run',
  needsReason: true,
  args: z.object({
    for: length,
    key: arg.list('alert keys').optional(),
    severity: arg.list(`severities: ${Severity.options.join(', ')}`).optional(),
    source: arg.list(`sources: ${SignalSource.options.join(', ')}`).optional(),
    project: arg.list('projects').optional(),
    env: arg.list('environments').optional(),
    probe: arg.list('probes').optional(),
    all: arg.boolean('everything: needs no other').default(false),
  }),
  examples: [
    'alerts silence --key probe:web --for 2h --reason "moving the database"',
    'alerts silence --project shop --env staging --for 1d --reason "load test"',
  ],
  async run(context, args) {
    const given = {
      keys: args.key,
      severities: args.severity,
      sources: args.source,
      projects: args.project,
      environments: args.env,
      probes: args.probe,
    };
    const wanted = Object.fromEntries(Object.entries(given).filter(([, list]) => list !== undefined));
    const invalid = (why: string) => fail('ARGUMENTS_INVALID', { command: 'alerts silence', why });
    if (Object.keys(wanted).length === 0 && !args.all) throw invalid('say what to keep quiet, or --all');
    const match = AlertMatch.safeParse(wanted);
    if (!match.success) {
      const issue = match.error.issues[0];
      throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not possible'}`);
    }
    requirePlaces(context, match.data);
    return set(context, match.data, args.for);
  },
});

export const probeSilence = adminAction({
  name: 'probe silence',
  type: 'set_silence',
  summary: "Keep one probe's alerts quiet for a time; it goes on probing",
  group: 'Probes',
  verb: 'run',
  needsReason: true,
  args: z.object({ probe: arg.string('its name', { position: 0, max: 64 }), for: length }),
  examples: ['probe silence web --for 2h --reason "known, being repaired"'],
  async run(context, args) {
    const { probes } = context.config.current().config;
    const spec = own(probes, args.probe);
    if (spec === undefined) {
      const near = suggest(args.probe, Object.keys(probes));
      throw fail('ARGUMENTS_INVALID', {
        command: 'probe silence',
        why: `there is no probe ${args.probe}${near === undefined ? '' : `; did you mean ${near}?`}`,
      });
    }
    context.people.require(context.caller.person, 'run', spec.project, spec.env);
    return set(context, { probes: [args.probe] }, args.for);
  },
});

export const alertsSilences = readAction({
  name: 'alerts silences',
  summary: 'Silences in force',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['alerts silences'],
  run(context) {
    const all = context.alerts.silences().filter(({ match }) =>
      // Of somebody else's projects only those that reach into one's own.
      match.projects === undefined ? true : match.projects.some((project) => maySee(context, { project })),
    );
    return {
      title: all.length === 0 ? 'Nothing is silenced' : plural(all.length, 'silence'),
      tone: all.length === 0 ? 'good' : 'warn',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Silence' },
            { label: 'Keeps quiet' },
            { label: 'Until' },
            { label: 'By' },
            { label: 'Reason' },
          ],
          rows: all.map((s): Cell[] => [s.id, words(s.match), { time: s.until }, s.by, s.reason]),
          empty: 'Every alert is told.',
        },
      ],
      data: all.map((s) => ({ ...s })),
    };
  },
});

export const alertsUnsilence = adminAction({
  name: 'alerts unsilence',
  type: 'lift_silence',
  summary: 'End a silence now; what is open under it is told',
  group,
  verb: 'run',
  args: z.object({ id: arg.string('its id: sil_…', { position: 0, max: 40 }) }),
  examples: ['alerts unsilence sil_0123456789abcdef'],
  async run(context, { id }) {
    const silence = context.alerts.silences().find((one) => one.id === id);
    if (silence === undefined || !SilenceId.safeParse(id).success)
      throw fail('SILENCE_NOT_FOUND', { id: id.slice(0, 40) });
    requirePlaces(context, silence.match);
    await context.alerts.lift(id, context.caller.person);
    return {
      title: `No longer quiet: ${words(silence.match)}`,
      data: { id },
      before: { match: silence.match, until: silence.until },
      targets: [{ kind: 'silence', id }],
    };
  },
});
