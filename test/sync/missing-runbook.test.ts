import { expect, test } from 'vitest';
import { openWorld } from '../helpers/app.ts';

test('an estate without the runbook of a sync job is told which file it lacks', async () => {
  const world = await openWorld();
  for (const command of ['sync todos', 'sync run']) {
    const args = command === 'sync run' ? { job: 'todos' } : {};
    const { error } = await world.as('root', { command, args: { project: 'shop', env: 'dev', ...args } });
    expect(error).toMatchObject({
      code: 'RUNBOOK_NOT_FOUND',
      hint: 'It runs `reeve sync todos`: copy runbooks/todos.md of Reeve into the runbooks of this estate.',
    });
  }
});
