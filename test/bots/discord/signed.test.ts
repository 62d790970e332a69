import { expect, test } from 'vitest';
import { signedRequest } from '../../standins/discord/signed.ts';
import { scene, textOf } from './rig.ts';

test('completion, a form and a refusal over signed requests; Discord’s own wrong signatures never get through', async () => {
  const { discord, app, world, ops, ana, log } = await scene({ transport: 'http' });
  expect(await ana.autocomplete(ops, '/reeve deploy', { project: 'sh' }, 'project')).toEqual([
    { name: 'shop', value: 'shop' },
  ]);
  const plan = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'staging' })).reply();
  const form = await ana.click(plan, 'Confirm exactly this');
  expect(form.modal).toBeDefined();
  expect(textOf(await (await ana.submit(form, { typed: 'wrong' })).followup())).toContain(
    'confirmed by typing',
  );
  const url = app.endpoint ?? '';
  expect(await discord.endpoint.verify(app, url)).toBe(true);
  const payload = { id: '7', type: 2, application_id: app.id, token: 'x', version: 1 };
  for (const manner of [
    'wrong',
    'other-body',
    'stale',
    'future',
    'no-signature',
    'no-timestamp',
    'short',
    'nan-timestamp',
  ] as const)
    expect(
      (await discord.endpoint.send(url, signedRequest(app, payload, discord.clock.now(), manner), manner))
        .status,
    ).toBe(401);
  expect(log.filter((line) => !line.startsWith('info'))).toEqual([]);
  expect(await world.records('job.queued')).toEqual([]);
  // No connection was opened: nothing but requests came and went.
  expect(discord.rest.calls.some(({ path }) => path.includes('gateway'))).toBe(false);
  discord.refusals.none();
});

test('a delivery that no discord.js understands is answered all the same, and harms nothing', async () => {
  const { discord, app, ops, ana, log } = await scene({ transport: 'http' });
  for (const payload of [{ type: 99 }, { type: 3 }, { type: 2, data: {} }, { data: null }])
    expect(
      (
        await discord.endpoint.send(
          app.endpoint ?? '',
          signedRequest(app, payload, discord.clock.now()),
          'right',
        )
      ).status,
    ).toBe(202);
  expect(textOf(await (await ana.slash(ops, '/reeve status')).reply())).toContain('test');
  expect(log.some((line) => line.startsWith('error discord.js'))).toBe(true);
});

test('attack 31: an interaction delivered again, newly signed, is one job, also after the daemon was restarted', async () => {
  const { discord, app, world, ops, ana } = await scene({ transport: 'http' });
  const asked = await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'dev' });
  const turn = await ana.click(await asked.reply(), 'Confirm exactly this');
  await discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('passed')),
    'the end',
    40_000,
  );
  const [button] = discord.endpoint.payloads.filter(({ id }) => id === turn.interaction.id);
  expect(button).toBeDefined();
  const send = async (at: number): Promise<number> =>
    (
      await discord.endpoint.send(
        `${world.app.url}/v1/interactions/discord`,
        signedRequest(app, button ?? {}, at),
        'right',
      )
    ).status;
  expect([await send(discord.clock.now() + 2000), await send(discord.clock.now() + 3000)]).toEqual([
    202, 202,
  ]);
  await world.restart();
  await expect.poll(() => send(discord.clock.now() + 4000), { timeout: 30_000 }).toBe(202);
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(await world.records('chat.pressed')).toHaveLength(1);
});
