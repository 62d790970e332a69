import type { EstateConfig } from '../../../contracts/estate.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import type { LinearTodoTold } from '../../ports/linear.ts';
import { whole } from '../../text.ts';
import { uuidOf } from './ids.ts';
import type { LinearState } from './projection.ts';
import { titleOf, todoBack, todoBody, todoGone } from './words.ts';

type Queued = RecordBody<'linear.queued'>;

/** What is to be done in Linear of a TODO. The record itself says which issue is whose, so nothing can stand between. Pure. */
export function todoWork(
  told: LinearTodoTold,
  { config, state, clean }: { config: EstateConfig; state: LinearState; clean(text: string): string },
): Queued {
  const { what } = told;
  const todo = { ...told.todo, text: whole(clean(told.todo.text), 500) };
  const { owner, team, text } = todo;
  const words = {
    title: titleOf(clean(text === '' ? `TODO of ${owner}@${team}` : text)),
    // Hidden before it is escaped: afterwards it would not be found.
    body: whole(clean(todoBody({ ...told, todo })), 12_000),
  };
  const issue = told.issue ?? freshId(told, state);
  const turn = String(own(state.todos, issue)?.turns ?? 0);
  const op = what === 'new' ? uuidOf('op', issue) : uuidOf('op', issue, what, turn);
  if (what === 'new') {
    const assignee = own(config.people, owner)?.linear[0];
    const work: Queued['work'] = {
      kind: 'issue',
      purpose: 'todo',
      ...words,
      priority: 0,
      labels: [...told.labels],
      ...(assignee === undefined ? {} : { assignee }),
      ...(told.team === undefined ? {} : { team: told.team }),
    };
    return { op, issue, todo, work };
  }
  if (what === 'changed') return { op, issue, todo, work: { kind: 'revise', ...words } };
  const comment = uuidOf('comment', issue, what, turn);
  const body = clean(what === 'gone' ? todoGone(told) : todoBack(told));
  const now = what === 'gone' ? { ...todo, gone: true as const } : todo;
  return { op, issue, todo: now, work: { kind: 'comment', comment, body } };
}

/** The same TODO, the same id; a second one of the same words in the same file gets another. */
function freshId({ todo: { owner, team, text, file } }: LinearTodoTold, { todos }: LinearState): string {
  for (let n = 1; ; n++) {
    const id = uuidOf('todo', `${owner}@${team}`, text, file, String(n));
    if (!Object.hasOwn(todos, id)) return id;
  }
}
