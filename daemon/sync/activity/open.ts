import type { LedgerRecord } from '../../../contracts/record.ts';
import type { Step } from './entries.ts';

/** What keeps something from going on, by its own key, and what a person can do about it. */
interface Open {
  blocker: string;
  next: Step | undefined;
  project: string | undefined;
}

/** What is open as the ledger is read: halts, incidents, requests, unknown outcomes, suspended mandates. */
export class OpenThings {
  readonly #open = new Map<string, Open>();

  /** @param titleOf What a job is called, while it is remembered. */
  apply(
    record: LedgerRecord,
    titleOf: (job: string) => { title: string; project: string } | undefined,
  ): void {
    switch (record.type) {
      case 'halt.set': {
        const { scope, by, reason } = record.body;
        const project = scope === 'all' ? undefined : scope.project;
        const flag = project === undefined ? '' : ` --project ${project}`;
        this.#set(`halt ${project ?? ''}`, {
          blocker: `${project ?? 'Everything'} is halted by ${by}: ${reason}`,
          next: { text: 'lift the halt when its reason is over', command: `reeve resume${flag}` },
          project,
        });
        break;
      }
      case 'halt.lifted':
        this.#open.delete(`halt ${record.body.scope === 'all' ? '' : record.body.scope.project}`);
        break;
      case 'work.paused': {
        const { by, reason } = record.body;
        this.#set('pause', { blocker: `New work is paused by ${by}: ${reason}`, next: undefined });
        break;
      }
      case 'work.resumed':
        this.#open.delete('pause');
        break;
      case 'incident.opened': {
        const { id, title, severity, project, env } = record.body;
        this.#set(id, {
          blocker: `Incident, ${severity}, on ${project}/${env}: ${title}`,
          next: { text: `see "${title}" through`, command: `reeve incidents show ${id}` },
          project,
        });
        this.#titles.set(id, { title, project, severity });
        break;
      }
      case 'incident.reopened': {
        const known = this.#titles.get(record.body.id);
        if (known !== undefined)
          this.#set(record.body.id, {
            blocker: `Incident, again: ${known.title}`,
            next: { text: `see "${known.title}" through`, command: `reeve incidents show ${record.body.id}` },
            project: known.project,
          });
        this.#open.delete(`review ${record.body.id}`);
        break;
      }
      case 'incident.resolved': {
        const { id } = record.body;
        this.#open.delete(id);
        const known = this.#titles.get(id);
        if (known?.severity === 'page')
          this.#set(`review ${id}`, {
            blocker: '',
            next: { text: `review "${known.title}"`, command: `reeve incidents review ${id}` },
            project: known.project,
          });
        break;
      }
      case 'incident.reviewed':
        this.#open.delete(`review ${record.body.id}`);
        this.#titles.delete(record.body.id);
        break;
      case 'grant.requested': {
        const { id, by, cap, project } = record.body;
        this.#set(id, {
          blocker: `${cap} on ${project} by ${by} waits for approval (${id})`,
          next: { text: `answer ${by}, who asks for ${cap}`, command: `reeve grant show ${id}` },
          project,
        });
        this.#needs.set(id, record.body.needs);
        break;
      }
      case 'grant.approved': {
        const { id } = record.body;
        const left = (this.#needs.get(id) ?? 1) - 1;
        this.#needs.set(id, left);
        if (left <= 0) this.#closed(id);
        break;
      }
      case 'grant.denied':
      case 'grant.expired':
        this.#closed(record.body.id);
        break;
      case 'review.opened':
        this.#set(record.body.id, {
          blocker: `A broken glass waits for its review: ${record.body.reason}`,
          next: { text: 'review it', command: `reeve review close ${record.body.id}` },
        });
        break;
      case 'review.closed':
        this.#open.delete(record.body.id);
        break;
      case 'mandate.suspended': {
        const { id, why } = record.body;
        this.#set(`mandate ${id}`, {
          blocker: `${id} does not run: ${why}`,
          next: {
            text: 'look at the change, and accept it or take it back',
            command: `reeve config diff ${id}`,
          },
        });
        break;
      }
      case 'mandate.accepted':
        this.#open.delete(`mandate ${record.body.mandate.id}`);
        break;
      case 'heal.breaker_opened': {
        const { rule, why } = record.body;
        this.#set(`heal ${rule}`, {
          blocker: `The healing rule ${rule} heals nothing more: ${why}`,
          next: { text: 'find out why, then close its breaker', command: `reeve heal reset ${rule}` },
        });
        break;
      }
      case 'heal.breaker_closed':
        this.#open.delete(`heal ${record.body.rule}`);
        break;
      case 'rule.stopped': {
        const { rule, why } = record.body;
        this.#set(`rule ${rule}`, {
          blocker: `The rule ${rule} starts nothing more: ${why}`,
          next: { text: 'find out why, then let it start again', command: `reeve rules reset ${rule}` },
        });
        break;
      }
      case 'rule.reset':
        this.#open.delete(`rule ${record.body.rule}`);
        break;
      case 'job.attempt': {
        const { job_id, status } = record.body.attempt;
        if (status !== 'UNKNOWN') {
          this.#open.delete(job_id);
          break;
        }
        const job = titleOf(job_id);
        this.#set(job_id, {
          blocker: `${job?.title ?? 'A job'} has an unknown outcome (${job_id})`,
          next: { text: 'look what it did, and say so', command: `reeve jobs resolve ${job_id}` },
          project: job?.project,
        });
        break;
      }
      case 'job.resolved':
        this.#open.delete(record.body.job_id);
        break;
    }
  }

  /** As it is now: of everything, or of one project. */
  now(project: string | undefined): { blockers: string[]; next: Step[] } {
    const mine = [...this.#open.values()].filter((one) => project === undefined || one.project === project);
    return {
      blockers: mine.flatMap(({ blocker }) => (blocker === '' ? [] : [blocker])),
      next: mine.flatMap(({ next }) => next ?? []),
    };
  }

  /** Incidents until they are reviewed, and approvals that requests still need. */
  readonly #titles = new Map<string, { title: string; project: string; severity: string }>();
  readonly #needs = new Map<string, number>();

  #set(key: string, open: Omit<Open, 'project'> & { project?: string | undefined }): void {
    this.#open.set(key, { project: undefined, ...open });
  }
  #closed(request: string): void {
    this.#open.delete(request);
    this.#needs.delete(request);
  }
}
