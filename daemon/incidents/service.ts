import { fail } from '../../contracts/errors.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Incidents, OpenIncident, TimelineEntry } from '../ports/incidents.ts';
import { block } from '../text.ts';
import type { IncidentBook } from './book.ts';
import { renderPostmortem, type DraftDeps } from './draft.ts';
import type { Keeper } from './keeper.ts';
import { timelineOf } from './timeline.ts';

export interface ServiceDeps extends DraftDeps {
  keeper: Pick<Keeper, 'look' | 'settled'>;
  clean(text: string): string;
}

/** What people and other features ask for; what follows from it (alerts, healing, drafts) is the keeper's. */
export class IncidentService implements Omit<Incidents, 'get' | 'list' | 'heals' | 'said'> {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  get #book(): IncidentBook {
    return this.#deps.book;
  }

  open(incident: OpenIncident): Promise<{ id: string; existing: boolean }> {
    return this.#book.open(incident);
  }
  acknowledge(id: string, by: string, note: string): Promise<void> {
    return this.#book.acknowledge(id, by, note);
  }
  note(...note: Parameters<Incidents['note']>): Promise<void> {
    return this.#book.note(...note);
  }
  link(id: string, link: Omit<RecordBody<'incident.linked'>, 'id'>): Promise<void> {
    return this.#book.link(id, link);
  }
  resolve(id: string, by: string, why: string, ended?: number): Promise<void> {
    return this.#book.resolve(id, by, why, ended);
  }

  async review(
    id: string,
    by: string,
    summary: string,
    actions: { text: string; owner: string }[],
  ): Promise<{ path: string | null; artifact: ArtifactRef }> {
    await this.#book.review(id, by, summary, actions);
    this.#deps.keeper.look();
    await this.#deps.keeper.settled();
    const { postmortem } = this.#book.view(id);
    if (postmortem === null || !postmortem.final)
      throw fail('INTERNAL', {
        why: `the review of ${id} is recorded, its postmortem was not written`,
        log: 'the log',
      });
    return { path: postmortem.path, artifact: postmortem.artifact };
  }

  postmortem(id: string): Promise<string> {
    return renderPostmortem(this.#deps, structuredClone(this.#book.row(id)));
  }

  timeline(id: string): Promise<TimelineEntry[]> {
    return timelineOf(this.#deps.ledger, this.#book.row(id));
  }

  async resetBreaker(rule: string, by: string, reason: string): Promise<void> {
    if (!Object.hasOwn(this.#deps.config.current().config.healing, rule))
      throw fail('HEAL_UNKNOWN', { rule });
    await this.#deps.ledger.append('heal.breaker_closed', {
      rule,
      by,
      reason: block(this.#deps.clean(reason), 1900),
    });
  }
}
