import { own } from '../../own.ts';
import type { LinearTodoIssue, LinearView } from '../../ports/linear.ts';
import type { Known } from './api.ts';
import type { Connection } from './connection.ts';
import type { Lane } from './lane.ts';
import type { LinearState, Waiting } from './projection.ts';

/** How it stands, for people. */
export const viewOf = (
  { links, waiting, odd }: LinearState,
  lane: Pick<Lane, 'failing' | 'entry'>,
  connection: Pick<Connection, 'writes' | 'left'>,
): LinearView => ({
  team: connection.writes?.team ?? null,
  links: Object.values(links).map(({ incident, issue, identifier, url }) => ({
    incident,
    issue,
    identifier,
    url,
  })),
  waiting: Object.values(waiting).map(({ op, issue, since, work }) => ({
    op,
    kind: work.kind,
    issue,
    since,
    ...lane.entry(op),
  })),
  odd: odd.toReversed(),
  health: {
    failing: lane.failing?.since ?? null,
    why: lane.failing?.why ?? null,
    budget: connection.left(),
  },
});

/** Every TODO that has an issue. */
export const todosOf = ({ todos }: LinearState): LinearTodoIssue[] =>
  Object.values(todos).map(({ as: _as, turns: _turns, ...one }) => ({ ...one, gone: one.gone === true }));

/** What we did before to the issue that something waits for. */
export const knownOf = ({ links, todos }: LinearState, { incident, issue }: Waiting): Known => ({
  assigned: own(links, incident ?? '')?.assigned ?? null,
  as: own(todos, issue)?.as ?? null,
});
