import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PermissionFlagsBits as P } from 'discord-api-types/v10';
import { expect, test } from 'vitest';
import { REPO } from '../../helpers/daemon.ts';
import { LOUD, STEPS } from '../books.ts';
import { drillEnds, pngSize } from '../drill.ts';
import { buttonsOf, scene, textOf, type Scene } from './rig.ts';

/** What is attached to a message, by name. */
const attached = (
  { discord }: Scene,
  message: { attachments: readonly { filename: string; url: string }[] },
) =>
  new Map(
    message.attachments.map(({ filename, url }) => [
      filename,
      discord.world.files.get(new URL(url).pathname)?.bytes ?? Buffer.alloc(0),
    ]),
  );

const drill = ({ discord, ana, ops }: Scene) =>
  discord.changes.until(() => ana.sees(ops).find((m) => textOf(m).includes('restore-shop')), 'it', 40_000);

/** Runs a runbook to its end; its live message. */
async function ran({ discord, world, ana, ops }: Scene, runbook: string) {
  const plan = await (await ana.slash(ops, '/reeve run', { runbook, project: 'shop', env: 'dev' })).reply();
  await ana.click(plan, 'Confirm exactly this');
  await expect.poll(() => world.records('chat.closed'), { timeout: 60_000 }).toHaveLength(1);
  return discord.changes.until(
    () => ana.sees(ops).find((m) => textOf(m).includes('passed')),
    'the end',
    40_000,
  );
}

test('the result of a drill has its chart as a picture, in the message itself', async () => {
  const on = await scene();
  await drillEnds(on.world);
  const message = await drill(on);
  const [picture] = message.attachments;
  expect(picture).toMatchObject({ filename: 'drill-restore-shop.png' });
  expect(picture?.description).toContain('The newest: PASS, RPO 1m 15s');
  expect(pngSize(attached(on, message).get('drill-restore-shop.png'))).toEqual([1520, 1012]);
  expect(message.embeds[0]?.image?.url).toContain('drill-restore-shop.png');
  on.discord.refusals.none();
});

test('the digest of the week has its picture in the message, too', async () => {
  const weekly = await readFile(path.join(REPO, 'runbooks/weekly-digest.md'), 'utf8');
  const on = await scene({
    runbooks: { 'weekly-digest.md': weekly },
    more: 'alerts: { channels: { ops: { kind: chat, topic: default } } }\n',
  });
  // Something waits, so there is something to tell.
  const args = { title: 'Dark', project: 'shop', env: 'dev' };
  await on.world.as('root', { command: 'incidents open', args, reason: 'it is' });
  const run = { runbook: 'weekly-digest', project: 'shop', env: 'dev', input: ['scope=estate'] };
  const reply = await on.world.as('root', { command: 'run', args: run, force: true });
  expect(await on.world.end(reply)).toBe('PASS');
  const message = await on.discord.changes.until(
    () => on.ana.sees(on.ops).find((m) => textOf(m).includes('test: week of')),
    'it',
    40_000,
  );
  expect(message.attachments[0]).toMatchObject({ filename: 'chart.png' });
  expect(message.attachments[0]?.description).toMatch(/week of .*Jobs: \d+ passed/);
  expect(pngSize(attached(on, message).get('chart.png'))?.[0]).toBe(1520);
  expect(message.embeds[0]?.image?.url).toContain('chart.png');
  on.discord.refusals.none();
});

test('a plan that is too long for a message is attached whole: for who asks, for the approvers, and where one decides', async () => {
  const on = await scene({ runbooks: LOUD });
  const { discord, world, ana, ben, ops, approvals } = on;
  const whole = (message: Parameters<typeof attached>[1]): void => {
    const text = attached(on, message).get('reeve.txt')?.toString() ?? '';
    expect(text.includes(STEPS.join('\n'))).toBe(true);
  };
  const run = { runbook: 'huge', project: 'shop', env: 'prod' };
  const plan = await (await ana.slash(ops, '/reeve run', run)).reply();
  expect(textOf(plan)).toContain('the whole text is in the file reeve.txt');
  expect(plan.ephemeralFor).toBe(ana.id);
  whole(plan);
  await ana.click(plan, 'Confirm exactly this');
  const card = await discord.changes.until(() => ben.sees(approvals)[0], 'the card', 40_000);
  whole(card);
  const look = await (await ben.click(card, 'Look and decide')).reply();
  expect(buttonsOf(look)).toEqual(['Approve exactly this', 'Deny']);
  whole(look);
  await ben.click(look, 'Approve exactly this');
  await discord.changes.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'it', 40_000);
  expect(await world.records('job.queued')).toHaveLength(1);
  discord.refusals.none();
});

test('a chart that cannot be drawn, a channel without files: the result is told, and what is missing', async () => {
  const on = await scene();
  await drillEnds(on.world, 'no picture at all');
  const plain = await drill(on);
  expect(plain.attachments).toEqual([]);
  expect(plain.embeds[0]?.footer?.text).toContain('Without its chart, which could not be drawn here');
  on.ana.remove(plain);

  on.discord.deny(on.ops, on.app.id, P.AttachFiles);
  await drillEnds(on.world);
  const bare = await drill(on);
  expect(bare.attachments).toEqual([]);
  expect(bare.embeds[0]?.footer?.text).toMatch(/^Without drill-restore-shop\.png: Discord: Missing/);
  await expect
    .poll(async () => (await on.world.records('chat.posted')).map(({ body }) => body.at?.message), {
      timeout: 20_000,
    })
    .toEqual([plain.id, bare.id]);
  on.discord.refusals.take();
});

test('a line of 6,000 characters stands whole in the log beside the message; a short log stands in the message alone', async () => {
  const on = await scene({ runbooks: LOUD });
  const long = await ran(on, 'long-line');
  const [name = '', text] = [...attached(on, long)].find(([file]) => file.endsWith('.log.txt')) ?? [];
  expect(name).toMatch(/^job_[0-9a-f]{8}\.log\.txt$/);
  expect(text?.toString()).toContain(`say | ${'x'.repeat(6000)}\nsay | after\n`);
  on.discord.refusals.none();
});

test('a log of 12 MB: its beginning and its end, and in between how to get the rest', async () => {
  const on = await scene({ runbooks: LOUD });
  const message = await ran(on, 'flood');
  const file = [...attached(on, message)].find(([name]) => name.endsWith('.log.txt'))?.[1] ?? Buffer.alloc(0);
  expect(file.length).toBeGreaterThan(8_000_000);
  expect(file.length).toBeLessThan(10 * 1024 * 1024);
  const text = file.toString();
  expect(text).toMatch(/^say \| say \(sh\): .*\nsay \| first\nsay \| 100000000/);
  expect(text).toMatch(/\nsay \| last\n(?:say \| .*\n)*$/);
  expect(text).toMatch(/\n… \d{5,} lines are left out here\. All of them: reeve jobs logs job_[0-9a-f]+ …\n/);
  on.discord.refusals.none();
}, 120_000);
