import type { LedgerRecord } from '../../../contracts/record.ts';

/** Whom a record concerns: decides who may see it on the event stream. */
export type Place =
  | { of: 'everyone' }
  | { of: 'estate' }
  | { of: 'projects'; projects: readonly { project: string; env?: string }[] }
  | { of: 'job'; job: string };

const EVERYONE: Place = { of: 'everyone' };
const ESTATE: Place = { of: 'estate' };
const job = (id: string): Place => ({ of: 'job', job: id });
const project = (name: string, env?: string): Place => ({
  of: 'projects',
  projects: [env === undefined ? { project: name } : { project: name, env }],
});

/** What is not named here concerns the estate as a whole, so that a new record type starts out closed. */
export function placeOf(record: LedgerRecord): Place {
  const { type, body } = record;
  switch (type) {
    case 'ledger.opened':
    case 'ledger.repaired':
    case 'ledger.disk_full':
    case 'daemon.started':
    case 'daemon.stopped':
    case 'daemon.clock_jumped':
    case 'work.paused':
    case 'work.resumed':
      return EVERYONE;
    case 'halt.set':
    case 'halt.lifted':
      return body.scope === 'all' ? EVERYONE : project(body.scope.project);
    case 'job.queued':
      return project(body.job.project, body.job.env);
    case 'alert.raised':
      return body.project === undefined ? ESTATE : project(body.project, body.env);
    case 'incident.opened':
      return project(body.project, body.env);
    case 'grant.used':
      return project(body.project, body.cap.split(':')[1]);
    case 'grant.requested':
      return project(body.project, body.env);
    case 'grant.issued':
      return { of: 'projects', projects: body.grant.prj.map((name) => ({ project: name })) };
    default: {
      const id = jobOf(record);
      return id === undefined ? ESTATE : job(id);
    }
  }
}

/** The job a record is about, or undefined. */
export function jobOf(record: LedgerRecord): string | undefined {
  const { type, body } = record;
  switch (type) {
    case 'job.queued':
      return body.job.job_id;
    case 'job.attempt':
      return body.attempt.job_id;
    case 'job.step.started':
    case 'job.step.finished':
    case 'job.cancel_requested':
    case 'job.resolved':
    case 'schedule.slot':
    case 'drill.cut':
    case 'drill.sentinel':
    case 'drill.result':
      return body.job_id;
    case 'lock.acquired':
    case 'lock.released':
      return ofAttempt(body.owner);
    case 'lock.stolen':
      return ofAttempt(body.from);
    case 'grant.used':
      return body.job;
    default:
      return undefined;
  }
}

const ofAttempt = (attempt: string): string | undefined => attempt.split('.')[0];
