import { expect, test } from 'vitest';
import { ESTATE } from '../helpers/app.ts';
import { until } from '../helpers/daemon.ts';
import type { Call } from '../standins/platform/server.ts';
import { placeWithLinear } from './place.ts';
import { KEY, openLinear, type Rig } from './rig.ts';

const mutation = (name: string) => (call: Call) => call.body.toString().includes(`mutation ${name}`);
const view = (rig: Rig) => rig.app.running.features.linear.view();
const alert = (rig: Rig) => rig.app.running.features.alerts.list().find(({ key }) => key === 'linear:outbox');
/** Tries until this is so: what the clock would do by itself in minutes. */
const retryUntil = (rig: Rig, so: () => Promise<boolean> | boolean): Promise<void> =>
  until(async () => {
    if (await so()) return true;
    await rig.as('root', { command: 'linear retry' });
    return so();
  });

type Act = (rig: Rig) => unknown;
const outages: [what: string, end: Act, begin: Act, why: RegExp][] = [
  ['does not listen', (rig: Rig) => rig.linear.close(), (rig: Rig) => rig.linear.listen(), /ECONNREFUSED/],
  [
    'answers 503 with a page',
    (rig: Rig) =>
      rig.linear.faults.plan('*', { kind: 'answer', answer: { status: 503, body: '<html>' } }, 1e9),
    (rig: Rig) => rig.linear.faults.clear(),
    /503/,
  ],
  [
    'has no request left',
    (rig: Rig) => {
      rig.linear.remaining = 0;
    },
    (rig: Rig) => {
      rig.linear.remaining = 5000;
    },
    /limit of requests is spent/,
  ],
  [
    'does not know the key any more',
    (rig: Rig) => rig.linear.keys.clear(),
    (rig: Rig) => {
      rig.linear.keys.set(KEY, rig.users.bot);
    },
    /does not take the key/,
  ],
];

test.each(outages)(
  'Linear %s: nothing is lost or doubled, an alert says so and ends, and a restart in between changes nothing',
  async (_what, end, begin, why) => {
    const rig = await openLinear();
    const { world } = rig.linear;
    await end(rig);
    const id = await rig.open();
    await rig.as('ana', { command: 'incidents note', args: { incident: id, text: 'one' } });
    await rig.as('ana', { command: 'incidents ack', args: { incident: id } });
    await retryUntil(rig, () => alert(rig)?.state === 'open');
    expect(alert(rig)?.text).toMatch(why);
    expect((await view(rig)).health.failing).not.toBeNull();
    await rig.restart();
    await rig.app.running.features.linearSettled();
    expect((await view(rig)).waiting.map(({ kind }) => kind)).toEqual(['issue', 'comment', 'assign']);
    await begin(rig);
    await retryUntil(rig, async () => (await view(rig)).waiting.length === 0);
    expect(world.issues.map(({ title, assigneeId }) => [title, assigneeId])).toEqual([
      ['checkout is slow', rig.users.ana.id],
    ]);
    expect(world.comments).toHaveLength(1);
    await until(() => alert(rig)?.state === 'resolved');
    expect(rig.linear.refused).toEqual([]);
  },
);

test.each(['createIssue', 'createComment', 'updateIssue'])(
  'an answer to %s that gets lost, or lies, doubles nothing',
  async (name) => {
    const rig = await openLinear();
    const { world, faults } = rig.linear;
    faults.plan(mutation(name), { kind: 'lose-answer' });
    faults.plan(mutation(name), { kind: 'lie', answer: { status: 502, body: 'Bad gateway' } });
    const id = await rig.open();
    await rig.as('ana', { command: 'incidents note', args: { incident: id, text: 'one' } });
    await rig.as('ana', { command: 'incidents ack', args: { incident: id } });
    await rig.app.running.features.linearSettled();
    await retryUntil(rig, async () => (await view(rig)).waiting.length === 0);
    expect([world.issues.length, world.comments.length, world.issues[0]?.assigneeId]).toEqual([
      1,
      1,
      rig.users.ana.id,
    ]);
    await rig.app.store.ledger.settled();
    expect((await rig.records('linear.done')).map(({ body }) => body.outcome)).toEqual([
      'done',
      'done',
      'done',
    ]);
  },
);

test('kill -9 between the sending and its record: the issue is there once, and is known', async () => {
  const { linear, place, first } = await placeWithLinear();
  const { world } = linear;
  linear.faults.plan(mutation('createIssue'), { kind: 'lose-answer' });
  const killed = until(() => {
    if (world.issues.length > 0) first.child.kill('SIGKILL');
    return world.issues.length > 0;
  });
  const opened = await place.reeve([
    'incidents',
    'open',
    'down',
    '--project',
    'shop',
    '--env',
    'dev',
    '--json',
  ]);
  const { id } = (JSON.parse(opened.out) as { data: { id: string } }).data;
  await killed;
  await first.ended;

  await place.start();
  await until(async () => {
    const { out } = await place.reeve(['linear', '--json']);
    const { links, waiting } = (
      JSON.parse(out) as { data: { links: { incident: string; identifier: string }[]; waiting: unknown[] } }
    ).data;
    return waiting.length === 0 && links[0]?.incident === id && links[0].identifier === 'OPS-1';
  });
  expect(world.issues).toHaveLength(1);
  expect(linear.refused).toEqual([]);
});

test('what happens while Linear is switched off is made up for when it is on again', async () => {
  const rig = await openLinear();
  await rig.write('reeve.yaml', ESTATE);
  await rig.as('root', { command: 'config reload' });
  const before = await rig.open('while it was off');
  const off = await rig.as('ana', { command: 'capture', args: { text: 'x' } });
  expect(off.error?.code).toBe('LINEAR_OFF');
  expect((await view(rig)).waiting).toEqual([]);
  await rig.as('ana', { command: 'incidents note', args: { incident: before, text: 'still' } });
  await rig.write('reeve.yaml', rig.estate);
  await rig.as('root', { command: 'config reload' });
  await rig.open('now');
  await rig.sent();
  expect(rig.linear.world.issues.map(({ title }) => title)).toEqual(['while it was off', 'now']);
  expect(rig.linear.world.comments).toHaveLength(1);
});

test('when it is switched on for the first time, what is open gets its issue, and what was over does not', async () => {
  const rig = await openLinear('', false);
  const over = await rig.open('over');
  await rig.as('ana', { command: 'incidents resolve', args: { incident: over, why: 'over' } });
  await rig.open('open');
  await rig.write('reeve.yaml', rig.estate);
  await rig.as('root', { command: 'config reload' });
  await until(() => rig.linear.world.issues.length > 0);
  await rig.sent();
  expect(rig.linear.world.issues.map(({ title }) => title)).toEqual(['open']);
});

test('a delivery is heard once, also after a restart and when a person has it handled once more', async () => {
  const rig = await openLinear();
  const { world } = rig.linear;
  const id = await rig.open();
  await rig.sent();
  world.createComment(rig.users.ana, { issueId: 'OPS-1', body: 'still slow' });
  await rig.deliver();
  const [received] = (await rig.records('webhook.received')).slice(-1);
  await rig.restart();
  await rig.as('root', { command: 'webhook redeliver', args: { delivery: received?.body.delivery ?? '' } });
  await rig.app.running.features.linearSettled();
  expect((await rig.records('incident.noted')).map(({ body }) => body.id)).toEqual([id]);
});
