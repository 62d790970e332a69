import { expect, test } from 'vitest';
import type { RecordType } from '../../contracts/record.ts';
import { confirmIn, scene, type Scene } from './world.ts';

/** The daemon dies before it has written this. */
function diesBefore({ app: { store } }: Scene, type: RecordType): void {
  const { ledger } = store;
  const append = ledger.append.bind(ledger);
  ledger.append = (async (...given: Parameters<typeof append>) => {
    if (given[0] === type) throw new Error('the daemon died here');
    return append(...given);
  }) as typeof ledger.append;
}
const ended = async (world: Scene): Promise<string> => {
  const [queued] = await world.records('job.queued');
  const { status } = await world.app.running.jobs.wait(queued?.body.job.job_id ?? '');
  await world.settled();
  return status;
};
async function written(world: Scene, done: () => boolean): Promise<void> {
  for (let n = 0; n < 400 && !done(); n++) {
    await world.settled();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(done()).toBe(true);
}

test('a daemon that dies between the queued job and its answer: the confirmation is told how the job ended', async () => {
  const world = await scene();
  const { ana } = world.users;
  const asked = await world.say(ana, '/reeve deploy dev');
  const line = confirmIn(world.ours()[0]);
  diesBefore(world, 'github.answered');
  const confirm = await world.say(ana, line);
  expect(await ended(world)).toBe('PASS');
  await world.restart();
  await written(world, () => world.reactions(confirm).includes('rocket'));
  expect(world.reactions(confirm)).toEqual(['eyes', 'rocket']);
  expect(world.reactions(asked)).toEqual(['eyes', 'rocket']);
  expect(world.ours()).toHaveLength(1);
  expect(await world.records('job.queued')).toHaveLength(1);
});

test('a daemon that dies between an approval and its answer says that it was approved; one that died before anything was done says so', async () => {
  const world = await scene();
  const { ana, ben } = world.users;
  await world.say(ana, '/reeve deploy prod --reason "to sell more"');
  await world.say(ana, confirmIn(world.ours()[0]));
  const approve = /\/reeve approve req_[0-9a-f]{24}/.exec(world.ours()[0] ?? '')?.[0] ?? '';
  await world.say(ben, approve);
  const line = confirmIn(world.ours().at(-1));
  diesBefore(world, 'github.answered');
  const confirm = await world.say(ben, line);
  expect(await ended(world)).toBe('PASS');
  const other = await world.say(ana, '/reeve deploy dev');
  await world.restart();
  await written(
    world,
    () => world.reactions(other).includes('confused') && world.reactions(confirm).includes('+1'),
  );
  expect(world.reactions(confirm)).toEqual(['eyes', '+1']);
  expect(await world.records('job.queued')).toHaveLength(1);
});

test('a credential that is repaired while the daemon is off: its alert ends with the next start, though nothing waits to be written', async () => {
  const world = await scene();
  await world.say(world.users.ana, '/reeve deploy dev');
  const open = () => world.app.running.features.alerts.list().filter(({ state }) => state === 'open');
  const { alerts } = world.app.running.features;
  await alerts.raise({
    key: 'github:credential',
    severity: 'warn',
    source: 'daemon',
    title: 'GitHub refuses what Reeve signs in with',
    text: '',
  });
  const [app] = world.github.access.apps;
  const right = app?.publicKey;
  if (app === undefined || right === undefined) throw new Error('no app');
  // Not repaired yet: it stays.
  app.publicKey = world.github.addApp('other').publicKey;
  world.github.access.revoke();
  await world.restart();
  await world.settled();
  expect(open().map(({ key }) => key)).toEqual(['github:credential']);
  app.publicKey = right;
  await world.restart();
  await written(world, () => open().length === 0);
  expect((await world.records('alert.resolved')).map(({ body }) => body.key)).toEqual(['github:credential']);
});

test('webhook redeliver: a comment of somebody who was nobody then is acted on; what was asked already is not asked again; a refused one is tried anew in its own comment', async () => {
  const world = await scene();
  const { ana, eve } = world.users;
  const comment = await world.say(eve, '/reeve deploy dev');
  expect(await world.records('github.asked')).toEqual([]);
  const again = async (n: number): Promise<void> => {
    const delivery = (await world.records('webhook.received'))[n]?.body.delivery ?? '';
    const reply = await world.as('root', { command: 'webhook redeliver', args: { delivery }, force: true });
    expect(reply.error).toBeUndefined();
    await world.settled();
  };
  const { readFile } = await import('node:fs/promises');
  const yaml = await readFile(`${world.root}/reeve.yaml`, 'utf8');
  await world.write(
    'reeve.yaml',
    yaml.replace('  vic: {', `  eve: { roles: [operator], github: [${eve.id}] }\n  vic: {`),
  );
  expect((await world.as('root', { command: 'config reload', force: true })).error).toBeUndefined();
  await again(0);
  expect((await world.records('github.asked')).map(({ body }) => body.person)).toEqual(['eve']);
  expect(world.reactions(comment)).toEqual(['eyes']);
  confirmIn(world.ours()[0]);
  await again(0);
  expect(await world.records('github.asked')).toHaveLength(1);

  // The runbook was not there; it is, later.
  const refused = await world.say(ana, '/reeve deploy dev --runbook later');
  expect(world.reactions(refused)).toEqual(['confused']);
  const { RUNBOOKS } = await import('../helpers/app.ts');
  await world.write(
    'runbooks/later.md',
    (RUNBOOKS['touch.md'] ?? '').replace('runbook: touch', 'runbook: later'),
  );
  await again(1);
  expect(world.ours()).toHaveLength(2);
  confirmIn(world.ours()[1]);
});
