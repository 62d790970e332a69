import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { day } from '../../daemon/calendar.ts';
import { ESTATE, RUNBOOKS, openWorld, type World } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';

const FILE = 'docs/devops/activity-log.md';
const shipped = (): Promise<string> => readFile(path.join(REPO, 'runbooks/activity-log.md'), 'utf8');

async function open(estate = ESTATE): Promise<World> {
  return openWorld({
    estate: estate + 'alerts: { channels: { ops: { kind: log } } }\nredact: [correct-horse]\n',
    runbooks: { ...RUNBOOKS, 'activity-log.md': await shipped() },
  });
}
const at = { project: 'shop', env: 'dev' };
const write = (world: World, args = {}, command = 'sync activity-log') =>
  world.as('root', { command, args: { ...at, ...args }, force: true });

test('the daily notes are written once, the same the second time, and told to a channel; a dry run writes nothing and tells nobody', async () => {
  const world = await open();
  const file = path.join(world.root, FILE);
  await world.end(
    await world.as('root', { command: 'deploy', args: at, force: true, reason: 'correct-horse' }),
  );
  expect(await world.end(await write(world, { dry_run: true }))).toBe('PASS');
  await expect(stat(file)).rejects.toThrow('ENOENT');
  expect(await world.records('sync.advanced')).toEqual([]);
  expect(await world.records('message.queued')).toEqual([]);
  const told = (await world.records('job.step.finished')).filter(({ body }) => body.step === 'tell');
  expect(told.map(({ body }) => body.status)).toEqual(['SKIPPED']);

  const reply = await write(world);
  expect(await world.end(reply)).toBe('PASS');
  const text = await readFile(file, 'utf8');
  const today = day(Date.now(), 'UTC');
  expect(text).toContain(`## ${today} (shop)`);
  expect(text).toContain('Leave a trace (deploy, shop/dev): PASS');
  expect(text).toContain('  - done = yes');
  expect(text).not.toContain('correct-horse');
  const messages = await world.records('message.queued');
  expect(messages.at(-1)?.body).toMatchObject({ channel: 'ops', title: `shop: ${today}` });
  expect(messages.at(-1)?.body.text).toContain('1 change');
  expect(messages.at(-1)?.body.text).toContain(FILE);

  // Mine, and again: the file is the very same.
  await writeFile(file, `${text}\nA remark of mine.\n`);
  const before = await stat(file);
  expect(await world.end(await write(world, {}, 'sync activity-log'))).toBe('PASS');
  expect((await stat(file)).ino).toBe(before.ino);
  expect(await readFile(file, 'utf8')).toBe(`${text}\nA remark of mine.\n`);

  // Between the marks: reported, and left alone.
  await writeFile(file, text.replace('Leave a trace', 'I left a trace'));
  expect(await world.end(await world.as('root', { command: 'deploy', args: at, force: true }))).toBe('PASS');
  expect(await world.end(await write(world, { job: 'activity-log' }, 'sync run'))).toBe('PASS');
  expect(await readFile(file, 'utf8')).toContain('I left a trace');
  expect((await world.records('message.queued')).at(-1)?.body.text).toContain('Kept as people left it');
  expect((await world.records('sync.advanced')).at(-1)?.body).toMatchObject({
    sync: 'activity-log',
    project: 'shop',
    conflicts: [expect.stringContaining('somebody changed it')],
  });
  const list = await world.as('vic', { command: 'sync list' });
  expect(list).toMatchObject({
    ok: true,
    tone: 'warn',
    data: expect.arrayContaining([expect.objectContaining({ name: 'activity-log', files: [FILE] })]),
  });
});

test('it writes only where the zones allow: before anything runs, and through no link', async () => {
  const world = await open(ESTATE + 'sync: { activity_log: { to: .claude/notes.md } }\n');
  const refused = await write(world);
  expect(refused.error?.code).toBe('ZONE_REFUSED');
  expect(await world.records('job.queued')).toEqual([]);

  await world.write('reeve.yaml', ESTATE);
  await world.as('root', { command: 'config reload' });
  const elsewhere = path.join(world.root, '../elsewhere');
  await mkdir(elsewhere);
  await mkdir(path.join(world.root, 'docs'));
  await symlink(elsewhere, path.join(world.root, 'docs/devops'));
  expect((await write(world)).error?.code).toBe('ZONE_REFUSED');

  for (const bad of ['/etc/motd.md', '../x.md', 'docs/../../x.md', 'docs/x.txt']) {
    await world.write('reeve.yaml', `${ESTATE}sync: { activity_log: { to: '${bad}' } }\n`);
    expect((await world.as('root', { command: 'config reload' })).error?.code, bad).toBe('CONFIG_INVALID');
  }
});

test('a file that is no text, days that are none, and names that are unknown change nothing', async () => {
  const world = await open();
  const file = path.join(world.root, FILE);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, Buffer.from([0xff, 0xfe, 0x41]));
  expect(await world.end(await write(world))).toBe('FAIL');
  expect((await world.records('job.attempt')).at(-1)?.body.attempt.error_code).toBe('SYNC_FILE');
  expect([...(await readFile(file))]).toEqual([0xff, 0xfe, 0x41]);
  expect((await write(world, { since: 'yesterday' })).error?.code).toBe('INPUT_INVALID');
  for (const since of ['2026-02-30', '2999-01-01', '1999-01-01']) {
    expect(await world.end(await write(world, { since })), since).toBe('FAIL');
    expect((await world.records('job.attempt')).at(-1)?.body.attempt.error_code).toBe('ARGUMENTS_INVALID');
  }
  const unknown = await write(world, { job: 'activity-lg' }, 'sync run');
  expect(unknown.error).toMatchObject({ code: 'SYNC_UNKNOWN', hint: 'Did you mean activity-log?' });
});

test('by schedule it writes where the state zone reaches, and is refused elsewhere', async () => {
  const schedule =
    'schedules: { notes: { runbook: activity-log, cron: "5 0 1 1 *", project: shop, env: dev, at_start: true, inputs: { scope: estate } } }\n';
  const slot = async (zones: string) => {
    const world = await open(ESTATE + schedule + zones);
    await world.app.startSchedules();
    await expect.poll(async () => (await world.records('schedule.slot')).length, { timeout: 20_000 }).toBe(1);
    const [{ body } = { body: undefined }] = await world.records('schedule.slot');
    return { world, body };
  };
  const refused = await slot('');
  expect(refused.body).toMatchObject({
    outcome: 'refused',
    why: expect.stringContaining('nobody confirmed it'),
  });
  const { world, body } = await slot('zones: { state: [grimoires, docs/devops] }\n');
  expect(body?.outcome).toBe('ran');
  expect((await world.app.running.jobs.wait(body?.job_id ?? '')).status).toBe('PASS');
  expect(await readFile(path.join(world.root, FILE), 'utf8')).toMatch(/^## \d{4}-\d\d-\d\d$/m);
});
