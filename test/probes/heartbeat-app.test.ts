import { expect, test } from 'vitest';
import { ESTATE, openWorld, type World } from '../helpers/app.ts';

const estate = `${ESTATE}probes:
  nightly:
    kind: heartbeat
    project: shop
    env: dev
    interval: 200ms
    timeout: 150ms
    failures: 1
    successes: 1
    every: 24h
`;

const urlOf = async (world: World): Promise<string> => {
  const reply = await world.as('root', { command: 'probe push-url', args: { probe: 'nightly' } });
  return (reply.data as { url: string }).url;
};
const stateOf = async (world: World): Promise<unknown> => {
  const reply = await world.as('root', { command: 'probe show', args: { probe: 'nightly' } });
  return (reply.data as { state: string }).state;
};

test('a job calls the push URL of a real daemon; what it said and its token outlive a restart', async () => {
  const world = await openWorld({ estate });
  const url = await urlOf(world);
  expect((await fetch(url, { method: 'POST' })).status).toBe(200);
  await expect.poll(() => stateOf(world), { timeout: 20_000 }).toBe('up');
  expect((await fetch(`${url}/fail`, { method: 'POST', body: 'disk full' })).status).toBe(200);
  await expect.poll(() => stateOf(world), { timeout: 20_000 }).toBe('down');
  expect((await fetch(url.replace(/.{4}$/, 'AAAA'), { method: 'POST' })).status).toBe(404);

  await world.restart();
  const after = await urlOf(world);
  expect(new URL(after).pathname).toBe(new URL(url).pathname);
  await expect.poll(() => stateOf(world), { timeout: 20_000 }).toBe('down');
  expect((await fetch(after)).status).toBe(200);
  await expect.poll(() => stateOf(world), { timeout: 20_000 }).toBe('up');
  const written = JSON.stringify(await world.records('probe.transition'));
  expect(written).toContain('disk full');
  expect(written).not.toContain(new URL(url).pathname.split('/')[2]);
});

test('who may not run things there does not get the URL', async () => {
  const world = await openWorld({ estate });
  const reply = await world.as('vic', { command: 'probe push-url', args: { probe: 'nightly' } });
  expect(reply).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
});
