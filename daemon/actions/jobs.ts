import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { JobStatus } from '../../contracts/job.ts';
import type { Block, Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction } from '../ports/actions.ts';
import type { JobView } from '../ports/jobs.ts';
import { sees } from './sees.ts';

const group = 'Jobs';
const STATUSES = JobStatus.options as [JobStatus, ...JobStatus[]];

export const jobsList = readAction({
  name: 'jobs list',
  aliases: ['jobs'],
  summary: 'Jobs, newest first',
  group,
  verb: 'view',
  args: z.object({
    status: arg.choice(STATUSES, 'only these').optional(),
    project: arg.project('only this project').optional(),
    runbook: arg.runbook('only this runbook').optional(),
    limit: arg.integer('how many', { min: 1, max: 500 }).default(20),
  }),
  examples: ['jobs list', 'jobs list --status FAIL --json'],
  run({ jobs, people, caller }, args) {
    const { limit, ...filter } = args;
    const all = jobs
      .list(filter)
      .filter((j) => people.allows(caller.person, 'view', j.spec.project, j.spec.env))
      .slice(0, limit);
    return {
      title: all.length === 0 ? 'No jobs yet' : plural(all.length, 'job'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Job' },
            { label: 'Runbook' },
            { label: 'Where' },
            { label: 'Status' },
            { label: 'When' },
            { label: 'By' },
          ],
          rows: all.map((j): Cell[] => [
            { id: j.spec.job_id },
            j.spec.runbook,
            `${j.spec.project}/${j.spec.env}`,
            { status: j.status },
            { time: j.queued_at },
            j.spec.requested_by,
          ]),
          empty: 'Nothing ran yet. Try: reeve hello',
        },
      ],
      data: all as unknown as Json,
    };
  },
});

export const jobsShow = readAction({
  name: 'jobs show',
  summary: 'One job: its attempts, steps, outputs and evidence',
  group,
  verb: 'view',
  args: z.object({ job: arg.job('job id or its first digits', { position: 0 }) }),
  examples: ['jobs show job_1f2e3d4c'],
  async run({ jobs, people, caller }, args) {
    const job = await jobs.get(args.job);
    people.require(caller.person, 'view', job.spec.project, job.spec.env);
    return {
      title: `${job.title} on ${job.spec.project}/${job.spec.env}: ${job.status}`,
      tone:
        job.status === 'PASS' ? 'good' : job.status === 'RUNNING' || job.status === 'QUEUED' ? 'info' : 'bad',
      blocks: jobBlocks(job),
      data: job as unknown as Json,
    };
  },
});

function jobBlocks(job: JobView): Block[] {
  const { spec } = job;
  return [
    {
      type: 'fields',
      fields: [
        { label: 'Job', value: { id: spec.job_id } },
        { label: 'Runbook', value: spec.runbook },
        { label: 'Runbook digest', value: { id: spec.runbook_digest } },
        { label: 'Config version', value: { id: spec.config_version } },
        { label: 'Plan digest', value: { id: spec.plan_digest } },
        { label: 'Inputs', value: JSON.stringify(spec.inputs) },
        { label: 'Grant', value: spec.grant_id },
        { label: 'Asked by', value: spec.requested_by },
        { label: 'Reason', value: spec.reason },
        { label: 'Queued', value: { time: job.queued_at } },
        ...(job.resolved === undefined
          ? []
          : [{ label: 'Judged', value: `${job.resolved.as} by ${job.resolved.by}: ${job.resolved.reason}` }]),
      ],
    },
    ...job.attempts.flatMap((a): Block[] => [
      {
        type: 'fields',
        fields: [
          { label: 'Attempt', value: a.record.attempt_id.split('.')[1] ?? '' },
          { label: 'Status', value: { status: a.record.status } },
          ...(a.started_at === undefined || a.ended_at === undefined
            ? []
            : [{ label: 'Took', value: { duration: a.ended_at - a.started_at } }]),
          ...(a.why === undefined ? [] : [{ label: 'Why', value: a.why }]),
          ...Object.entries(a.outputs ?? {}).flatMap(([k, v]) =>
            v === '' ? [] : [{ label: k, value: typeof v === 'string' ? v : JSON.stringify(v) }],
          ),
        ],
      },
      { type: 'steps', steps: a.steps },
    ]),
  ];
}

export const jobsLogs = readAction({
  name: 'jobs logs',
  summary: 'What a job printed (redacted); -f follows a running one',
  group,
  verb: 'read',
  args: z.object({
    job: arg.job('job id or its first digits', { position: 0 }),
    attempt: arg.integer('which attempt; default: the newest', { min: 1 }).optional(),
    follow: arg.boolean('go on until the job ends').default(false),
  }),
  examples: ['jobs logs job_1f2e3d4c', 'jobs logs -f job_1f2e3d4c'],
  async run({ jobs, people, caller }, args) {
    const job = await jobs.get(args.job);
    people.require(caller.person, 'read', job.spec.project, job.spec.env);
    const live = job.status === 'QUEUED' || job.status === 'RUNNING';
    const lines = await jobs.logs(
      job.spec.job_id,
      args.attempt === undefined ? {} : { attempt: args.attempt },
    );
    return {
      title: `Log of ${job.title}: ${plural(lines.length, 'line')}`,
      tone: 'info',
      blocks: [{ type: 'code', language: 'log', text: lines.map((l) => `${l.step} │ ${l.line}`).join('\n') }],
      data: { job_id: job.spec.job_id, lines },
      ...(args.follow && live ? { job: { id: job.spec.job_id, follow: true } } : {}),
    };
  },
});

export const jobsCancel = adminAction({
  name: 'jobs cancel',
  aliases: ['cancel'],
  type: 'cancel',
  summary: 'Stop a queued or running job; its rollback steps run',
  group,
  verb: 'run',
  args: z.object({ job: arg.job('job id or its first digits', { position: 0 }) }),
  examples: ['jobs cancel job_1f2e3d4c --reason "wrong environment"'],
  async run({ jobs, people, caller, reason }, args) {
    const job = await jobs.get(args.job);
    people.require(caller.person, 'run', job.spec.project, job.spec.env);
    await jobs.cancel(job.spec.job_id, caller.person, reason || `cancelled by ${caller.person}`);
    return {
      title: `${job.title} is being cancelled`,
      tone: 'warn',
      data: { job_id: job.spec.job_id },
      before: { status: job.status },
      targets: [{ kind: 'job', id: job.spec.job_id }],
    };
  },
});

export const jobsResolve = adminAction({
  name: 'jobs resolve',
  type: 'resolve_unknown',
  summary: 'Say what a job with unknown outcome came to, after looking',
  group,
  verb: 'run',
  needsReason: true,
  args: z.object({
    job: arg.job('job id or its first digits', { position: 0 }),
    as: arg.choice(['pass', 'fail'], 'what you found'),
  }),
  examples: ['jobs resolve job_1f2e3d4c --as pass --reason "the release is live, checked by hand"'],
  async run({ jobs, people, caller, reason }, args) {
    const job = await jobs.get(args.job);
    people.require(caller.person, 'run', job.spec.project, job.spec.env);
    const as = args.as === 'pass' ? 'PASS' : 'FAIL';
    await jobs.resolve(job.spec.job_id, as, caller.person, reason);
    return {
      title: `Recorded: ${as}`,
      data: { job_id: job.spec.job_id, as },
      before: { status: job.status },
      after: { as },
      targets: [{ kind: 'job', id: job.spec.job_id }],
    };
  },
});

export const locksList = readAction({
  name: 'locks list',
  aliases: ['locks'],
  summary: 'Who holds which lock, since when and why',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['locks list'],
  async run({ jobs, people, caller }) {
    const locks = [];
    for (const lock of jobs.locks()) {
      // A lock may have any name; where its holder works is what it is about.
      const holder = await jobs.get(lock.owner.split('.')[0] ?? '').catch(() => undefined);
      if (sees(people, caller.person, holder?.spec)) locks.push(lock);
    }
    return {
      title: locks.length === 0 ? 'No locks are held' : plural(locks.length, 'lock'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Lock' },
            { label: 'Owner' },
            { label: 'Since' },
            { label: 'Lease until' },
            { label: 'Why' },
          ],
          rows: locks.map((l): Cell[] => [
            l.lock,
            { id: l.owner },
            { time: l.since },
            { time: l.lease_until },
            l.reason,
          ]),
          empty: 'Nothing is locked.',
        },
      ],
      data: locks,
    };
  },
});

export const locksSteal = adminAction({
  name: 'locks steal',
  type: 'steal_lock',
  summary: 'Take a lock from its holder, whose job stops before its next step',
  group,
  verb: 'administer',
  needsReason: true,
  args: z.object({ lock: arg.string('the lock', { position: 0 }) }),
  examples: ['locks steal my-project/prod --reason "holder died"'],
  preview({ jobs }, args) {
    const held = jobs.locks().find((l) => l.lock === args.lock);
    return Promise.resolve({
      question: `Take ${args.lock} from ${held?.owner ?? 'nobody'}?`,
      blocks: [{ type: 'text', text: held === undefined ? 'Nobody holds it.' : `Held for: ${held.reason}` }],
      of: held?.owner ?? 'nobody',
    });
  },
  async run({ jobs, caller, reason }, args, shown) {
    const before = jobs.locks().find((l) => l.lock === args.lock) ?? null;
    if (shown !== undefined && shown.of !== (before?.owner ?? 'nobody'))
      throw fail('CONFIRMATION_STALE', { action: 'locks steal' });
    await jobs.stealLock(args.lock, caller.person, reason);
    return {
      title: `${args.lock} is free`,
      tone: 'warn',
      data: { lock: args.lock },
      before,
      targets: [{ kind: 'lock', id: args.lock }],
    };
  },
});
