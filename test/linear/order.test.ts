import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { until, type Daemon } from '../helpers/daemon.ts';
import type { Delivery } from '../standins/linear/hooks.ts';
import { placeWithLinear } from './place.ts';
import { openLinear } from './rig.ts';

/** Linear sends it once more, an hour later: signed anew, and with the time of the first. */
function again({ body, headers }: Delivery, secret: string): Delivery {
  const text = JSON.stringify({ ...(JSON.parse(body) as object), webhookTimestamp: Date.now() });
  const signature = createHmac('sha256', secret).update(text).digest('hex');
  return {
    body: text,
    headers: { ...headers, 'linear-delivery': crypto.randomUUID(), 'linear-signature': signature },
  };
}

test('kill -9 between two deliveries: the older one, which comes later, changes nothing', async () => {
  const { linear, ana, place, first } = await placeWithLinear();
  const { world, deliveries } = linear;
  const opened = await place.json(['incidents', 'open', 'down', '--project', 'shop', '--env', 'dev']);
  const { id } = opened.data as { id: string };
  await until(() => world.issues.length > 0);
  const incident = async () =>
    ((await place.json(['incidents', 'show', id])).data as { state: string }).state;
  const deliver = async (daemon: Daemon, delivery: Delivery): Promise<void> => {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(daemon.said())?.[0] ?? '';
    const { body, headers } = again(delivery, linear.secret);
    const answer = await fetch(`${url}/webhooks/linear`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
  };
  // Done by mistake, and opened again at once: only the second is heard, and comes to nothing, since it is open here.
  const of = (n: number) => deliveries[n] ?? { body: '', headers: {} };
  deliveries.splice(0);
  world.updateIssue(ana, 'OPS-1', { stateId: 'Done' });
  const { updatedAt } = world.issue('OPS-1');
  await until(() => Date.now() > Date.parse(updatedAt));
  world.updateIssue(ana, 'OPS-1', { stateId: 'In Progress' });
  await deliver(first, of(1));
  await until(async () => (await place.records('linear.known')).length > 0);
  first.child.kill('SIGKILL');
  await first.ended;

  await deliver(await place.start(), of(0));
  await until(async () => (await place.records('linear.heard')).length > 0);
  expect((await place.records('linear.heard')).map(({ body }) => body['why'])).toEqual([
    'OPS-1 was changed again since, and that was heard first',
  ]);
  expect(await incident()).toBe('open');
});

test('what a sync job has looked at is known as of then: the delivery that comes hours later changes nothing', async () => {
  const rig = await openLinear();
  const { world, deliveries, secret } = rig.linear;
  const { ana } = rig.users;
  const id = await rig.open();
  await rig.sent();
  deliveries.splice(0);
  world.updateIssue(ana, 'OPS-1', { stateId: 'Done' });
  const { updatedAt } = world.issue('OPS-1');
  await until(() => Date.now() > Date.parse(updatedAt));
  world.updateIssue(ana, 'OPS-1', { stateId: 'In Progress' });
  const [done] = deliveries.splice(0);
  const nothing = () => Promise.resolve();
  const { heard } = await rig.app.running.features.linear.reconcile({
    since: undefined,
    exact: false,
    project: undefined,
    dryRun: false,
    job: `job_${'0'.repeat(32)}`,
    signal: new AbortController().signal,
    log: nothing,
    reached: nothing,
  });
  expect(heard).toEqual([]);
  await rig.restart();
  if (done !== undefined) deliveries.push(again(done, secret));
  await rig.deliver();
  expect(rig.app.running.features.incidents.get(id).state).toBe('open');
  // Newer than that, it counts.
  world.updateIssue(ana, 'OPS-1', { stateId: 'Done' });
  await rig.deliver();
  expect(rig.app.running.features.incidents.get(id).state).toBe('resolved');
});
