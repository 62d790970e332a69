import { randomUUID } from 'node:crypto';

export interface User {
  id: string;
  name: string;
}
export interface State {
  id: string;
  name: string;
  type: string;
  position: number;
}
export interface Label {
  id: string;
  name: string;
  teamId?: string;
}
export interface Comment {
  id: string;
  body: string;
  issueId: string;
  userId: string;
  createdAt: string;
  updatedAt: string;
}
/** What was done to an issue. */
export interface Happening {
  id: string;
  createdAt: string;
  actorId: string;
  fromStateId?: string;
  toStateId?: string;
  fromAssigneeId?: string | null;
  toAssigneeId?: string | null;
  addedLabelIds?: string[];
}
export interface Issue {
  id: string;
  number: number;
  teamId: string;
  title: string;
  description: string;
  priority: number;
  stateId: string;
  assigneeId: string | null;
  labelIds: string[];
  creatorId: string;
  completedAt: string | null;
  canceledAt: string | null;
  archivedAt: string | null;
  trashed: boolean;
  createdAt: string;
  updatedAt: string;
  history: Happening[];
}
/** What a webhook is sent about. */
export interface Change {
  type: 'Issue' | 'Comment';
  action: 'create' | 'update' | 'remove' | 'restore';
  actor: User;
  of: Issue | Comment;
  updatedFrom?: Record<string, unknown>;
}

/** An error as Linear words it. */
export class Wrong extends Error {
  readonly extensions: Record<string, unknown>;
  constructor(message: string, presentable: string) {
    super(message);
    this.extensions = {
      type: 'invalid input',
      code: 'INPUT_ERROR',
      statusCode: 400,
      userError: true,
      userPresentableMessage: presentable,
    };
  }
}

const now = (): string => new Date().toISOString();

function happened(actor: User, issue: Issue, from: Record<string, unknown>): Happening {
  const before = (from['labelIds'] as string[] | undefined) ?? issue.labelIds;
  return {
    id: randomUUID(),
    createdAt: now(),
    actorId: actor.id,
    ...('stateId' in from ? { fromStateId: from['stateId'] as string, toStateId: issue.stateId } : {}),
    ...('assigneeId' in from
      ? { fromAssigneeId: from['assigneeId'] as string | null, toAssigneeId: issue.assigneeId }
      : {}),
    ...('labelIds' in from ? { addedLabelIds: issue.labelIds.filter((id) => !before.includes(id)) } : {}),
  };
}

const state = (name: string, type: string, position: number): State => ({
  id: randomUUID(),
  name,
  type,
  position,
});

/** One workspace with a team OPS. */
export class LinearWorld {
  readonly users: User[] = [];
  readonly team = { id: randomUUID(), key: 'OPS', name: 'Operations', triage: true };
  /** That one first. They share their states. */
  readonly teams = [this.team];
  readonly states = [
    state('Triage', 'triage', 0),
    state('Backlog', 'backlog', 1),
    state('Todo', 'unstarted', 2),
    state('In Progress', 'started', 3),
    state('Done', 'completed', 4),
    state('Canceled', 'canceled', 5),
  ];
  readonly labels: Label[] = [];
  readonly issues: Issue[] = [];
  readonly comments: Comment[] = [];
  readonly #changed: (change: Change) => void;

  constructor(changed: (change: Change) => void) {
    this.#changed = changed;
  }

  addTeam(key: string): LinearWorld['team'] {
    const made = { id: randomUUID(), key, name: key, triage: false };
    this.teams.push(made);
    return made;
  }

  teamOf(id: string): LinearWorld['team'] {
    const found = this.teams.find((one) => one.id === id);
    if (found === undefined) throw new Wrong('Entity not found: Team', 'Could not find referenced Team.');
    return found;
  }

  user(name: string): User {
    const there = this.users.find((one) => one.name === name);
    if (there !== undefined) return there;
    const made = { id: randomUUID(), name };
    this.users.push(made);
    return made;
  }

  label(name: string, teamId?: string): Label {
    const there = this.labels.find((one) => one.name === name);
    if (there !== undefined) return there;
    const made = { id: randomUUID(), name, ...(teamId === undefined ? {} : { teamId }) };
    this.labels.push(made);
    return made;
  }

  stateNamed(name: string): State {
    const found = this.states.find((one) => one.name === name || one.id === name);
    if (found === undefined)
      throw new Wrong('Entity not found: WorkflowState', 'Could not find referenced WorkflowState.');
    return found;
  }

  /** By id or `OPS-12`. */
  issue(id: string): Issue {
    const found = this.issues.find((one) => one.id === id || this.identifier(one) === id);
    if (found === undefined) throw new Wrong('Entity not found: Issue', 'Could not find referenced Issue.');
    return found;
  }

  identifier = ({ number, teamId }: Issue): string => `${this.teamOf(teamId).key}-${number}`;
  url = (issue: Issue): string => `https://linear.app/works/issue/${this.identifier(issue)}`;

  createIssue(actor: User, input: Partial<Issue> & { title?: string; teamId?: string }): Issue {
    const { id = randomUUID(), title, teamId = '', assigneeId = null, labelIds = [] } = input;
    this.teamOf(teamId);
    this.#fresh(id, this.issues, 'Issue');
    if (title === undefined || title === '')
      throw new Wrong('Argument Validation Error', 'title should not be empty');
    if (assigneeId !== null) this.#userOf(assigneeId);
    for (const label of labelIds)
      if (!this.labels.some((one) => one.id === label))
        throw new Wrong('Entity not found: IssueLabel', 'Could not find referenced IssueLabel.');
    const stateId =
      input.stateId === undefined ? this.stateNamed('Todo').id : this.stateNamed(input.stateId).id;
    const issue: Issue = {
      id,
      number: this.issues.length + 1,
      teamId,
      title,
      description: input.description ?? '',
      priority: input.priority ?? 0,
      stateId,
      assigneeId,
      labelIds: [...labelIds],
      creatorId: actor.id,
      completedAt: null,
      canceledAt: null,
      archivedAt: null,
      trashed: false,
      createdAt: now(),
      updatedAt: now(),
      history: [],
    };
    this.issues.push(issue);
    this.#changed({ type: 'Issue', action: 'create', actor, of: issue });
    return issue;
  }

  updateIssue(
    actor: User,
    id: string,
    input: Partial<Pick<Issue, 'assigneeId' | 'stateId' | 'labelIds' | 'title' | 'description'>>,
  ): Issue {
    const issue = this.issue(id);
    const updatedFrom: Record<string, unknown> = {};
    const set = <K extends keyof Issue>(key: K, value: Issue[K]): void => {
      if (issue[key] === value) return;
      updatedFrom[key] = issue[key];
      issue[key] = value;
    };
    if (input.assigneeId !== undefined) {
      if (input.assigneeId !== null) this.#userOf(input.assigneeId);
      set('assigneeId', input.assigneeId);
    }
    if (input.stateId !== undefined) {
      const { id: to, type } = this.stateNamed(input.stateId);
      set('stateId', to);
      set('completedAt', type === 'completed' ? (issue.completedAt ?? new Date().toISOString()) : null);
      set('canceledAt', type === 'canceled' ? (issue.canceledAt ?? new Date().toISOString()) : null);
    }
    if (input.labelIds !== undefined) set('labelIds', input.labelIds);
    if (input.title !== undefined) set('title', input.title);
    if (input.description !== undefined) set('description', input.description);
    if (Object.keys(updatedFrom).length > 0) {
      issue.updatedAt = now();
      issue.history.push(happened(actor, issue, updatedFrom));
    }
    if (Object.keys(updatedFrom).length > 0)
      this.#changed({ type: 'Issue', action: 'update', actor, of: issue, updatedFrom });
    return issue;
  }

  /** Into the trash, which is archived. */
  deleteIssue(actor: User, id: string): void {
    this.#move(actor, id, { archivedAt: now(), trashed: true }, 'remove');
  }

  /** Into the archive. Who reads webhooks has seen `remove` and `update` told of it. */
  archiveIssue(actor: User, id: string, action: 'remove' | 'update' = 'remove'): void {
    this.#move(actor, id, { archivedAt: now(), trashed: false }, action);
  }

  /** Out of the archive or the trash. */
  restoreIssue(actor: User, id: string, action: 'restore' | 'update' = 'update'): void {
    this.#move(actor, id, { archivedAt: null, trashed: false }, action);
  }

  /** What was in the trash for long enough is no more. */
  purgeIssue(actor: User, id: string): void {
    const issue = this.issue(id);
    this.issues.splice(this.issues.indexOf(issue), 1);
    this.#changed({
      type: 'Issue',
      action: 'remove',
      actor,
      of: { ...issue, archivedAt: null, trashed: false },
    });
  }

  #move(actor: User, id: string, to: Pick<Issue, 'archivedAt' | 'trashed'>, action: Change['action']): void {
    const issue = this.issue(id);
    const { archivedAt, trashed } = issue;
    Object.assign(issue, to, { updatedAt: now() });
    const updatedFrom = { archivedAt, ...(trashed === to.trashed ? {} : { trashed }) };
    this.#changed({
      type: 'Issue',
      action,
      actor,
      of: issue,
      ...(action === 'update' ? { updatedFrom } : {}),
    });
  }

  createComment(actor: User, input: { id?: string; issueId?: string; body?: string }): Comment {
    const { id = randomUUID(), issueId = '', body = '' } = input;
    const issue = this.issue(issueId);
    this.#fresh(id, this.comments, 'Comment');
    const at = now();
    const comment = { id, body, issueId: issue.id, userId: actor.id, createdAt: at, updatedAt: at };
    issue.updatedAt = at;
    this.comments.push(comment);
    this.#changed({ type: 'Comment', action: 'create', actor, of: comment });
    return comment;
  }

  #userOf(id: string): void {
    if (!this.users.some((one) => one.id === id))
      throw new Wrong('Entity not found: User', 'Could not find referenced User.');
  }

  #fresh(id: string, there: readonly { id: string }[], what: string): void {
    if (!/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))
      throw new Wrong('Argument Validation Error', 'id must be a UUID');
    if (there.some((one) => one.id === id))
      throw new Wrong(`conflict on insert of ${what}`, `Entity ${what} with id ${id} already exists.`);
  }
}
