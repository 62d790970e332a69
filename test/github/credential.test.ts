import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { until } from '../helpers/daemon.ts';
import { scene, type Scene } from './world.ts';

const open = ({ app }: Scene): string[] =>
  app.running.features.alerts.list().flatMap(({ key, state }) => (state === 'open' ? [key] : []));
const ends = async (world: Scene): Promise<string[]> =>
  (await world.records('alert.resolved')).map(({ body }) => `${body.key}: ${body.why}`);
const UNNEEDED = 'github:credential: integrations.github of reeve.yaml names no app and no token any more';

/** GitHub lets the app in no more. Returns what puts that right. */
function refused({ github }: Scene): () => void {
  const [app] = github.access.apps;
  if (app === undefined) throw new Error('no app');
  const right = app.publicKey;
  app.publicKey = github.addApp('other').publicKey;
  github.access.revoke();
  return () => {
    app.publicKey = right;
  };
}
/** A daemon that was refused, and has told people. */
async function told(): Promise<Scene & { right(): void; yaml: string }> {
  const world = await scene();
  await world.say(world.users.ana, '/reeve deploy dev');
  const right = refused(world);
  await world.say(world.users.ana, '/reeve deploy dev --reason again');
  expect(open(world)).toEqual(['github:credential']);
  const [alert] = world.app.running.features.alerts.list();
  expect(alert?.text).toMatch(/[^.]\. Nothing is lost: /);
  return Object.assign(world, { right, yaml: await readFile(`${world.root}/reeve.yaml`, 'utf8') });
}
const without = (yaml: string): string => yaml.slice(0, yaml.indexOf('integrations:'));
async function reloaded(world: Scene, yaml: string): Promise<void> {
  await world.write('reeve.yaml', yaml);
  expect((await world.as('root', { command: 'config reload', force: true })).error).toBeUndefined();
  await world.settled();
}

test('integrations.github taken out while the daemon runs: the alert ends and says why; put back, what waited is written', async () => {
  const world = await told();
  await reloaded(world, without(world.yaml));
  await until(() => open(world).length === 0);
  expect(await ends(world)).toEqual([UNNEEDED]);
  world.right();
  const before = world.ours().length;
  await reloaded(world, world.yaml);
  await until(() => world.ours().length === before + 1);
  expect(open(world)).toEqual([]);
});

test('taken out while no daemon ran: the next start ends it, once', async () => {
  const world = await told();
  await world.app.stop('test');
  await world.write('reeve.yaml', without(world.yaml));
  await world.restart();
  await until(() => open(world).length === 0);
  await world.restart();
  await world.settled();
  expect(await ends(world)).toEqual([UNNEEDED]);
});

test('it ends when GitHub has let us in, not because the repository was looked up before', async () => {
  const world = await told();
  // Looked at again at once, and refused again.
  await reloaded(world, `${world.yaml}log: { level: warn }\n`);
  expect(open(world)).toEqual(['github:credential']);
  expect(await ends(world)).toEqual([]);
  world.right();
  await reloaded(world, `${world.yaml}log: { level: error }\n`);
  await until(() => open(world).length === 0);
  expect(await ends(world)).toEqual(['github:credential: GitHub takes the credential']);
});
