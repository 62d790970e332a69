import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import { Duration } from '../../contracts/duration.ts';
import type { Json } from '../../contracts/json.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { own } from '../own.ts';
import { adminAction, type ActionContext, type AdminOutcome } from '../ports/actions.ts';
import type { IncidentView } from '../ports/incidents.ts';
import { suggest } from '../suggest.ts';
import { findIncident, incidentArg, parseAction } from './incidents.ts';

const group = 'Incidents';
const SEVERITIES = ['page', 'warn', 'info'] as const;

/** The incident, if this caller may work in its place. */
function mine(context: ActionContext, text: string): IncidentView {
  const incident = findIncident(context, text);
  context.people.require(context.caller.person, 'run', incident.project, incident.env);
  return incident;
}

/** What an action did to an incident. */
function changed(context: ActionContext, before: IncidentView, title: string, hint?: string): AdminOutcome {
  const after = context.incidents.get(before.id);
  return {
    title,
    blocks: hint === undefined ? [] : [{ type: 'hint', text: hint }],
    data: after as unknown as Json,
    before: { state: before.state },
    after: { state: after.state },
    targets: [{ kind: 'incident', id: before.id }],
  };
}

export const incidentsOpen = adminAction({
  name: 'incidents open',
  type: 'open_incident',
  summary: 'Open an incident by hand; it stays open until a person resolves it',
  group,
  verb: 'run',
  args: z.object({
    title: arg.string('what is wrong, in a few words', { position: 0, max: 150 }),
    project: arg.project('where'),
    env: arg.environment("where; default: the project's first").optional(),
    severity: arg.choice(SEVERITIES, 'page wakes somebody').default('warn'),
    text: arg.string('more about it', { max: 3000 }).optional(),
    probe: arg
      .string('the probe that can tell when it is over; healing rules need one', { max: 64 })
      .optional(),
    ago: arg.duration('how long ago it began: 10m, 2h').optional(),
  }),
  examples: [
    'incidents open "checkout is slow" --project shop --env prod --severity page',
    'incidents open "mails are late" --project shop --ago 2h --text "the queue is at 40,000"',
  ],
  async run(context, args) {
    const { config, people, caller, incidents, clock, hex } = context;
    const env = args.env ?? Object.keys(config.project(args.project).environments)[0] ?? '';
    config.environment(args.project, env);
    people.require(caller.person, 'run', args.project, env);
    const { probe } = args;
    const { probes } = config.current().config;
    if (probe !== undefined && own(probes, probe) === undefined) {
      const near = suggest(probe, Object.keys(probes));
      throw fail('PROBE_UNKNOWN', {
        name: probe,
        help: near === undefined ? '`reeve probe list`' : `${near}, or \`reeve probe list\``,
      });
    }
    const ago = args.ago === undefined ? 0 : Duration.safeParse(args.ago).data;
    if (ago === undefined)
      throw fail('ARGUMENTS_INVALID', {
        command: 'incidents open',
        why: '--ago is a duration such as 10m or 2h',
      });
    const { id } = await incidents.open({
      title: args.title,
      severity: args.severity,
      source: 'person',
      cause: `person:${hex(16)}`,
      project: args.project,
      env,
      ...(probe === undefined ? {} : { probe }),
      text: args.text ?? context.reason,
      began: Math.max(0, clock.now() - ago),
      by: caller.person,
    });
    const incident = incidents.get(id);
    return {
      title: `Opened ${id}: ${incident.title}`,
      tone: 'warn',
      blocks: [
        {
          type: 'hint',
          text: `Take it on: reeve incidents ack ${id.slice(0, 12)}. When it is over: reeve incidents resolve ${id.slice(0, 12)} --why "…"`,
        },
      ],
      data: incident as unknown as Json,
      after: { state: incident.state, severity: incident.severity, title: incident.title },
      targets: [
        { kind: 'incident', id },
        { kind: 'project', id: args.project },
        { kind: 'environment', id: env },
      ],
    };
  },
});

export const incidentsAck = adminAction({
  name: 'incidents ack',
  type: 'acknowledge_incident',
  summary: 'Take an incident on: ends escalation and reminders of its alert; healing goes on',
  group,
  verb: 'run',
  args: z.object({
    incident: incidentArg(),
    note: arg.string('what you are doing', { max: 2000 }).optional(),
  }),
  examples: ['incidents ack inc_1f2e3d4c', 'incidents ack inc_1f2e3d4c --note "looking at the database"'],
  async run(context, args) {
    const before = mine(context, args.incident);
    await context.incidents.acknowledge(before.id, context.caller.person, args.note ?? context.reason);
    return changed(
      context,
      before,
      `${before.title}: taken by ${context.caller.person}`,
      before.probe === undefined || context.incidents.heals().length === 0
        ? undefined
        : `To keep healing out of your way meanwhile: reeve halt --project ${before.project}`,
    );
  },
});

export const incidentsNote = adminAction({
  name: 'incidents note',
  type: 'note_incident',
  summary: 'Put a line into the timeline of an incident',
  group,
  verb: 'run',
  args: z.object({
    incident: incidentArg(),
    text: arg.string('what to remember', { position: 1, max: 3000 }),
  }),
  examples: ['incidents note inc_1f2e3d4c "the pool was at its limit"'],
  async run(context, args) {
    const before = mine(context, args.incident);
    const { person, interaction } = context.caller;
    await context.incidents.note(before.id, person, args.text, interaction);
    const noted = changed(context, before, `${before.title}: noted`);
    return { ...noted, blocks: [{ type: 'text', text: args.text }] };
  },
});

const LINKS = { 'caused-by': 'caused_by', 'fixed-by': 'fixed_by', related: 'related' } as const;

export const incidentsLink = adminAction({
  name: 'incidents link',
  type: 'link_incident',
  summary: 'Say which deployment caused or fixed an incident, or what belongs to it',
  description:
    'The change failure rate and the recovery time count these links, and nothing that is guessed.',
  group,
  verb: 'run',
  args: z.object({
    incident: incidentArg(),
    job: arg.job('job id or its first digits').optional(),
    to: arg.string('another incident instead of a job', { max: 40 }).optional(),
    as: arg.choice(['caused-by', 'fixed-by', 'related'], 'how it belongs').default('caused-by'),
  }),
  examples: [
    'incidents link inc_1f2e3d4c --job job_5a6b7c8d',
    'incidents link inc_1f2e3d4c --job job_5a6b7c8d --as fixed-by',
  ],
  async run(context, args) {
    const before = mine(context, args.incident);
    const { people, caller, jobs, incidents } = context;
    if ((args.job === undefined) === (args.to === undefined))
      throw fail('ARGUMENTS_INVALID', { command: 'incidents link', why: 'give either --job or --to' });
    const kind = LINKS[args.as];
    if (args.job !== undefined) {
      const { spec } = await jobs.get(args.job);
      people.require(caller.person, 'view', spec.project, spec.env);
      await incidents.link(before.id, { kind, job: spec.job_id, by: caller.person });
      return changed(context, before, `${before.title}: ${args.as} ${spec.job_id}`);
    }
    const other = findIncident(context, args.to ?? '');
    if (other.id === before.id)
      throw fail('ARGUMENTS_INVALID', { command: 'incidents link', why: 'it is the same incident' });
    await incidents.link(before.id, { kind, incident: other.id, by: caller.person });
    return changed(context, before, `${before.title}: ${args.as} ${other.id}`);
  },
});

/** Trouble that goes on without an incident is trouble that nobody hears of. Throws INCIDENT_STILL_DOWN. */
function mustBeOver({ probes, config }: ActionContext, { id, cause, probe }: IncidentView): void {
  if (probe === undefined || cause !== `probe:${probe}`) return;
  if (own(config.current().config.probes, probe)?.enabled !== true) return;
  const { state } = probes.get(probe);
  if (state === 'down' || state === 'halted')
    throw fail('INCIDENT_STILL_DOWN', { id: id.slice(0, 12), probe, state });
}

export const incidentsResolve = adminAction({
  name: 'incidents resolve',
  type: 'resolve_incident',
  summary: 'Say that an incident is over, and why',
  group,
  verb: 'run',
  args: z.object({
    incident: incidentArg(),
    why: arg.string('what ended it', { max: 3000 }).optional(),
    ago: arg.duration('how long ago it ended: 10m, 2h').optional(),
    still_down: arg.boolean('although its probe is still down: nothing more is told of that').default(false),
  }),
  examples: ['incidents resolve inc_1f2e3d4c --why "the certificate was renewed"'],
  async run(context, args) {
    const before = mine(context, args.incident);
    const why = args.why ?? context.reason;
    if (why === '')
      throw fail('ARGUMENTS_INVALID', { command: 'incidents resolve', why: 'say what ended it: --why "…"' });
    const ago = args.ago === undefined ? 0 : Duration.safeParse(args.ago).data;
    if (ago === undefined)
      throw fail('ARGUMENTS_INVALID', {
        command: 'incidents resolve',
        why: '--ago is a duration such as 10m or 2h',
      });
    if (!args.still_down) mustBeOver(context, before);
    const ended = Math.max(before.began, context.clock.now() - ago);
    await context.incidents.resolve(before.id, context.caller.person, why, ended);
    return changed(
      context,
      before,
      `${before.title}: resolved`,
      `A draft of the postmortem is being written. Review it: reeve incidents review ${before.id.slice(0, 12)} --summary "…" --action "what to do @owner"`,
    );
  },
});

export const incidentsReview = adminAction({
  name: 'incidents review',
  type: 'review_incident',
  summary: 'Close the matter: what it was, and what will be done; writes the final postmortem',
  group,
  verb: 'run',
  args: z.object({
    incident: incidentArg(),
    summary: arg.string('what it was and why it could happen', { max: 3900 }),
    action: arg.list('what will be done, "… @owner" (repeat it)', { max: 50 }).optional(),
  }),
  examples: [
    'incidents review inc_1f2e3d4c --summary "The pool was too small" --action "raise it @ana" --action "alert at 80 % @ben"',
  ],
  async run(context, args) {
    const before = mine(context, args.incident);
    const actions = (args.action ?? []).map((text) => parseAction(text));
    const { path } = await context.incidents.review(before.id, context.caller.person, args.summary, actions);
    return changed(
      context,
      before,
      `${before.title}: reviewed, ${plural(actions.length, 'action')}`,
      path === null
        ? `Its project's folder may not be written; the postmortem: reeve incidents postmortem ${before.id.slice(0, 12)}`
        : `Its postmortem: ${path}`,
    );
  },
});
