import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import { sha256Hex } from '../../daemon/digest.ts';
import { driverServices } from '../../daemon/drills/drivers/index.ts';
import { negativeControl } from '../../daemon/drills/home/control.ts';
import { makeTarget } from '../../daemon/drills/target.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { collect, tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { JOB, makeHome, type TestHome } from './home.ts';

const backup = (t: TestHome) => driverServices(t.deps).backup('reeve', {}, t.context);
const restore = (t: TestHome, options = {}, deps = t.deps) =>
  driverServices(deps).restore('reeve', options, t.context);

/** The error code it rejects with, or 'nothing'. */
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof ReeveError ? error.code : error),
  );

/** Flips one bit in the middle of a file. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  await writeFile(path, bytes);
}

test('the drill restores, proves the root, and measures what would be lost and how long it took', async () => {
  const clock = new ManualClock();
  const t = await makeHome(await tempDir(), { clock });
  await clock.advance(5000);
  const made = await backup(t);
  await clock.advance(42_000);
  await t.more(3);
  await clock.advance(1000);
  const deps = {
    ...t.deps,
    verify: async (dir: string) => {
      await clock.advance(1500);
      return t.deps.verify(dir);
    },
    boot: async (dir: string) => {
      await clock.advance(250);
      return t.deps.boot(dir);
    },
  };
  const { outputs, phases, artifacts } = await restore(
    t,
    { backup: 'latest', manifest: made.outputs['manifest'] ?? '' },
    deps,
  );
  // The sentinel of the disaster is the newest live record, 43 s after the last one in the backup.
  expect(outputs).toMatchObject({ rpo_ms: '43000', rto_ms: '1750', records_lost: '4' });
  expect(phases).toEqual({ fetch: 0, restore: 0, verify: 1500, boot: 250 });
  expect(outputs['root']).toBe(made.outputs['root']);
  expect(outputs['live_root']).toBe(outputs['root']);
  expect(outputs['control']).toMatch(/^noticed: /);
  expect(await readdir(t.scratch)).toEqual([]);
  const report = JSON.parse(String(t.artifacts.stored.get(artifacts[0]?.digest ?? ''))) as object;
  expect(report).toMatchObject({ kind: 'reeve.restore', figures: { rpo_ms: 43_000, rto_ms: 1750 } });
  const sentinels = (await collect(t.ledger.read(0))).filter(({ type }) => type === 'drill.sentinel');
  expect(sentinels.map(({ body }) => body)).toMatchObject([
    { at: 'before_cut', job_id: JOB },
    { at: 'disaster', job_id: JOB },
  ]);
  expect(await t.deps.verify(join(t.home, 'ledger'))).toMatchObject({ size: t.ledger.head().size });
});

test('every single-bit flip of a restored ledger is noticed', async () => {
  const t = await makeHome(await tempDir(), { records: 5 });
  const { outputs } = await backup(t);
  const dir = join(outputs['path'] ?? '', 'ledger');
  const head = { size: Number(outputs['size']), root: outputs['root'] ?? '' };
  const places = new Set<string>();
  for (let i = 0; i < 150; i++) {
    const into = join(t.scratch, `control-${i}`);
    const control = await negativeControl(dir, into, head, t.deps.verify);
    places.add(`${control.byte}.${control.bit}`);
    await rm(into, { recursive: true });
  }
  expect(places.size).toBeGreaterThan(100);
});

test('a verification that passes damage makes the drill worthless', async () => {
  const t = await makeHome(await tempDir());
  const { outputs } = await backup(t);
  const head = { size: Number(outputs['size']), root: outputs['root'] ?? '' };
  await expect(restore(t, {}, { ...t.deps, verify: async () => head })).rejects.toMatchObject({
    code: 'DRILL_WORTHLESS',
    message: expect.stringContaining('verification passed a copy in which bit') as string,
  });
  expect(await readdir(t.scratch)).toEqual([]);
});

test('a negative control that fails for another reason than the damage proves nothing', async () => {
  const t = await makeHome(await tempDir());
  await backup(t);
  let calls = 0;
  const verify = async (dir: string) => {
    calls += 1;
    if (calls > 1) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    return t.deps.verify(dir);
  };
  await expect(restore(t, {}, { ...t.deps, verify })).rejects.toMatchObject({ code: 'DRILL_WORTHLESS' });
});

test('a damaged backup is not restored, wherever the damage is', async () => {
  const t = await makeHome(await tempDir());
  const { outputs } = await backup(t);
  const path = outputs['path'] ?? '';
  const segment = join(path, 'ledger', '0000000000000000.jsonl');
  const good = await readFile(segment);
  await damage(segment);
  await expect(restore(t)).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' });
  await writeFile(segment, good.subarray(0, -1));
  await expect(restore(t)).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' });
  await rm(segment);
  await expect(restore(t)).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' });
  expect(await readdir(t.scratch)).toEqual([]);
});

test('a backup changed together with its manifest is noticed by the recorded digest, and by the signature', async () => {
  const t = await makeHome(await tempDir());
  const { outputs } = await backup(t);
  const path = outputs['path'] ?? '';
  const segment = join(path, 'ledger', '0000000000000000.jsonl');
  const before = sha256Hex(await readFile(segment));
  await damage(segment);
  const manifest = await readFile(join(path, 'manifest.json'), 'utf8');
  await writeFile(join(path, 'manifest.json'), manifest.replace(before, sha256Hex(await readFile(segment))));
  await expect(restore(t, { manifest: outputs['manifest'] ?? '' })).rejects.toMatchObject({
    code: 'BACKUP_CORRUPT',
  });
  await expect(restore(t)).rejects.toMatchObject({ code: expect.stringMatching(/^LEDGER_/) as string });
  const other = manifest.replace(/"root":"[0-9a-f]{64}"/, `"root":"${'0'.repeat(64)}"`);
  await writeFile(join(path, 'manifest.json'), other);
  await expect(restore(t)).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' });
});

test('a manifest that leads out of the backup is refused', async () => {
  const t = await makeHome(await tempDir());
  const { outputs } = await backup(t);
  const file = join(outputs['path'] ?? '', 'manifest.json');
  const manifest = await readFile(file, 'utf8');
  for (const path of ['../../keys/master.json', '/etc/passwd', 'ledger/../../x', 'ledger//x', ''])
    for (const changed of [manifest.replace('ledger/checkpoint"', `${path}"`)]) {
      await writeFile(file, changed);
      await expect(restore(t)).rejects.toMatchObject({ code: 'BACKUP_CORRUPT' });
    }
});

test('a history that was rewritten since the backup, or projections that fold otherwise, end the drill', async () => {
  const t = await makeHome(await tempDir());
  await backup(t);
  const mismatch = { code: 'RESTORE_MISMATCH' };
  await expect(restore(t, {}, { ...t.deps, rootAt: async () => '0'.repeat(64) })).rejects.toMatchObject(
    mismatch,
  );
  await expect(restore(t, {}, { ...t.deps, replay: async () => 'sha256:0' })).rejects.toMatchObject(mismatch);
});

test('a service that answers from the live ledger instead of the copy is found out', async () => {
  const t = await makeHome(await tempDir());
  const { outputs } = await backup(t);
  const head = { size: Number(outputs['size']), root: outputs['root'] ?? '' };
  const read = t.ledger.read.bind(t.ledger);
  const boot = async () => ({ head: () => head, read, close: async () => {} });
  await expect(restore(t, {}, { ...t.deps, boot })).rejects.toMatchObject({
    code: 'RESTORE_MISMATCH',
    message: expect.stringContaining('written after its cut') as string,
  });
});

test('a full disk or a cancelled job ends the restore with its scratch cleared', async () => {
  const t = await makeHome(await tempDir());
  await backup(t);
  const fs = {
    ...nodeFs,
    open: async (...args: Parameters<typeof nodeFs.open>) => {
      const file = await nodeFs.open(...args);
      file.write = () => Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
      return file;
    },
  };
  await expect(restore(t, {}, { ...t.deps, fs })).rejects.toMatchObject({ code: 'RESTORE_DISK_FULL' });
  const stop = new AbortController();
  const verify = (dir: string) => {
    stop.abort(new Error('cancelled'));
    return t.deps.verify(dir);
  };
  const services = driverServices({ ...t.deps, verify });
  await expect(services.restore('reeve', {}, { ...t.context, signal: stop.signal })).rejects.toThrow(
    'cancelled',
  );
  expect(await readdir(t.scratch)).toEqual([]);
});

test('a restore goes nowhere but into an empty folder in the scratch of its attempt', async () => {
  const t = await makeHome(await tempDir());
  const outside = await tempDir();
  await backup(t);
  await mkdir(join(t.scratch, 'full'));
  await writeFile(join(t.scratch, 'full', 'file'), '');
  await writeFile(join(t.scratch, 'plain'), '');
  await symlink(t.home, join(t.scratch, 'home-link'));
  await symlink(join(t.home, 'ledger'), join(t.scratch, 'ledger-link'));
  await symlink(join(outside, 'nowhere'), join(t.scratch, 'dangling'));
  await mkdir(join(dirname(t.scratch), 'attempt-2'));
  const size = t.ledger.head().size;
  for (const target of [
    t.home,
    dirname(t.home),
    '/',
    join(t.home, 'ledger'),
    join(t.home, 'ledger', 'new'),
    join(t.home, 'new'),
    join(t.home, 'backups', 'new'),
    '../../..',
    '.',
    '../attempt-2',
    '../attempt-3',
    join(outside, 'new'),
    'full',
    'plain',
    'home-link',
    'home-link/new',
    'ledger-link',
    'ledger-link/new',
    'dangling',
    'missing/new',
  ])
    expect([target, await codeOf(restore(t, { target }))]).toEqual([target, 'RESTORE_TARGET_REFUSED']);
  expect(t.ledger.head().size).toBe(size);
  expect(await readdir(outside)).toEqual([]);
  await mkdir(join(t.scratch, 'empty'));
  await restore(t, { target: 'empty' });
  await restore(t, { target: 'new' });
});

test('the live folders stay out of reach even when the scratch root is said to be the home', async () => {
  const t = await makeHome(await tempDir());
  const into = join(t.home, 'ledger', 'x');
  for (const scratchRoot of [t.home, dirname(t.home), join(t.home, 'ledger')])
    expect(
      await codeOf(makeTarget({ home: t.home, scratchRoot }, { scratch: join(t.home, 'ledger') }, into)),
    ).toBe('RESTORE_TARGET_REFUSED');
  expect(await readdir(join(t.home, 'ledger'))).not.toContain('x');
});
