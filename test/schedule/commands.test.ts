import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { CommandRequest } from '../../contracts/api.ts';
import type { Reply } from '../../contracts/reply.ts';
import { ESTATE, openWorld, RUNBOOKS, type World } from '../helpers/app.ts';

const estate = `${ESTATE.replace('  ana: { roles: [operator]', '  eve: { roles: [shopper] }\n  ana: { roles: [operator]')}
roles:
  shopper: { verbs: [view, run], projects: [shop] }
schedules:
  traces: { runbook: touch, cron: '0 0 1 1 *', project: shop, env: dev, overlap: queue }
  theirs: { runbook: touch, cron: '0 0 1 1 *', project: other, env: dev }
`;

const command = (
  world: World,
  person: string,
  name: string,
  args: CommandRequest['args'],
  more = {},
): Promise<Reply> => world.as(person, { command: name, args, reason: 'because', ...more });

const trace = (world: World): Promise<string> =>
  readFile(path.join(world.root, 'trace.txt'), 'utf8').catch(() => '');

test('pause, resume and backfill are admin actions with who, why, before and after', async () => {
  const world = await openWorld({ estate, runbooks: RUNBOOKS });
  await world.app.startSchedules(false);
  await world.app.running.scheduler.tick();
  const paused = await command(world, 'ana', 'schedule pause', { schedule: 'traces' });
  expect(paused).toMatchObject({ ok: true, title: 'traces is paused' });
  const listed = await command(world, 'ana', 'schedule list', {});
  expect(listed.data).toContainEqual(expect.objectContaining({ name: 'traces', paused: expect.anything() }));
  const args = { schedule: 'traces', from: '2022-12-31', to: '2025-01-02' };
  const early = await command(world, 'ana', 'schedule backfill', args, { force: true });
  expect(early.error).toMatchObject({
    code: 'SCHEDULE_PAUSED',
    hint: expect.stringContaining('reeve schedule resume traces'),
  });
  expect((await command(world, 'ana', 'schedule resume', { schedule: 'traces' })).ok).toBe(true);

  const asked = await command(world, 'ana', 'schedule backfill', args, { interactive: true });
  expect(asked.confirm?.question).toBe('Run 3 slots of traces now?');
  expect(await trace(world)).toBe('');
  const confirm = asked.confirm?.digest;
  const run = await command(world, 'ana', 'schedule backfill', args, { interactive: true, confirm });
  expect(run.title).toBe('3 slots of traces run one after the other');
  await expect.poll(() => trace(world), { timeout: 30_000 }).toBe('trace\ntrace\ntrace\n');
  await world.app.running.scheduler.idle();
  const history = await command(world, 'ana', 'schedule history', { schedule: 'traces' });
  expect(history.data).toMatchObject(
    ['2025', '2024', '2023'].map((year) => ({
      slot: Date.parse(`${year}-01-01T00:00Z`),
      outcome: 'ran',
      backfill: true,
    })),
  );

  // The same slots again are the same jobs.
  await command(world, 'ana', 'schedule backfill', args, { force: true });
  await world.app.running.scheduler.idle();
  expect(await trace(world)).toBe('trace\ntrace\ntrace\n');
  const events = (await world.records('admin.event'))
    .map(({ body }) => [body.action_type, body.actor.person])
    .filter(([, person]) => person === 'ana');
  expect(events).toEqual([
    ['pause_schedule', 'ana'],
    ['backfill_schedule', 'ana'],
    ['resume_schedule', 'ana'],
    ['backfill_schedule', 'ana'],
    ['backfill_schedule', 'ana'],
  ]);
});

test('who may not see a place sees none of its schedules, and who may not run there changes none', async () => {
  const world = await openWorld({ estate, runbooks: RUNBOOKS });
  await world.app.startSchedules(false);
  await world.app.running.scheduler.tick();
  const text = JSON.stringify(await command(world, 'eve', 'schedule list', {}));
  expect(text).toContain('traces');
  expect(text).not.toContain('theirs');
  for (const name of ['schedule next', 'schedule history', 'schedule pause', 'schedule resume'])
    expect((await command(world, 'eve', name, { schedule: 'theirs' })).error?.code).toBe('SCHEDULE_UNKNOWN');
  expect((await command(world, 'vic', 'schedule pause', { schedule: 'traces' })).error?.code).toBe(
    'FORBIDDEN',
  );
  expect(await world.records('schedule.paused')).toEqual([]);
});

test('the coming slots follow the cron line and its zone; times that cannot be read are refused', async () => {
  const world = await openWorld({ estate, runbooks: RUNBOOKS });
  await world.app.startSchedules(false);
  await world.app.running.scheduler.tick();
  const next = await command(world, 'ana', 'schedule next', { schedule: 'traces', count: 2 });
  const years = (next.data as { at: number }[]).map(({ at }) => new Date(at).toISOString().slice(4));
  expect(years).toEqual(['-01-01T00:00:00.000Z', '-01-01T00:00:00.000Z']);
  const bad = await command(world, 'ana', 'schedule backfill', { schedule: 'traces', from: 'soon' });
  expect(bad.error).toMatchObject({
    code: 'ARGUMENTS_INVALID',
    message: expect.stringContaining('2026-11-25'),
  });
  expect((await command(world, 'ana', 'schedule next', { schedule: 'trace' })).error?.hint).toContain(
    'Did you mean traces?',
  );
});

test('the history goes back beyond what is kept in memory, page by page, and leaves nothing out', async () => {
  const world = await openWorld({ estate, runbooks: RUNBOOKS });
  await world.app.startSchedules(false);
  await world.app.running.scheduler.tick();
  const at = (n: number): number => Date.UTC(1980 + n, 0, 1);
  for (let n = 0; n < 45; n++) {
    const { ledger } = world.app.store;
    await ledger.append('schedule.slot', { schedule: 'traces', slot: at(n), outcome: 'skipped', late_ms: 0 });
    // Filled in later: two records of one slot.
    if (n === 20)
      await ledger.append('schedule.slot', {
        schedule: 'traces',
        slot: at(n),
        outcome: 'ran',
        late_ms: 0,
        backfill: true,
      });
    await ledger.append('schedule.slot', { schedule: 'theirs', slot: at(n), outcome: 'ran', late_ms: 0 });
  }
  const ask = async (args: object): Promise<number[]> => {
    const { data } = await command(world, 'ana', 'schedule history', { schedule: 'traces', ...args });
    return (data as { slot: number }[]).map(({ slot }) => slot);
  };
  const all = Array.from({ length: 45 }, (_, i) => at(44 - i));
  all.splice(all.indexOf(at(20)), 0, at(20));
  expect(await ask({})).toEqual(all.slice(0, 20));
  expect(await ask({ limit: 3 })).toEqual(all.slice(0, 3));
  expect(await ask({ limit: 1000 })).toEqual(all);
  const pages: number[] = [];
  for (let before: string | undefined; ;) {
    const page = await ask({ limit: 12, ...(before === undefined ? {} : { before }) });
    pages.push(...page);
    if (page.length < 12) break;
    before = new Date(Math.min(...page)).toISOString();
  }
  expect(pages).toEqual(all);
  expect(await ask({ before: '1980-01-01' })).toEqual([]);
  const shown = await command(world, 'ana', 'schedule history', { schedule: 'traces', limit: 2 });
  expect(JSON.stringify(shown.blocks)).toContain('--limit 2 --before 2023-01-01T00:00:00.000Z');
  const bad = await command(world, 'ana', 'schedule history', { schedule: 'traces', before: 'May' });
  expect(bad.error?.message).toContain('--before takes a time in UTC');
});
