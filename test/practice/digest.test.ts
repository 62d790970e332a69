import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { digestSpan } from '../../daemon/calendar.ts';
import type { Digest } from '../../daemon/ports/practice.ts';
import { ESTATE, RUNBOOKS, openWorld, type World } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';

const HOUR = 3_600_000;
const shipped = (name: string): Promise<string> => readFile(path.join(REPO, 'runbooks', name), 'utf8');
const DRILL = `---
runbook: restore
title: Restore
action: run_drill
timeout: 1m
---
\`\`\`sh { name=one }
true
\`\`\`
`;
const SCHEDULES = `schedules:
  nightly-restore: { runbook: restore, cron: '0 3 * * *', project: shop, env: dev }
  daily-digest:
    { runbook: daily-digest, cron: '0 8 * * *', project: shop, env: dev, inputs: { scope: estate, channel: ops } }
`;

async function world(): Promise<World> {
  return openWorld({
    estate: `${ESTATE}alerts: { channels: { ops: { kind: log } } }\n${SCHEDULES}`,
    runbooks: {
      ...RUNBOOKS,
      'restore.md': DRILL,
      'daily-digest.md': await shipped('daily-digest.md'),
      'weekly-digest.md': await shipped('weekly-digest.md'),
    },
  });
}
const today = (): string => new Date().toISOString().slice(0, 10);
const digest = async (at: World, args = {}): Promise<Digest> => {
  const reply = await at.as('root', { command: 'digest', args: { to: today(), ...args } });
  expect(reply.error).toBeUndefined();
  return reply.data as unknown as Digest;
};

test('a day on which nothing happened is one line, and names the next drill', async () => {
  const here = await world();
  const quiet = await digest(here, { to: '2026-01-02' });
  expect(quiet.quiet).toBe(true);
  expect(quiet.text).toMatch(
    /^Nothing happened, and nothing waits for anybody\. Next drills: nightly-restore \d{4}-\d\d-\d\d 03:00 \(UTC\)\.$/,
  );
});

test('a busy day: what waits for a person first, then changes, deployments, incidents; secrets hidden, markup harmless; the week beside the one before', async () => {
  const here = await world();
  const secret = 'hunter2-hunter2-hunter2';
  await here.as('root', { command: 'secret set', args: { name: 'token', value: secret } });
  await here.end(
    await here.as('ana', {
      command: 'deploy',
      args: { project: 'shop', env: 'dev', runbook: 'touch' },
      force: true,
    }),
  );
  const asked = { project: 'shop', env: 'prod', runbook: 'touch' };
  await here.as('ana', { command: 'deploy', args: asked, reason: 'tonight', force: true });
  await here.as('ana', {
    command: 'incidents open',
    args: { title: `Dark *now* ${secret}`, project: 'shop', env: 'dev', severity: 'page' },
  });
  const { text, waiting, quiet, title } = await digest(here);
  expect(quiet).toBe(false);
  expect(title).toBe(`test: ${today()}`);
  expect(text).not.toContain(secret);
  expect(text).not.toMatch(/\*\*|`|\\\\/);
  expect(text.startsWith(`Waits for a person (${waiting.length}):`)).toBe(true);
  expect(waiting.some((line) => line.includes('answer ana, who asks for deploy:prod'))).toBe(true);
  expect(waiting.some((line) => line.includes('reeve incidents show inc_'))).toBe(true);
  expect(text).toContain('(deploy, shop/dev): PASS, by ana');
  expect(text).toMatch(/Incident \(page, shop\/dev\): .*goes on/);
  expect(text).toContain('Next drills: nightly-restore');

  const week = await digest(here, { week: true });
  expect(week.text).toContain('Against the week before');
  expect(week.text).toContain('0 deployments (as before), 0 failed (as before)');
  expect(week.text).toContain('1 incidents (+1)');
  const other = await digest(here, { project: 'other' });
  expect(other.text).not.toMatch(/shop|Dark/);
});

test('the shipped runbooks tell their channel what the command shows', async () => {
  const here = await world();
  for (const runbook of ['daily-digest', 'weekly-digest']) {
    const args = { runbook, project: 'shop', env: 'dev', input: ['scope=estate'] };
    expect(await here.end(await here.as('root', { command: 'run', args, force: true })), runbook).toBe(
      'PASS',
    );
  }
  const said = (await here.records('message.queued')).map(({ body }) => body);
  expect(said.map(({ channel }) => channel)).toEqual(['ops', 'ops']);
  expect(said[0]?.title).toMatch(/^test: \d{4}-\d\d-\d\d$/);
  expect(said[1]?.title).toMatch(/^test: week of /);
  for (const [n, week] of [false, true].entries()) {
    const shown = await here.as('root', { command: 'digest', args: { week } });
    expect(shown).toMatchObject({ title: said[n]?.title, data: { text: said[n]?.text } });
  }
});

test('by its schedule it is told once for a slot, and is of the slot’s own day', async () => {
  const here = await openWorld({
    estate: `${ESTATE}alerts: { channels: { ops: { kind: log } } }
schedules:
  daily-digest: { runbook: daily-digest, cron: '0 8 * * *', project: shop, env: dev, inputs: { scope: estate } }
`,
    runbooks: { 'daily-digest.md': await shipped('daily-digest.md') },
  });
  await here.app.startSchedules(false);
  await here.app.running.scheduler.tick();
  const day = new Date(Date.now() - 3 * 24 * HOUR).toISOString().slice(0, 10);
  const next = new Date(Date.parse(day) + 24 * HOUR).toISOString().slice(0, 10);
  const args = { schedule: 'daily-digest', from: day, to: next };
  for (let n = 0; n < 2; n++) {
    const ask = { command: 'schedule backfill', args, reason: 'it was off' };
    const asked = await here.as('root', ask);
    const run = await here.as('root', { ...ask, confirm: asked.confirm?.digest ?? '' });
    if (n === 0) expect(run.error).toBeUndefined();
    await here.app.running.scheduler.idle();
  }
  for (const { body } of await here.records('job.queued'))
    expect((await here.app.running.jobs.wait(body.job.job_id)).status).toBe('PASS');
  const told = (await here.records('message.queued')).map(({ body }) => body.title);
  const before = new Date(Date.parse(day) - 24 * HOUR).toISOString().slice(0, 10);
  expect(told).toEqual([`test: ${before}`]);
});

test('who may not see everything is shown a project of theirs, and nothing else', async () => {
  const here = await world();
  await here.write(
    'reeve.yaml',
    ESTATE.replace('ana: { roles: [operator]', 'ana: { roles: [crew]') +
      'roles: { crew: { verbs: [view, run, read], projects: [shop] } }\n',
  );
  await here.as('root', { command: 'config reload' });
  const code = async (args: Record<string, string>): Promise<string | undefined> =>
    (await here.as('ana', { command: 'digest', args })).error?.code;
  expect([await code({}), await code({ project: 'other' }), await code({ project: 'shop' })]).toEqual([
    'FORBIDDEN',
    'FORBIDDEN',
    undefined,
  ]);
  expect(await code({ project: 'shop', to: '2026-02-30' })).toBe('ARGUMENTS_INVALID');
});

test('in the morning a digest is of yesterday, in the evening of today, as the estate counts days', () => {
  const eight = Date.UTC(2026, 9, 25, 7);
  // The day on which the clocks go back has 25 hours.
  expect(digestSpan('day', eight + 24 * HOUR, 'Europe/Berlin')).toEqual({
    from: Date.UTC(2026, 9, 24, 22),
    to: Date.UTC(2026, 9, 25, 23),
  });
  expect(digestSpan('day', Date.UTC(2026, 9, 26, 20), 'UTC')?.from).toBe(Date.UTC(2026, 9, 26));
  expect(digestSpan('week', Date.UTC(2026, 9, 26, 8), 'UTC')).toEqual({
    from: Date.UTC(2026, 9, 19),
    to: Date.UTC(2026, 9, 26),
  });
});
