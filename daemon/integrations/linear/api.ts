import type * as Sdk from '@linear/sdk';
import type { RecordBody } from '../../../contracts/record.ts';
import { sha256Hex } from '../../digest.ts';
import { Changes, type Request } from './changes.ts';
import { LinearProblem } from './problem.ts';

type Queued = RecordBody<'linear.queued'>;
type Work<K extends Queued['work']['kind']> = Extract<Queued['work'], { kind: K }>;

export interface Outcome {
  outcome: 'done' | 'conflict' | 'gone';
  identifier?: string;
  url?: string;
  /** Digest of title and description as they stand there. */
  as?: string;
  why?: string;
}

/** What we did to an issue before. */
export interface Known {
  /** The user that we assigned last, if we did. */
  assigned: string | null;
  /** Digest of what we wrote. */
  as: string | null;
}

const digestOf = ({ title, description }: Pick<Sdk.Issue, 'title' | 'description'>): string =>
  sha256Hex(`${title}\n${description ?? ''}`);

interface Team {
  id: string;
  states: Sdk.WorkflowState[];
  triage: string | undefined;
}

/** Does one piece of work in Linear; doing it again changes nothing more. Rejects LinearProblem. */
export class LinearApi {
  readonly #sdk: Sdk.LinearSdk;
  readonly #request: Request;
  readonly #key: string;
  readonly #teams = new Map<string, Promise<Team>>();
  /** By team and name. */
  readonly #labels = new Map<string, string>();

  constructor(sdk: Sdk.LinearSdk, request: Request, team: string) {
    this.#sdk = sdk;
    this.#request = request;
    this.#key = team;
  }

  /** Reads what was changed there. */
  get changes(): Changes {
    return new Changes(this.#request, this.#key);
  }

  async perform({ issue, work }: Pick<Queued, 'issue' | 'work'>, known: Known): Promise<Outcome> {
    switch (work.kind) {
      case 'issue':
        return this.#create(issue, work);
      case 'comment':
        return this.#comment(issue, work);
      case 'assign':
        return this.#assign(issue, work, known.assigned);
      case 'state':
        return this.#state(issue, work);
      case 'revise':
        return this.#revise(issue, work, known.as);
    }
  }

  async #create(id: string, work: Work<'issue'>): Promise<Outcome> {
    const team = await this.#teamOf(work.team ?? this.#key);
    const labels = await this.#labelIds(team.id, work.labels);
    const stateId = work.purpose === 'capture' || work.purpose === 'todo' ? draftState(team) : undefined;
    try {
      await this.#sdk.createIssue({
        id,
        teamId: team.id,
        title: work.title,
        description: work.body,
        priority: work.priority,
        labelIds: labels.ids,
        ...(work.assignee === undefined ? {} : { assigneeId: work.assignee }),
        ...(stateId === undefined ? {} : { stateId }),
      });
    } catch (error) {
      // Whatever it says of an id that is taken: if the issue is there, an earlier try made it, wherever people put it since.
      if (!(error instanceof LinearProblem) || error.kind === 'limited' || error.kind === 'refused')
        throw error;
      const there = await this.#read(id);
      if (there === undefined) {
        // A team, a state or a label may be another by now: the next try asks for them anew.
        this.#teams.clear();
        this.#labels.clear();
        throw error;
      }
      return { outcome: 'done', identifier: there.identifier, url: there.url, as: digestOf(there) };
    }
    const made = await this.#sdk.issue(id);
    const missing =
      labels.missing.length === 0 ? {} : { why: `Linear has no label ${labels.missing.join(', ')}` };
    return {
      outcome: 'done',
      identifier: made.identifier,
      url: made.url,
      as: digestOf(made),
      ...missing,
    };
  }

  async #comment(issueId: string, { comment: id, body }: Work<'comment'>): Promise<Outcome> {
    try {
      await this.#sdk.createComment({ id, issueId, body });
      return { outcome: 'done' };
    } catch (error) {
      if (!(error instanceof LinearProblem) || error.kind === 'limited' || error.kind === 'refused')
        throw error;
      const there = await this.#sdk.comment({ id }).catch(() => undefined);
      if (there !== undefined) return { outcome: 'done' };
      if (error.kind !== 'down' && (await this.#find(issueId)) === undefined)
        return { outcome: 'gone', why: error.message };
      throw error;
    }
  }

  async #assign(id: string, { assignee }: Work<'assign'>, assigned: string | null): Promise<Outcome> {
    const issue = await this.#find(id);
    if (issue === undefined) return { outcome: 'gone', why: 'the issue is no more' };
    const there = issue.assigneeId ?? null;
    if (there === assignee) return { outcome: 'done' };
    if (there !== null && there !== assigned)
      return {
        outcome: 'conflict',
        why: `${issue.identifier} is assigned to somebody else in Linear, and stays so`,
      };
    await this.#sdk.updateIssue(id, { assigneeId: assignee });
    return { outcome: 'done' };
  }

  async #state(id: string, { to }: Work<'state'>): Promise<Outcome> {
    const issue = await this.#find(id);
    if (issue === undefined) return { outcome: 'gone', why: 'the issue is no more' };
    const state = await issue.state;
    const closed = state?.type === 'completed' || state?.type === 'canceled' || state?.type === 'duplicate';
    if (to === 'open' ? !closed : state?.type === 'completed') return { outcome: 'done' };
    if (to === 'completed' && closed)
      return { outcome: 'conflict', why: `${issue.identifier} is ${state.name} in Linear, and stays so` };
    if (to === 'open' && state?.type !== 'completed')
      return {
        outcome: 'conflict',
        why: `${issue.identifier} is ${state?.name ?? 'closed'} in Linear, and stays so`,
      };
    const team = await issue.team;
    const states = (await team?.states())?.nodes ?? [];
    const next = firstOf(states, to === 'completed' ? ['completed'] : ['started', 'unstarted', 'backlog']);
    if (next === undefined) throw new LinearProblem('invalid', `its team has no state that is ${to}`);
    await this.#sdk.updateIssue(id, { stateId: next.id });
    return { outcome: 'done' };
  }

  /** What stands there is replaced where it is what we wrote: people's words are theirs. */
  async #revise(id: string, { title, body }: Work<'revise'>, as: string | null): Promise<Outcome> {
    const issue = await this.#find(id);
    if (issue === undefined) return { outcome: 'gone', why: 'the issue is no more' };
    const isThere = issue.title === title && (issue.description ?? '') === body;
    if (!isThere && digestOf(issue) !== as)
      return { outcome: 'conflict', why: `${issue.identifier} was changed in Linear, and stays so` };
    if (!isThere) await this.#sdk.updateIssue(id, { title, description: body });
    const now = isThere ? issue : ((await this.#find(id)) ?? issue);
    return { outcome: 'done', as: digestOf(now) };
  }

  /** Undefined for one in the trash, too. */
  async #find(id: string): Promise<Sdk.Issue | undefined> {
    const issue = await this.#read(id);
    return issue?.trashed === true ? undefined : issue;
  }

  async #read(id: string): Promise<Sdk.Issue | undefined> {
    try {
      return await this.#sdk.issue(id);
    } catch (error) {
      // Only that: what Linear merely does not like to be asked is no reason to give up what waits for the issue.
      if (error instanceof LinearProblem && error.kind === 'gone') return undefined;
      throw error;
    }
  }

  #teamOf(key: string): Promise<Team> {
    const known = this.#teams.get(key);
    if (known !== undefined) return known;
    const team = this.#readTeam(key).catch((error: unknown) => {
      this.#teams.delete(key);
      throw error;
    });
    this.#teams.set(key, team);
    return team;
  }

  async #readTeam(key: string): Promise<Team> {
    const { nodes } = await this.#sdk.teams({ filter: { key: { eq: key } } });
    const [team] = nodes;
    if (team === undefined)
      throw key === this.#key
        ? new LinearProblem('refused', `the key may see no team ${key} (integrations.linear.team)`)
        : new LinearProblem('invalid', `the key may see no team ${key} (sync.todos.linear.teams)`);
    const states = await team.states();
    return { id: team.id, states: states.nodes, triage: team.triageIssueStateId };
  }

  /** Ids by name, of the team's labels and the workspace's. */
  async #labelIds(team: string, names: readonly string[]): Promise<{ ids: string[]; missing: string[] }> {
    const at = (name: string): string => `${team} ${name}`;
    const unknown = names.filter((name) => !this.#labels.has(at(name)));
    if (unknown.length > 0) {
      let page = await this.#sdk.issueLabels({ filter: { name: { in: unknown } } });
      for (;;) {
        for (const { id, name, teamId } of page.nodes)
          if (teamId === undefined || teamId === team) this.#labels.set(at(name), id);
        if (!page.pageInfo.hasNextPage) break;
        page = await page.fetchNext();
      }
    }
    return {
      ids: names.flatMap((name) => this.#labels.get(at(name)) ?? []),
      missing: names.filter((name) => !this.#labels.has(at(name))),
    };
  }
}

/** Where what nobody has looked at waits: triage, or else the backlog. */
const draftState = ({ states, triage }: Team): string | undefined =>
  triage ?? firstOf(states, ['backlog', 'unstarted'])?.id;

function firstOf(
  states: readonly Sdk.WorkflowState[],
  types: readonly string[],
): Sdk.WorkflowState | undefined {
  for (const type of types) {
    const fitting = states.filter((state) => state.type === type).toSorted((a, b) => a.position - b.position);
    if (fitting[0] !== undefined) return fitting[0];
  }
  return undefined;
}
