import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { words } from '../../daemon/figures.ts';
import type { Digest } from '../../daemon/ports/practice.ts';
import { ESTATE, RUNBOOKS, openWorld, type World } from '../helpers/app.ts';
import { REPO, until } from '../helpers/daemon.ts';

const today = (): string => new Date().toISOString().slice(0, 10);
const digest = async (at: World, args = {}): Promise<Digest> => {
  const reply = await at.as('root', { command: 'digest', args: { to: today(), ...args } });
  expect(reply.error).toBeUndefined();
  return reply.data as unknown as Digest;
};
const DRILL = `---
runbook: drill-files
title: Drill
action: run_drill
objectives: { rpo: 15m, rto: 10m }
timeout: 1m
---
\`\`\`sh { name=one }
[ ! -e broken ]
\`\`\`
`;

test('drills: passed of runs, the newest verdict, RPO and RTO beside their objectives; one that failed is to be looked into', async () => {
  const here = await openWorld({
    runbooks: {
      ...RUNBOOKS,
      'drill-files.md': DRILL,
      'self-restore.md': await readFile(path.join(REPO, 'runbooks/self-restore.md'), 'utf8'),
    },
  });
  const run = async (drill: string): Promise<string> =>
    here.end(
      await here.as('root', {
        command: 'drill run',
        args: { drill, project: 'shop', env: 'dev' },
        force: true,
      }),
    );
  // A real one, with real figures.
  expect(await run('self-restore')).toBe('PASS');
  await here.write('broken', '');
  expect(await run('drill-files')).toBe('FAIL');
  // A drill is judged after its job has ended.
  await until(async () => (await here.records('drill.result')).length === 2);
  const [restored, failed] = (await here.records('drill.result')).map(({ body }) => body);
  const beside = (name: string, got: number | null = null, goal: number | null = null): string =>
    got === null
      ? `${name} not measured`
      : `${name} ${words(got)}${goal === null ? '' : ` ${got > goal ? '>' : '≤'} ${words(goal)}`}`;
  const { text, waiting, report } = await digest(here);
  expect(report.drills.map(({ drill, runs, passed }) => [drill, runs, passed])).toEqual([
    ['drill-files', 1, 0],
    ['self-restore', 1, 1],
  ]);
  expect(restored?.rto_ms).toBeGreaterThan(0);
  expect(restored?.objective_rto_ms).toBeGreaterThan(0);
  expect(text).toContain(
    `Drill self-restore: 1 of 1 passed, last PASS; ${beside('RPO', restored?.rpo_ms, restored?.objective_rpo_ms)}, ${beside('RTO', restored?.rto_ms, restored?.objective_rto_ms)}.`,
  );
  expect(text).toContain('Drill drill-files: 0 of 1 passed, last FAIL; RPO not measured, RTO ');
  const todo = `find out why the drill drill-files failed: reeve jobs show ${failed?.job_id ?? ''}`;
  expect(waiting).toContain(todo);
  // The day after, it is still to be looked into; of another project it is nothing.
  expect((await digest(here, { to: '2026-01-02' })).waiting).toContain(todo);
  expect((await digest(here, { project: 'other' })).text).not.toContain('drill-files');
});

test('sync conflicts: which job left how much as people had it, and where to look', async () => {
  const here = await openWorld();
  await here.app.store.ledger.append('sync.advanced', {
    sync: 'activity-log',
    project: 'shop',
    job: `job_${'a'.repeat(32)}`,
    cursor: today(),
    counts: { written: 1 },
    conflicts: ['docs/devops/activity-log.md, 2026-11-25: somebody changed it', 'one more'],
  });
  const line =
    'Sync activity-log of shop: 2 conflicts, left as people had it (reeve sync status activity-log).';
  const { text, quiet } = await digest(here);
  expect(text).toContain(line);
  expect(quiet).toBe(false);
  expect((await digest(here, { project: 'shop' })).text).toContain(line);
  expect((await digest(here, { project: 'other' })).text).not.toContain('conflict');
  expect((await digest(here, { to: '2026-01-02' })).text).not.toContain('conflict');
});

test('a broken glass waits for its review until somebody closes it', async () => {
  const here = await openWorld();
  const asked = {
    command: 'deploy',
    args: { project: 'shop', env: 'prod', runbook: 'touch', break_glass: true },
    reason: 'the shop is *down*',
    force: true,
  };
  expect(await here.end(await here.as('ana', asked))).toBe('PASS');
  const [review] = (await here.records('review.opened')).map(({ body }) => body);
  const line = `review it: reeve review close ${review?.id ?? ''}`;
  expect(review?.reason).toContain('the shop is *down*');
  expect((await digest(here)).waiting).toContain(line);
  // It waits whichever day is told of, and over a restart.
  await here.restart();
  expect((await digest(here, { to: '2026-01-02' })).waiting).toContain(line);
  const closed = await here.as('ben', {
    command: 'review close',
    args: { review: review?.id ?? '' },
    reason: 'it was needed',
    force: true,
  });
  expect(closed.error).toBeUndefined();
  expect((await digest(here)).waiting).not.toContain(line);
});

test('a mandate that a change has suspended waits until somebody accepts it', async () => {
  const here = await openWorld({
    estate: `${ESTATE}schedules:\n  nightly: { runbook: touch, cron: '0 3 * * *', project: shop, env: dev }\n`,
  });
  const line = 'look at the change, and accept it or take it back: reeve config diff schedule:nightly';
  expect((await digest(here)).waiting).not.toContain(line);
  const touch = await readFile(`${here.root}/runbooks/touch.md`, 'utf8');
  await here.write('runbooks/touch.md', touch.replace('Leave a trace', 'Leave another trace'));
  await here.as('root', { command: 'config reload', force: true });
  await until(async () => (await here.records('mandate.suspended')).length > 0);
  expect((await digest(here)).waiting).toContain(line);
  const accepted = await here.as('root', {
    command: 'config accept',
    args: { mandate: 'schedule:nightly' },
    force: true,
  });
  expect(accepted.error).toBeUndefined();
  expect((await digest(here)).waiting).not.toContain(line);
});

test('of many incidents those that go on come first, then the newest, and how many more there are is said', async () => {
  const here = await openWorld();
  const open = async (title: string): Promise<string> => {
    const args = { title, project: 'shop', env: 'dev', severity: 'warn' };
    const { data } = await here.as('ana', { command: 'incidents open', args, reason: 'it is' });
    return (data as { id: string }).id;
  };
  const oldest = await open('the oldest');
  for (let n = 1; n <= 10; n++) {
    const incident = await open(`number ${n}`);
    await here.as('ana', { command: 'incidents resolve', args: { incident }, reason: 'over' });
  }
  expect(oldest).toMatch(/^inc_/);
  const { text } = await digest(here);
  const told = text.split('\n').filter((line) => line.startsWith('Incident ('));
  expect(told).toHaveLength(8);
  expect(told[0]).toContain('the oldest, goes on.');
  expect(told[1]).toContain('number 10, lasted');
  expect(text).toContain('And 3 more incidents: reeve incidents list --all.');
});
