import { ReeveError } from '../../../contracts/errors.ts';
import type { EstateConfig } from '../../../contracts/estate.ts';
import type { LinearSpec } from '../../../contracts/estate/integrations.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import type { LinearChange } from '../../../contracts/records/linear.ts';
import { own } from '../../own.ts';
import type { Incidents, IncidentView } from '../../ports/incidents.ts';
import type { People } from '../../ports/people.ts';
import { block, cut, oneLine } from '../../text.ts';
import { causeOf, FROM_LINEAR, RESOLVED_THERE } from './mirror.ts';
import { CommentEvent, IssueEvent } from './payload.ts';
import { isOvertaken, madeAt, toKnow, type Known } from './order.ts';
import { movedTo, placeIn } from './place.ts';
import type { LinearState } from './projection.ts';
import { severityOf } from './words.ts';

export interface HearDeps {
  incidents: Pick<Incidents, 'open' | 'acknowledge' | 'note' | 'said' | 'resolve' | 'get'>;
  people: Pick<People, 'allows'>;
  config(): EstateConfig;
  /** The label that opens an incident, and where. */
  opens(): LinearSpec['opens'];
  state(): LinearState;
  /** Durable when it resolves. */
  know(known: Known): Promise<void>;
  /** ms */
  now(): number;
}

type Before = NonNullable<IssueEvent['updatedFrom']>;

/** What came of a delivery. */
export type Heard = Omit<RecordBody<'linear.heard'>, 'delivery' | 'of' | 'job' | 'seen'>;

/**
 * What people did in Linear, done here as those people, if they may. What is so already is left alone, so what Reeve itself
 * did over there comes back to nothing. Once more with the same delivery it changes nothing more.
 */
export class Hearer {
  readonly #deps: HearDeps;

  constructor(deps: HearDeps) {
    this.#deps = deps;
  }

  async hear(payload: unknown): Promise<Heard[]> {
    const comment = CommentEvent.safeParse(payload);
    if (comment.success) return this.#comment(comment.data);
    const issue = IssueEvent.safeParse(payload);
    return issue.success ? this.#issue(issue.data) : [];
  }

  async #comment({ action, actor, data }: CommentEvent): Promise<Heard[]> {
    const { issueId: issue, body, id } = data;
    if (issue == null || action !== 'create' || this.#deps.state().recent.includes(id)) return [];
    const incident = this.#incidentOf(issue);
    if (incident === undefined || this.#deps.incidents.said(incident.id, `${FROM_LINEAR}${id}`)) return [];
    return this.#as(actor?.id ?? data.userId, issue, incident, async (person) => {
      await this.#deps.incidents.note(incident.id, person, block(body, 3000), `${FROM_LINEAR}${id}`);
      return { did: 'noted', why: `a comment of ${person}` };
    });
  }

  async #issue(event: IssueEvent): Promise<Heard[]> {
    const { data, action, actor, updatedFrom, url } = event;
    const { id: issue, identifier, state, assigneeId } = data;
    const incident = this.#incidentOf(issue);
    if (incident === undefined) return this.#label(event);
    const seen = { identifier, ...(url == null ? {} : { url }) };
    const heard: Heard[] = [];
    const at = madeAt(event);
    /** Whether it is the newest that is known of this; that is remembered before anything comes of it. */
    const isNewest = async (of: LinearChange): Promise<boolean> => {
      if (isOvertaken(this.#deps.state(), incident.id, of, at)) {
        const why = `${identifier} was changed again since, and that was heard first`;
        heard.push({ issue, incident: incident.id, did: 'refused', why });
        return false;
      }
      const known = toKnow(this.#deps.state(), { issue, incident: incident.id }, of, at);
      if (known !== undefined) await this.#deps.know(known);
      return true;
    };
    const changed = async (what: 'assigneeId' | 'stateId', of: LinearChange): Promise<boolean> =>
      action === 'update' && updatedFrom != null && what in updatedFrom && isNewest(of);
    if (placeIn(event) !== undefined && (await isNewest('place')))
      heard.push(...(await this.#moved(event, incident, at)));
    if (await changed('assigneeId', 'assignee'))
      heard.push(...(await this.#assigned(issue, incident, { assigneeId, actor: actor?.id, identifier })));
    if (updatedFrom != null && (await changed('stateId', 'state'))) {
      const closed = state.type === 'completed' || state.type === 'canceled' || state.type === 'duplicate';
      const open = this.#isOpen(incident.id);
      if (closed && open)
        heard.push(
          ...(await this.#as(actor?.id, issue, incident, async (person) => {
            const why = `${RESOLVED_THERE}${identifier} is ${oneLine(state.name, 80)}`;
            await this.#deps.incidents.resolve(incident.id, person, why);
            return { did: 'resolved', why, closed: true };
          })),
        );
      if (!closed && !open && this.#wasClosed(issue, incident.id, updatedFrom))
        heard.push(
          ...(await this.#conflict(
            issue,
            incident,
            { ...seen, closed: false },
            `${identifier} was opened again in Linear (${oneLine(state.name, 80)}); the incident here stays resolved`,
          )),
        );
    }
    return heard.map((one) => ({ ...seen, ...one }));
  }

  /** Archived, in the trash, deleted, or back: an open incident goes on without its issue, and that is said. */
  async #moved(event: IssueEvent, incident: IncidentView, at: number | undefined): Promise<Heard[]> {
    const { data } = event;
    const { id: issue, identifier } = data;
    const now = placeIn(event);
    const before = own(this.#deps.state().links, incident.id)?.place ?? 'there';
    if (now === undefined || now === before) return [];
    const why = movedTo(identifier, before, now);
    const isOpen = this.#isOpen(incident.id);
    // What is over is archived sooner or later.
    if (!isOpen) return [{ issue, incident: incident.id, place: now, did: 'moved', why }];
    const key = `moved:${issue}:${now}:${at ?? ''}`;
    if (now !== 'there')
      return this.#conflict(issue, incident, { place: now }, `${why}; the incident goes on`, key);
    await this.#deps.incidents.note(incident.id, 'daemon', why, key);
    return [{ issue, incident: incident.id, place: now, did: 'moved', why }];
  }

  /**
   * Whether it was closed before it was changed. Linear may say so, and need not: else it was if nobody told us otherwise and
   * we have not still to close it ourselves.
   */
  #wasClosed(issue: string, incident: string, { completedAt, canceledAt }: Before): boolean {
    if ((completedAt ?? canceledAt) != null) return true;
    const { links, waiting } = this.#deps.state();
    if (own(links, incident)?.closed === false) return false;
    return !Object.values(waiting).some((one) => one.issue === issue && one.work.kind === 'state');
  }

  /** Who is assigned has taken it on. */
  async #assigned(
    issue: string,
    incident: IncidentView,
    {
      assigneeId,
      actor,
      identifier,
    }: { assigneeId: string | null | undefined; actor: string | undefined; identifier: string },
  ): Promise<Heard[]> {
    if (!this.#isOpen(incident.id) || assigneeId == null) return [];
    const taker = this.#personOf(assigneeId);
    const { acknowledged_by: by } = this.#deps.incidents.get(incident.id);
    if (taker !== undefined && taker === by) return [];
    return this.#as(actor, issue, incident, async (person) => {
      if (taker === undefined)
        return { did: 'refused', why: `${identifier} is assigned to somebody who is nobody here` };
      if (!this.#deps.people.allows(taker, 'run', incident.project, incident.env))
        return {
          did: 'refused',
          why: `${taker} may not take on what happens in ${incident.project}/${incident.env}`,
        };
      await this.#deps.incidents.acknowledge(
        incident.id,
        taker,
        taker === person
          ? `assigned in Linear (${identifier})`
          : `assigned by ${person} in Linear (${identifier})`,
      );
      return { did: 'acknowledged', why: `${identifier} is assigned to ${taker}` };
    });
  }

  /** A person who puts the label on an issue opens an incident. */
  async #label({ action, actor, data, updatedFrom, url }: IssueEvent): Promise<Heard[]> {
    const opens = this.#deps.opens();
    const { id: issue, identifier } = data;
    if (opens === undefined || action === 'remove' || own(this.#deps.state().others, issue) !== undefined)
      return [];
    const label = data.labels.find(({ name }) => name === opens.label);
    if (label === undefined) return [];
    const before = updatedFrom?.labelIds;
    if (action === 'update' && (before == null || before.includes(label.id))) return [];
    const place = { project: opens.project, env: opens.env };
    return this.#as(actor?.id, issue, place, async (person) => {
      const { id } = await this.#deps.incidents.open({
        title: oneLine(data.title, 140) || identifier,
        severity: severityOf(data.priority),
        source: 'person',
        cause: causeOf(issue),
        ...place,
        text: block(`${identifier}${url == null ? '' : ` ${url}`}\n\n${data.description ?? ''}`, 3500),
        began: this.#deps.now(),
        by: person,
      });
      const seen = { identifier, ...(url == null ? {} : { url }) };
      return {
        ...seen,
        incident: id,
        did: 'opened',
        why: `${person} put the label ${opens.label} on ${identifier}`,
      };
    });
  }

  /** Runs `act` as the person behind an account of Linear; refuses in words where that is nobody, or may not. */
  async #as(
    account: string | null | undefined,
    issue: string,
    place: { id?: string; project: string; env: string },
    act: (person: string) => Promise<Pick<Heard, 'did' | 'why'> & Partial<Heard>>,
  ): Promise<Heard[]> {
    const about = { issue, ...(place.id === undefined ? {} : { incident: place.id }) };
    const person = account == null ? undefined : this.#personOf(account);
    if (person === undefined)
      return [
        {
          ...about,
          did: 'refused',
          why: `who did it in Linear (${oneLine(account ?? 'nobody named', 64)}) is nobody here`,
        },
      ];
    if (!this.#deps.people.allows(person, 'run', place.project, place.env))
      return [
        { ...about, did: 'refused', why: `${person} may not do that in ${place.project}/${place.env}` },
      ];
    try {
      return [{ ...about, ...(await act(person)) }];
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      return [{ ...about, did: 'refused', why: cut(error.message, 400) }];
    }
  }

  /** Said on both sides: as a note here, which becomes a comment there. */
  async #conflict(
    issue: string,
    incident: IncidentView,
    seen: Partial<Heard>,
    why: string,
    key = `conflict:${issue}:${why}`.slice(0, 200),
  ): Promise<Heard[]> {
    await this.#deps.incidents.note(incident.id, 'daemon', why, key);
    return [{ issue, incident: incident.id, ...seen, did: 'conflict', why }];
  }

  #isOpen(id: string): boolean {
    const { state } = this.#deps.incidents.get(id);
    return state === 'open' || state === 'acknowledged';
  }

  #incidentOf(issue: string): IncidentView | undefined {
    const id = own(this.#deps.state().incidents, issue);
    if (id === undefined) return undefined;
    try {
      return this.#deps.incidents.get(id);
    } catch {
      // So old that it is no longer kept.
      return undefined;
    }
  }

  #personOf(account: string): string | undefined {
    return Object.entries(this.#deps.config().people).find(([, { linear }]) => linear.includes(account))?.[0];
  }
}
