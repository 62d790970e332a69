import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  readFile,
  readdir,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../daemon/clock.ts';
import { digestTree } from '../../daemon/drills/verify/tree.ts';
import { makeSite, refusal, type Site } from './site.ts';

const PASSWORD = 'a-very-long-restic-password';
const REPOSITORY = { repository: 'repo', password: 'restic-password' };
const SENTINEL = { shop: { kind: 'files' as const, folder: 'data', every: 60_000 } };

/** Live files, and the password in the store. */
async function shop(sentinels: Parameters<typeof makeSite>[0] = SENTINEL): Promise<Site> {
  const site = await makeSite(sentinels);
  await site.home.secrets.set('restic-password', PASSWORD);
  await mkdir(join(site.root, 'data', 'deep', 'er'), { recursive: true });
  await writeFile(join(site.root, 'data', 'orders.csv'), 'id,total\n1,20\n'.repeat(500));
  await writeFile(join(site.root, 'data', 'deep', 'er', 'empty'), '');
  await writeFile(join(site.root, 'data', 'deep', 'ünïcode name'), 'x'.repeat(70_000));
  return site;
}

const backup = (site: Site, more = {}) =>
  site.backup('files', { ...REPOSITORY, paths: ['data'], init: true, tags: ['nightly'], ...more });
const restore = (site: Site, more = {}, context = {}) =>
  site.restore('files', { ...REPOSITORY, ...more }, context);
const restic = (site: Site, ...args: string[]): string =>
  execFileSync('restic', ['--no-cache', '-r', join(site.root, 'repo'), ...args], {
    env: { ...process.env, RESTIC_PASSWORD: PASSWORD },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const signal = new AbortController().signal;

test('a snapshot is restored, proven file by file, and measured by the newest sentinel in it', async () => {
  const site = await shop();
  await site.mark();
  const made = await backup(site);
  const before = await digestTree([join(site.root, 'repo')], signal);
  await site.mark();
  const newest = await site.home.sentinels.newest('shop');
  const { outputs, phases } = await restore(site, {
    snapshot: made.outputs['snapshot'],
    checkpoint: made.outputs['checkpoint'],
    sentinel: 'shop',
    check: 'data',
    verify: { newest: { within: '1h' } },
  });
  expect(outputs).toMatchObject({
    files: '3',
    changed: '0',
    rpo_basis: 'sentinel',
    manifest: made.outputs['manifest'],
  });
  // The mark in the backup is the first one: the second came later, and is what the ledger says stood there at the cut.
  const [cut] = await site.cuts();
  expect(cut?.body).toMatchObject({ driver: 'files', sentinel: { name: 'shop', ...newest } });
  expect(outputs['sentinel']).not.toBe(newest?.uuid);
  expect(Number(outputs['rpo_ms'])).toBeGreaterThanOrEqual((cut?.ts ?? 0) - (newest?.at ?? 0));
  expect(Object.keys(phases)).toEqual(['fetch', 'restore', 'verify']);
  expect(Number(outputs['rto_ms'])).toBe(Object.values(phases).reduce((a, b) => a + b));
  expect(outputs['control']).toMatch(
    /^noticed: bit \d of byte \d+ of \S.* \(RESTORE_MISMATCH\); one bit in every 32 bytes of a copied repository \(BACKUP_REPOSITORY_DAMAGED\)$/,
  );
  expect(await site.left()).toEqual([]);
  expect(await digestTree([join(site.root, 'repo')], signal)).toEqual(before);
});

test('the password never shows: not in arguments, outputs, messages or the log', async () => {
  const site = await shop();
  const made = await backup(site);
  const shown = [JSON.stringify(made), site.logged(), JSON.stringify(await restore(site))];
  await site.home.secrets.set('restic-password', 'not-the-password-at-all');
  shown.push(JSON.stringify(await refusal(restore(site))));
  for (const text of shown) expect(text).not.toMatch(/a-very-long-restic|not-the-password/);
  expect(shown.at(-1)).toContain('BACKUP_PASSWORD_WRONG');
  expect(shown.at(-1)).toContain('reeve secret set restic-password');
});

test('a service is started on the restored files, asked, and gone afterwards', async () => {
  const site = await shop();
  await writeFile(
    join(site.root, 'data', 'server.mjs'),
    `import { createServer } from 'node:http'; import { readFileSync, writeFileSync } from 'node:fs';
     writeFileSync('written-by-the-service', 'x');
     createServer((q, a) => a.end(q.url + readFileSync('orders.csv', 'utf8').slice(0, 8))).listen(process.env.PORT, '127.0.0.1');`,
  );
  await backup(site);
  const ask = { http: '/health', contains: '/healthid,total' };
  const service = { command: ['node', 'server.mjs'], ask, within: '20s' };
  const { outputs, phases } = await restore(site, { paths: ['data'], verify: { service } });
  expect(outputs['service']).toBe('GET /health: 200');
  expect(Object.keys(phases)).toEqual(['fetch', 'restore', 'verify', 'boot']);
  const wrong = { ...service, ask: { ...ask, contains: 'something else' }, within: '1s' };
  const refused = await refusal(restore(site, { paths: ['data'], verify: { service: wrong } }));
  expect(refused).toMatchObject({ code: 'SERVICE_NOT_ANSWERING' });
  expect(refused.message).toContain('does not contain "something else"');
  const dead = { ...service, command: ['node', '-e', 'console.error("no such table"); process.exit(3)'] };
  expect((await refusal(restore(site, { verify: { service: dead } }))).message).toContain('no such table');
  const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(running.split('\n').filter((line) => line.startsWith('node server.mjs'))).toEqual([]);
  expect(await site.left()).toEqual([]);
});

test('links that lead into the live data lead into the copy, so that the service touches nothing live', async () => {
  const site = await shop({});
  const data = join(site.root, 'data');
  await mkdir(join(data, 'releases', '42'), { recursive: true });
  await writeFile(join(data, 'releases', '42', 'state'), 'live');
  // As deployment tools leave it: an absolute link to the release in force, and one out of the data.
  await symlink(join(data, 'releases', '42'), join(data, 'current'));
  await symlink('releases/42', join(data, 'near'));
  await symlink('/usr', join(data, 'usr'));
  await writeFile(
    join(data, 'server.mjs'),
    `import { createServer } from 'node:http'; import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
     const was = readFileSync('current/state', 'utf8');
     writeFileSync('current/state', 'overwritten by the service');
     const seen = [was, readFileSync('near/state', 'utf8'), readlinkSync('usr')].join(' ');
     createServer((q, a) => a.end(seen)).listen(process.env.PORT, '127.0.0.1');`,
  );
  await backup(site);
  const service = {
    command: ['node', 'server.mjs'],
    ask: { http: '/', contains: 'live overwritten by the service /usr' },
    within: '20s',
  };
  await restore(site, { verify: { service } });
  expect(await readFile(join(data, 'releases', '42', 'state'), 'utf8')).toBe('live');
  expect(await readlink(join(data, 'current'))).toBe(join(data, 'releases', '42'));

  // Around two corners: what cannot be pointed at the copy is not started.
  await symlink(join(data, 'releases'), join(site.base, 'corner'));
  await symlink(join(site.base, 'corner', '42'), join(data, 'round'));
  await backup(site);
  const refused = await refusal(restore(site, { verify: { service } }));
  expect(refused.code).toBe('RESTORE_LINK_LIVE');
  expect(refused.message).toContain('data/round');
  expect(await site.left()).toEqual([]);
});

test('a verification that would not notice damage makes the drill worthless', async () => {
  const site = await shop();
  await backup(site);
  const { code, message } = await refusal(restore(site, { verify: { digests: false } }));
  expect(code).toBe('DRILL_WORTHLESS');
  expect(message).toContain('passed a copy that was damaged: bit');
  expect(await site.left()).toEqual([]);
});

test('a missing, empty, foreign, damaged and locked repository each has its code, and is left as it is', async () => {
  const site = await shop();
  const missing = await refusal(restore(site));
  expect(missing).toMatchObject({ code: 'BACKUP_REPOSITORY_MISSING' });
  expect(await refusal(backup(site, { init: false }))).toMatchObject({ code: 'BACKUP_REPOSITORY_MISSING' });
  expect(await readdir(site.root)).toEqual(['data']);

  restic(site, 'init');
  const empty = await refusal(restore(site));
  expect(empty.code).toBe('BACKUP_REPOSITORY_EMPTY');
  await backup(site);
  expect(await refusal(restore(site, { host: 'another' }))).toMatchObject({
    code: 'BACKUP_REPOSITORY_EMPTY',
  });

  // What `restic check` holds while it runs: an exclusive lock of a process that lives.
  const holder = spawn('restic', ['--no-cache', '-r', join(site.root, 'repo'), 'check', '--read-data'], {
    env: { ...process.env, RESTIC_PASSWORD: PASSWORD },
    stdio: 'ignore',
  });
  const ended = once(holder, 'exit');
  onTestFinished(async () => {
    holder.kill('SIGKILL');
    await ended;
  });
  const locksNow = async (): Promise<string[]> =>
    (await readdir(join(site.root, 'repo', 'locks'))).filter((name) => !name.includes('-tmp-'));
  while ((await locksNow()).length === 0) await systemClock.sleep(2);
  holder.kill('SIGSTOP');
  const locks = await locksNow();
  expect(locks).toHaveLength(1);
  const locked = await refusal(restore(site));
  expect(locked).toMatchObject({ code: 'BACKUP_REPOSITORY_LOCKED' });
  expect(locked.message).toMatch(/somebody else \(PID \d+ on /);
  expect(locked.hint).toContain('Reeve never does');
  expect(await locksNow()).toEqual(locks);
  holder.kill('SIGKILL');
  await ended;
  await rm(join(site.root, 'repo', 'locks', locks[0] ?? ''));

  const packs = (await digestTree([join(site.root, 'repo', 'data')], signal)).map(({ path }) => path);
  for (const pack of packs) {
    await chmod(pack, 0o600);
    const bytes = await readFile(pack);
    // Within the first blob.
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await writeFile(pack, bytes);
  }
  const damaged = await refusal(restore(site));
  expect(damaged.code).toBe('BACKUP_REPOSITORY_DAMAGED');
  await rm(join(site.root, 'repo', 'index'), { recursive: true });
  expect(await refusal(restore(site))).toMatchObject({ code: 'BACKUP_REPOSITORY_DAMAGED' });
  expect(await site.left()).toEqual([]);
});

test('a restored file that differs, is missing, or was changed during the backup is a mismatch', async () => {
  const site = await shop();
  await site.mark();
  await backup(site);
  const tag = /reeve-checkpoint-\w+/.exec(restic(site, 'snapshots', '--json'))?.[0] ?? '';
  const file = join(site.root, 'data', 'orders.csv');
  const stat = { atime: new Date(1e12), mtime: new Date(1e12) };
  await utimes(file, stat.atime, stat.mtime);
  // The same tag on other content, as if the repository gave back something else.
  const forge = (): string =>
    restic(site, 'backup', '--quiet', '--host', 'reeve', '--tag', tag, join(site.root, 'data'));
  // A sentinel is written at any time, also between the digests and the snapshot.
  await site.mark();
  forge();
  // Only its time differs, which is none of the data.
  expect((await restore(site)).outputs).toMatchObject({ files: '3', changed: '0' });
  await appendFile(file, 'more\n');
  forge();
  const while_ = await refusal(restore(site));
  expect(while_).toMatchObject({ code: 'RESTORE_MISMATCH' });
  expect(while_.message).toContain('changed while the backup ran');
  expect((await restore(site, { verify: { changed: 1 } })).outputs).toMatchObject({
    files: '2',
    changed: '1',
  });
  await rm(file);
  forge();
  expect((await refusal(restore(site))).message).toContain('orders.csv is missing');
});

test('nothing is restored outside the scratch of its attempt, and live files stay as they are', async () => {
  const site = await shop();
  await backup(site);
  const live = await digestTree([join(site.root, 'data')], signal);
  for (const target of [
    join(site.root, 'data'),
    join(site.root, 'repo'),
    site.root,
    site.home.home,
    '..',
    '/',
  ])
    expect((await refusal(restore(site, { paths: ['data'], target }))).code).toBe('RESTORE_TARGET_REFUSED');
  expect(await digestTree([join(site.root, 'data')], signal)).toEqual(live);
});

test('a sentinel that is not in the copy, or was never written here, is told apart', async () => {
  const site = await shop();
  await backup(site);
  expect((await refusal(restore(site, { sentinel: 'other' }))).code).toBe('SENTINEL_UNKNOWN');
  expect((await refusal(restore(site, { sentinel: 'shop' }))).message).toContain('none was written yet');
  await site.mark();
  expect((await refusal(restore(site, { sentinel: 'shop' }))).message).toContain('it has none');
  const mark = join(site.root, 'data', '.reeve-sentinel-shop');
  const uuid = '11111111-2222-4333-8444-555555555555';
  await writeFile(mark, JSON.stringify({ sentinel: 'shop', uuid, at: Date.now() }));
  await backup(site);
  expect((await refusal(restore(site, { sentinel: 'shop' }))).message).toContain('never written here');
  // Known, but from after the disaster: what was read cannot be the copy.
  const later = { uuid, at: Date.now() + 3_600_000 };
  await site.home.sentinels.remember('shop', later);
  await writeFile(mark, JSON.stringify({ sentinel: 'shop', ...later }));
  await backup(site);
  const found = await refusal(restore(site, { sentinel: 'shop' }));
  expect(found.code).toBe('DRILL_WORTHLESS');
  expect(found.message).toContain('written after the disaster');
});

test('a disk that becomes full fails clearly, and the scratch is gone', async () => {
  const site = await shop();
  await writeFile(join(site.root, 'data', 'large'), Buffer.alloc(4 * 1024 * 1024, 'abcdefg'));
  await backup(site);
  const context = await site.context();
  const mounted = mount(context.scratch, '1m');
  if (!mounted) throw new Error('skipped: this test mounts a small tmpfs, which needs root');
  const { code, hint } = await refusal(restore(site, {}, { scratch: context.scratch }));
  expect([code, hint]).toEqual(['RESTORE_DISK_FULL', expect.stringContaining('Free space')]);
  expect(await readdir(context.scratch)).toEqual([]);
});

test('a missing program and wrong options say what to do', async () => {
  const site = await shop();
  const none = await refusal(restore(site, { bin: site.root }));
  expect(none).toMatchObject({ code: 'PROGRAM_MISSING', hint: expect.stringContaining('Install restic') });
  const inline = await refusal(restore(site, { repository: 'rest:https://ana:hunter2@backup.example/' }));
  expect(inline.code).toBe('DRIVER_OPTIONS_INVALID');
  expect(inline.message).toContain('put the whole into a secret');
  expect(inline.message).not.toContain('hunter2');
  for (const wrong of [
    { pasword: 'x' },
    { environment: { LD_PRELOAD: 'restic-password' } },
    { repository: '--help' },
  ])
    expect((await refusal(restore(site, wrong))).code).toBe('DRIVER_OPTIONS_INVALID');
  await cp(join(site.root, 'data'), join(site.root, 'elsewhere'), { recursive: true });
  await rm(join(site.root, 'data'), { recursive: true });
  expect((await refusal(backup(site))).message).toContain('a path cannot be read');
});

function mount(dir: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    return false;
  }
  onTestFinished(() => void execFileSync('umount', ['-l', dir]));
  return true;
}
