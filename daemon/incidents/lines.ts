import type { LedgerRecord } from '../../contracts/record.ts';
import type { TimelineEntry } from '../ports/incidents.ts';
import { alertKey, anchored } from './state.ts';
import { shown } from './words.ts';

/** What a timeline is about. Jobs are added while the ledger is read. */
export interface Subject {
  id: string;
  cause: string;
  project: string;
  probe: string | undefined;
  /** Job → how it belongs. */
  jobs: Map<string, string>;
  rules: Set<string>;
  /** What the probe said after the last heal: the record of its end repeats it. */
  verified: string;
  /** Seqs of its alert's raises: other records name it so. */
  raises: Set<number>;
}

type Line = Omit<TimelineEntry, 'seq' | 'at'> & { at?: number };

/** What a record says about an incident, for people; undefined when it says nothing. Adds to the subject what it learns. */
export function lineOf(record: LedgerRecord, about: Subject): TimelineEntry | undefined {
  const line =
    incidentLine(record, about) ??
    healLine(record, about) ??
    jobLine(record, about) ??
    alertLine(record, about) ??
    worldLine(record, about);
  return line === undefined ? undefined : { at: record.ts, ...line, seq: record.seq };
}

const said = (text: string): string => (text === '' ? '' : `: ${text}`);

function incidentLine(record: LedgerRecord, { id, jobs }: Subject): Line | undefined {
  if (!record.type.startsWith('incident.') || !('id' in record.body) || record.body.id !== id)
    return undefined;
  switch (record.type) {
    case 'incident.opened': {
      const { title, severity, text, by } = record.body;
      return { kind: 'opened', text: `Opened (${severity}): ${title}${said(text)}`, by };
    }
    case 'incident.acknowledged':
      return { kind: 'acknowledged', text: `Acknowledged${said(record.body.note)}`, by: record.body.by };
    case 'incident.noted':
      return { kind: 'note', text: record.body.text, by: record.body.by };
    case 'incident.linked': {
      const { kind, job, incident, by } = record.body;
      if (job !== undefined) jobs.set(job, words[kind]);
      return { kind: 'linked', text: `${words[kind]} ${job ?? incident ?? ''}`, by };
    }
    case 'incident.resolved':
      return { kind: 'resolved', text: `Resolved${said(record.body.why)}`, by: record.body.by };
    case 'incident.reopened':
      return { kind: 'reopened', text: `It came back${said(record.body.why)}`, by: record.body.by };
    case 'incident.reviewed':
      return { kind: 'reviewed', text: `Reviewed${said(record.body.summary)}`, by: record.body.by };
    case 'incident.postmortem':
      return {
        kind: 'postmortem',
        text: `${record.body.final ? 'Postmortem' : 'Draft of the postmortem'} written${record.body.path === null ? '' : ` to ${record.body.path}`}`,
      };
    default:
      return undefined;
  }
}

const words = { caused_by: 'Caused by', fixed_by: 'Fixed by', heal: 'Healed by', related: 'Belongs to it:' };

function healLine(record: LedgerRecord, about: Subject): Line | undefined {
  switch (record.type) {
    case 'heal.decided': {
      const { incident, rule, decision, why } = record.body;
      if (incident !== about.id) return undefined;
      about.rules.add(rule);
      const text = {
        run: `${rule} begins`,
        waits: `${rule} waits`,
        budget_spent: `${rule} does nothing more`,
        breaker_open: `${rule} does nothing more`,
        not_allowed: `${rule} may not heal it`,
        recovered: `${rule} was not needed`,
      }[decision];
      return { kind: 'heal', text: `${text}${said(why)}` };
    }
    case 'heal.started':
      if (record.body.incident !== about.id) return undefined;
      return { kind: 'heal', text: `${record.body.rule} started ${record.body.job}` };
    case 'heal.verified': {
      const { incident, up, why } = record.body;
      if (incident !== about.id) return undefined;
      about.verified = why;
      return { kind: 'heal', text: `Verified: ${up ? 'it helped' : 'it did not help'}${said(why)}` };
    }
    case 'heal.ended': {
      const { incident, rule, outcome, rolled_back, why } = record.body;
      if (incident !== about.id) return undefined;
      const undone = { no: '', done: ', rolled back', failed: ', ROLLBACK FAILED' }[rolled_back];
      return { kind: 'heal', text: `${rule} ${outcome}${undone}${said(why === about.verified ? '' : why)}` };
    }
    case 'heal.breaker_opened':
      if (record.body.incident !== about.id) return undefined;
      return { kind: 'breaker', text: `The breaker of ${record.body.rule} opened${said(record.body.why)}` };
    case 'heal.breaker_closed': {
      const { rule, by, reason } = record.body;
      if (!about.rules.has(rule)) return undefined;
      return { kind: 'breaker', text: `The breaker of ${rule} was closed${said(reason)}`, by };
    }
    default:
      return undefined;
  }
}

function jobLine(record: LedgerRecord, about: Subject): Line | undefined {
  switch (record.type) {
    case 'job.queued': {
      const { job, title } = record.body;
      const heal = job.anchor.kind === 'incident' ? anchored(job.anchor.id) : undefined;
      if (heal?.incident === about.id) about.jobs.set(job.job_id, heal.rollback ? 'Rollback' : 'Heal');
      const how = about.jobs.get(job.job_id);
      if (how === undefined) return undefined;
      return {
        kind: 'job',
        text: `${how}: ${title ?? job.runbook} on ${job.project}/${job.env} is queued (${job.job_id})`,
        by: job.requested_by,
      };
    }
    case 'job.attempt': {
      const { job_id, status } = record.body.attempt;
      const how = about.jobs.get(job_id);
      if (how === undefined || status === 'QUEUED') return undefined;
      return { kind: 'job', text: `${how}: ${job_id} is ${status}${said(record.body.why ?? '')}` };
    }
    case 'job.resolved': {
      const { job_id, as, by, reason } = record.body;
      if (!about.jobs.has(job_id)) return undefined;
      return { kind: 'job', text: `${job_id} was judged ${as}${said(reason)}`, by };
    }
    default:
      return undefined;
  }
}

function alertLine(record: LedgerRecord, about: Subject): Line | undefined {
  const key = alertKey(about.id);
  switch (record.type) {
    case 'alert.raised': {
      if (record.body.key !== key) return undefined;
      const first = about.raises.size === 0;
      about.raises.add(record.seq);
      // Each further raise repeats what stands in other lines.
      return first ? { kind: 'alert', text: `Alert ${key} raised (${record.body.severity})` } : undefined;
    }
    case 'alert.resolved':
      return record.body.key === key ? { kind: 'alert', text: `Alert ${key} is over` } : undefined;
    case 'alert.acknowledged': {
      const { by, note } = record.body;
      return record.body.key === key
        ? { kind: 'alert', text: `Alert ${key} acknowledged${said(note)}`, by }
        : undefined;
    }
    case 'alert.silenced': {
      const { silence, alerts } = record.body;
      if (!alerts.some((seq) => about.raises.has(seq))) return undefined;
      return { kind: 'alert', text: `Nobody was told: ${silence} keeps it quiet` };
    }
    case 'alert.delivered': {
      const { channel, event, keys, outcome, why } = record.body;
      if (!keys.includes(key)) return undefined;
      return {
        kind: 'alert',
        text:
          outcome === 'sent'
            ? `${channel} was told (${event})`
            : `${channel} could not be told (${event})${said(why ?? '')}`,
      };
    }
    default:
      return undefined;
  }
}

function worldLine(record: LedgerRecord, about: Subject): Line | undefined {
  switch (record.type) {
    case 'probe.transition': {
      const { probe, from, to, since, why, cause, maintenance } = record.body;
      if (probe !== about.probe) return undefined;
      const excuse = [
        ...(cause === undefined ? [] : [`because of ${cause}`]),
        ...(maintenance === undefined ? [] : [`in maintenance ${maintenance}`]),
      ].join(', ');
      const late = record.ts - since;
      return {
        kind: 'probe',
        text: `${probe}: ${from} → ${to}${excuse === '' ? '' : ` (${excuse})`}${said(why)}${late < 1000 ? '' : `; first seen ${shown(late)} before`}`,
      };
    }
    case 'drill.result': {
      const { drill, project, env, verdict, why = '', job_id } = record.body;
      if (about.cause !== `drill:${drill}:${project ?? ''}/${env ?? ''}`) return undefined;
      return { kind: 'drill', text: `Drill ${drill}: ${verdict} (${job_id})${said(why)}` };
    }
    case 'halt.set':
    case 'halt.lifted': {
      const { scope, by, reason } = record.body;
      if (scope !== 'all' && scope.project !== about.project) return undefined;
      const what = scope === 'all' ? 'Everything' : `Project ${scope.project}`;
      return {
        kind: 'halt',
        text: `${what} ${record.type === 'halt.set' ? 'was halted' : 'may run again'}${said(reason)}`,
        by,
      };
    }
    default:
      return undefined;
  }
}
