import { isTerminal, type JobSpec, type TerminalStatus } from '../../../contracts/job.ts';
import type { LedgerRecord, RecordBody } from '../../../contracts/record.ts';
import { CHANGES, DECISIONS, keep, type DayLog, type Entry, type Kept, type Step } from './entries.ts';
import { applyOpen, initialOpen, openNow, type OpenState } from './open.ts';

/** What is to be known of a job to tell of its end. */
export interface ToldJob {
  title: string;
  project: string;
  env: string;
  action: string;
  runbook: string;
  by: string;
  reason: string;
  parent: boolean;
  slot: boolean;
}

/** What the records before the first one told of what goes on; for who does not read from the beginning. */
export interface Past {
  /** Undefined: it is not to be told of. */
  job(id: string): Promise<ToldJob | undefined>;
  incident(id: string): { title: string; project: string } | undefined;
}

/** Undefined for what sync jobs do. */
export const toldJob = (job: JobSpec, title: string): ToldJob | undefined =>
  job.action === 'sync'
    ? undefined
    : {
        title,
        project: job.project,
        env: job.env,
        action: job.action,
        runbook: job.runbook,
        by: job.requested_by,
        reason: job.reason,
        parent: job.parent !== undefined,
        slot: job.anchor.kind === 'slot',
      };

const empty = <T>(): Kept<T> => ({ items: [], more: 0 });
const dayLog = (from: number, to: number): DayLog => ({
  from,
  to,
  changed: empty(),
  failed: empty(),
  incidents: empty(),
  decisions: empty(),
  routine: new Map(),
  verdicts: { passed: 0, failed: 0, other: 0 },
  todo: [],
  blockers: [],
  next: [],
});

/**
 * Tells days from the ledger, read once from its beginning: what stood open at the end of a day may be older than the day.
 * Remembers only what is open and the day at hand. Days in order, without gaps. What the sync jobs themselves do is left
 * out: otherwise a log that is written again would never be the same.
 *
 * @param project Only what is of this project.
 * @param past Where the records do not begin with the first one: then what is open is only what they open.
 */
export async function* tellDays(
  records: AsyncIterable<LedgerRecord>,
  days: readonly { from: number; to: number }[],
  project: string | undefined,
  past?: Past,
): AsyncGenerator<DayLog> {
  const teller = new Teller(project);
  const queue = days.map(({ from, to }) => dayLog(from, to));
  for await (const record of records) {
    for (let day = queue[0]; day !== undefined && record.ts >= day.to; day = queue[0]) {
      queue.shift();
      yield teller.close(day);
    }
    const [day] = queue;
    if (day === undefined) return;
    const within = record.ts >= day.from ? day : undefined;
    if (past !== undefined && within !== undefined) await teller.recall(record, past);
    teller.apply(record, within);
  }
  for (const day of queue) yield teller.close(day);
}

/** Days in a row as one. */
export function wholeOf(days: readonly DayLog[], { from, to }: { from: number; to: number }): DayLog {
  const whole = dayLog(from, to);
  for (const day of days) {
    for (const list of ['changed', 'failed', 'incidents', 'decisions'] as const) {
      for (const one of day[list].items) keep(whole[list], one);
      whole[list].more += day[list].more;
    }
    for (const [runbook, n] of day.routine) whole.routine.set(runbook, (whole.routine.get(runbook) ?? 0) + n);
    for (const verdict of ['passed', 'failed', 'other'] as const)
      whole.verdicts[verdict] += day.verdicts[verdict];
    whole.todo.push(...day.todo);
  }
  const last = days.at(-1);
  const open = last?.next.slice(last.todo.length) ?? [];
  return { ...whole, blockers: last?.blockers ?? [], next: [...whole.todo, ...open] };
}

class Teller {
  readonly #open: OpenState = initialOpen();
  readonly #jobs = new Map<string, ToldJob>();
  readonly #incidents = new Map<string, { title: string; project: string }>();
  readonly #project: string | undefined;
  /** Jobs that need not be recalled: they were queued in what is read. */
  readonly #begun = new Set<string>();
  #actions: Step[] = [];

  constructor(project: string | undefined) {
    this.#project = project;
  }

  close(day: DayLog): DayLog {
    const { blockers, next } = openNow(this.#open, this.#project, (job) => this.#jobs.get(job));
    const todo = this.#actions;
    this.#actions = [];
    return { ...day, todo, blockers, next: [...todo, ...next] };
  }

  /** What a record is about that began before those that were read. */
  async recall({ type, body }: LedgerRecord, past: Past): Promise<void> {
    if (type === 'job.queued') this.#begun.add(body.job.job_id);
    else if (type === 'job.attempt') {
      const { job_id, status } = body.attempt;
      if (!isTerminal(status) || this.#begun.has(job_id) || this.#jobs.has(job_id)) return;
      const job = await past.job(job_id);
      if (job !== undefined) this.#jobs.set(job_id, job);
    } else if (type === 'incident.reopened' || type === 'incident.resolved' || type === 'incident.reviewed') {
      const known = this.#incidents.has(body.id) ? undefined : past.incident(body.id);
      if (known !== undefined) this.#incidents.set(body.id, known);
    }
  }

  /** @param day The day it belongs to; undefined before the first one. */
  apply(record: LedgerRecord, day: DayLog | undefined): void {
    applyOpen(this.#open, record);
    switch (record.type) {
      case 'job.queued':
        this.#queued(record.body);
        break;
      case 'job.attempt':
        this.#attempted(record, day);
        break;
      case 'admin.event':
        if (day !== undefined) this.#admin(record, day);
        break;
      case 'config.version':
        if (day !== undefined && this.#project === undefined)
          keep(day.changed, {
            at: record.ts,
            what: `${record.body.config_name} is in force in version ${record.body.config_version}`,
          });
        break;
      case 'incident.opened': {
        const { id, title, project, env, severity } = record.body;
        this.#incidents.set(id, { title, project });
        this.#incident(day, record, `Opened on ${project}/${env} (${severity}): ${title}`);
        break;
      }
      case 'incident.reopened':
        this.#incident(day, record, `Again: ${this.#incidents.get(record.body.id)?.title ?? ''}`);
        break;
      case 'incident.resolved':
        this.#incident(day, record, `Resolved: ${this.#incidents.get(record.body.id)?.title ?? ''}`);
        break;
      case 'incident.reviewed':
        this.#incident(day, record, `Reviewed: ${this.#incidents.get(record.body.id)?.title ?? ''}`);
        if (day !== undefined && this.#isMine(this.#incidents.get(record.body.id)?.project))
          this.#actions.push(
            ...record.body.actions.map(({ text, owner }) => ({
              text: `${text} (${owner})`,
              command: `reeve incidents show ${record.body.id}`,
            })),
          );
        this.#incidents.delete(record.body.id);
        break;
      case 'drill.result':
        if (record.body.verdict === 'FAIL' && day !== undefined && this.#isMine(record.body.project))
          this.#actions.push({
            text: `find out why the drill ${record.body.drill} failed`,
            command: `reeve jobs show ${record.body.job_id}`,
          });
        break;
    }
  }

  #isMine(project: string | undefined): boolean {
    return this.#project === undefined || project === this.#project;
  }

  #queued({ job, title }: RecordBody<'job.queued'>): void {
    const told = toldJob(job, title ?? job.runbook);
    if (told !== undefined) this.#jobs.set(job.job_id, told);
  }

  #attempted({ ts, body }: LedgerRecord<'job.attempt'>, day: DayLog | undefined): void {
    const { job_id, status } = body.attempt;
    const job = this.#jobs.get(job_id);
    if (job === undefined || !isTerminal(status)) return;
    // A job that failed may be tried again under the same id.
    if (status === 'PASS' || status === 'SKIPPED') this.#jobs.delete(job_id);
    if (day === undefined || !this.#isMine(job.project) || body.retry_at !== undefined) return;
    const passed = status === 'PASS' || status === 'SKIPPED';
    if (!job.parent) day.verdicts[verdictOf(status)] += 1;
    // Who called it tells how it ended.
    if (job.parent && passed) return;
    if (job.slot && passed && ['run', 'run_drill'].includes(job.action)) {
      day.routine.set(job.runbook, (day.routine.get(job.runbook) ?? 0) + 1);
      return;
    }
    keep(passed ? day.changed : day.failed, {
      at: ts,
      what: `${job.title} (${job.action.replaceAll('_', ' ')}, ${job.project}/${job.env}): ${status}`,
      by: job.by,
      why: passed ? job.reason : (body.why ?? job.reason),
      outputs: body.outputs,
      ref: job_id,
    });
  }

  #admin({ ts, body, seq }: LedgerRecord<'admin.event'>, day: DayLog): void {
    const { action_type, actor, reason, targets = [], result, after } = body;
    if (result?.status !== 'done') return;
    const list = CHANGES.has(action_type) ? day.changed : DECISIONS.has(action_type) ? day.decisions : null;
    if (list === null) return;
    const projects = targets.filter(({ kind }) => kind === 'project').map(({ id }) => id);
    if (this.#project !== undefined && !projects.includes(this.#project)) return;
    const on = targets.slice(0, 3).map(({ kind, id }) => `${kind} ${id}`);
    const noted = action_type === 'note' && isText(after) ? `: ${after.text}` : '';
    keep(list, {
      at: ts,
      what: `${capital(action_type.replaceAll('_', ' '))}${on.length === 0 ? '' : ` (${on.join(', ')})`}${noted}`,
      by: actor.person,
      why: reason,
      ref: `ledger ${seq}`,
    });
  }

  #incident(
    day: DayLog | undefined,
    {
      ts,
      body,
    }: LedgerRecord<'incident.opened' | 'incident.reopened' | 'incident.resolved' | 'incident.reviewed'>,
    what: string,
  ): void {
    if (day === undefined || !this.#isMine(this.#incidents.get(body.id)?.project)) return;
    const why = 'why' in body ? body.why : 'summary' in body ? body.summary : undefined;
    keep<Entry>(day.incidents, { at: ts, what, by: body.by, why, ref: body.id });
  }
}

const verdictOf = (status: TerminalStatus): keyof DayLog['verdicts'] => {
  if (status === 'PASS' || status === 'SKIPPED') return 'passed';
  return status === 'FAIL' || status === 'TIMED_OUT' ? 'failed' : 'other';
};
const isText = (value: unknown): value is { text: string } =>
  typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string';
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
