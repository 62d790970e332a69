import type { Verb } from '../../../contracts/estate.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import type { Caller } from '../../ports/door.ts';
import type { ServerDeps } from '../context.ts';
import { placeOf } from './place.ts';

interface Where {
  project: string;
  env: string;
}

/** Jobs whose place is remembered per stream. */
const REMEMBERED = 500;

/** What one caller may see. Roles are asked anew for every record, so a role taken away ends the view at once. */
export class Sight {
  readonly #deps: Pick<ServerDeps, 'access' | 'projects' | 'jobs'>;
  readonly #caller: Caller;
  /** Undefined value: there is no such job any more. */
  readonly #jobs = new Map<string, Where | undefined>();

  constructor(deps: Pick<ServerDeps, 'access' | 'projects' | 'jobs'>, caller: Caller) {
    this.#deps = deps;
    this.#caller = caller;
  }

  /** Answers at once when it can, for records in a burst; otherwise after looking the job up. */
  record(record: LedgerRecord): boolean | Promise<boolean> {
    if (record.type === 'job.queued') {
      this.#remember(record.body.job.job_id, record.body.job);
    }
    const place = placeOf(record);
    switch (place.of) {
      case 'everyone':
        return this.#deps.access(this.#caller, 'subscribe');
      case 'estate':
        return this.#whole();
      case 'projects':
        return place.projects.some((p) => this.#deps.access(this.#caller, 'subscribe', p.project, p.env));
      case 'job':
        return this.job(place.job);
    }
  }

  job(id: string): boolean | Promise<boolean> {
    return this.#allowed(id, ['subscribe']);
  }

  /** What a step prints: what its stored log needs, too. */
  lines(id: string): boolean | Promise<boolean> {
    return this.#allowed(id, ['subscribe', 'read']);
  }

  #allowed(id: string, verbs: readonly Verb[]): boolean | Promise<boolean> {
    if (this.#jobs.has(id)) return this.#at(this.#jobs.get(id), verbs);
    return this.#lookUp(id, verbs);
  }

  async #lookUp(id: string, verbs: readonly Verb[]): Promise<boolean> {
    const where = await this.#deps.jobs.get(id).then(
      (job) => job.spec,
      () => undefined,
    );
    this.#remember(id, where);
    return this.#at(where, verbs);
  }

  #at(where: Where | undefined, verbs: readonly Verb[]): boolean {
    return verbs.every((verb) =>
      where === undefined
        ? this.#whole(verb)
        : this.#deps.access(this.#caller, verb, where.project, where.env),
    );
  }

  #whole(verb: Verb = 'subscribe'): boolean {
    return this.#deps.projects().every((project) => this.#deps.access(this.#caller, verb, project));
  }

  #remember(id: string, where: Where | undefined): void {
    this.#jobs.set(id, where === undefined ? undefined : { project: where.project, env: where.env });
    if (this.#jobs.size > REMEMBERED) {
      const [oldest] = this.#jobs.keys();
      if (oldest !== undefined) this.#jobs.delete(oldest);
    }
  }
}
