import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sha256Hex } from '../../daemon/digest.ts';
import { driverServices } from '../../daemon/drills/drivers/index.ts';
import { Manifest } from '../../daemon/drills/home/manifest.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { loadKeys } from '../../daemon/keys/store.ts';
import type { Fs } from '../../daemon/ports/fs.ts';
import { tempDir } from '../helpers/ledger.ts';
import { SECRET, makeHome, type TestHome } from './home.ts';

const backup = (t: TestHome, deps = t.deps) => driverServices(deps).backup('reeve', {}, t.context);
const restore = (t: TestHome, options = {}, deps = t.deps) =>
  driverServices(deps).restore('reeve', options, t.context);
const out = (outputs: Record<string, string>, name: string): string => outputs[name] ?? '';

async function everyFile(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('a backup reaches a signed head, while the ledger goes on growing over several segments', async () => {
  const t = await makeHome(await tempDir(), { segmentBytes: 8 * 1024 });
  for (let i = 0; i < 10; i++) await t.more(40);
  const done = new AbortController();
  const writer = (async () => {
    while (!done.signal.aborted) await t.more(20);
  })();
  const { outputs, artifacts } = await backup(t);
  done.abort();
  await writer;
  const path = out(outputs, 'path');
  const manifest = Manifest.parse(JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')));
  expect(t.ledger.head().size).toBeGreaterThan(manifest.head.size);
  expect(await t.deps.verify(join(path, 'ledger'))).toEqual(manifest.head);
  expect(await t.deps.rootAt(manifest.head.size)).toBe(manifest.head.root);
  expect(manifest.files.filter(({ path: name }) => name.endsWith('.jsonl')).length).toBeGreaterThan(2);
  expect(artifacts).toMatchObject([{ digest: out(outputs, 'manifest') }]);
  expect(t.artifacts.stored.get(out(outputs, 'manifest'))).toEqual(
    await readFile(join(path, 'manifest.json')),
  );
});

test('the manifest names every file with its digest; all are private and none is a link', async () => {
  const t = await makeHome(await tempDir());
  const { outputs } = await backup(t);
  const path = out(outputs, 'path');
  const manifest = Manifest.parse(JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')));
  const named = [...manifest.files.map((file) => join(path, file.path)), join(path, 'manifest.json')];
  expect((await everyFile(path)).sort()).toEqual(named.sort());
  for (const file of manifest.files) {
    const bytes = await readFile(join(path, file.path));
    expect([file.path, bytes.length, sha256Hex(bytes)]).toEqual([file.path, file.size, file.sha256]);
    const { mode, nlink } = await stat(join(path, file.path));
    expect([file.path, mode & 0o777, nlink]).toEqual([file.path, 0o600, 1]);
  }
  for (const folder of [path, join(path, 'ledger'), join(t.home, 'backups')])
    expect([folder, (await stat(folder)).mode & 0o777]).toEqual([folder, 0o700]);
});

test('no secret leaves unsealed: neither a value nor the key that would open it', async () => {
  const t = await makeHome(await tempDir());
  const { outputs } = await backup(t);
  const master = JSON.parse(await readFile(join(t.home, 'keys', 'master.json'), 'utf8')) as { key: string };
  const files = await everyFile(out(outputs, 'path'));
  expect(files.some((file) => file.endsWith('keys.json'))).toBe(true);
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    expect([file, text.includes(SECRET) || text.includes(master.key)]).toEqual([file, false]);
  }
  expect(outputs).toMatchObject({ unseal: 'master_key_file' });
});

test('with a passphrase, the backup and the passphrase are enough to open the keys again', async () => {
  const t = await makeHome(await tempDir(), { passphrase: 'a long passphrase' });
  const { outputs } = await backup(t);
  expect(outputs).toMatchObject({ unseal: 'passphrase' });
  const keys = await loadKeys({ ...t.keyOptions, folder: join(out(outputs, 'path'), 'keys') });
  expect(keys.signer('grant').kid).toBe(t.keys.signer('grant').kid);
});

test('old backups are removed by name, and nothing else in their folder', async () => {
  const t = await makeHome(await tempDir(), { keep: 2 });
  await mkdir(join(t.home, 'backups', 'mine'), { recursive: true, mode: 0o700 });
  await writeFile(join(t.home, 'backups', 'notes.txt'), 'keep me');
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    ids.push(out((await backup(t)).outputs, 'backup_id'));
    if ('advance' in t.clock) await (t.clock as { advance(ms: number): Promise<void> }).advance(1000);
  }
  expect((await readdir(join(t.home, 'backups'))).sort()).toEqual(
    [...ids.slice(2), 'mine', 'notes.txt'].sort(),
  );
  expect(t.notes.filter((note) => note.startsWith('removed an old backup'))).toHaveLength(2);
});

/** A file system on which the `n`-th write fails. */
function failing(n: number, code: string): Fs {
  let writes = 0;
  return {
    ...nodeFs,
    async open(path, flags, mode) {
      const file = await nodeFs.open(path, flags, mode);
      const write = file.write.bind(file);
      file.write = async (data) => {
        writes += 1;
        if (writes === n) throw Object.assign(new Error(`${code}: write`), { code });
        return write(data);
      };
      return file;
    },
  };
}

test('whichever write finds the disk full, there is a clear refusal and no half backup', async () => {
  const t = await makeHome(await tempDir());
  const first = out((await backup(t)).outputs, 'backup_id');
  let n = 1;
  for (; n < 50; n++) {
    const result = await backup(t, { ...t.deps, fs: failing(n, 'ENOSPC') }).catch((error: unknown) => error);
    if (!(result instanceof Error)) break;
    expect(result).toMatchObject({ code: 'BACKUP_DISK_FULL' });
    expect([n, await readdir(join(t.home, 'backups'))]).toEqual([n, [first]]);
  }
  // Segment, checkpoint, history, keys, secrets, public keys, manifest.
  expect(n).toBe(8);
  expect((await restore(t, { backup: first })).outputs).toMatchObject({ backup_id: first });
});

const root = process.getuid?.() === 0;
test.skipIf(!root && process.env['CI'] !== 'true')(
  `attack 66: backup on a full disk${root ? '' : ' (skipped: mounting a small disk needs root)'}`,
  async () => {
    const t = await makeHome(await tempDir(), { records: 9000 });
    const folder = join(t.home, 'backups');
    await mkdir(folder, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=0700', 'tmpfs', folder]);
    onTestFinished(() => void execFileSync('umount', [folder]));
    await expect(backup(t)).rejects.toMatchObject({ code: 'BACKUP_DISK_FULL' });
    expect(await readdir(folder)).toEqual([]);
    await expect(restore(t)).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
    await t.more(1);
  },
);

test('what a killed backup leaves is never restored, and the next backup clears it', async () => {
  const home = await tempDir();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-backup.ts'), home], {
    stdio: 'pipe',
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  const [left = ''] = await readdir(join(home, 'backups'));
  const files = await everyFile(join(home, 'backups', left));
  expect(files.length).toBeGreaterThan(1);
  expect(files.some((file) => file.endsWith('manifest.json'))).toBe(false);

  const t = await makeHome(await tempDir());
  await mkdir(join(t.home, 'backups'), { mode: 0o700 });
  execFileSync('cp', ['-r', join(home, 'backups', left), join(t.home, 'backups', left)]);
  await expect(restore(t)).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
  await expect(restore(t, { backup: left })).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
  const { outputs } = await backup(t);
  expect(await readdir(join(t.home, 'backups'))).toEqual([out(outputs, 'backup_id')]);
  expect(t.notes).toEqual([`removed an unfinished backup {"backup":"${left}"}`]);
});

test('an unknown driver and unknown options are refused by name', async () => {
  const t = await makeHome(await tempDir());
  const services = driverServices(t.deps);
  await expect(services.backup('floppy', {}, t.context)).rejects.toMatchObject({ code: 'DRIVER_UNKNOWN' });
  await expect(services.backup('reeve', { to: '/' }, t.context)).rejects.toMatchObject({
    code: 'DRIVER_OPTIONS_INVALID',
  });
  await expect(services.restore('reeve', { backup: '../../etc' }, t.context)).rejects.toMatchObject({
    code: 'DRIVER_OPTIONS_INVALID',
  });
  expect(await readdir(t.home)).not.toContain('backups');
});
