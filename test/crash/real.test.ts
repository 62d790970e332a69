import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { readLedger, verifyLedger } from '../../daemon/ledger/index.ts';
import { tempDir } from '../helpers/ledger.ts';
import { random } from './simfs.ts';

/* The same promises on the real file system, with real processes. */

const APPENDER = join(import.meta.dirname, 'appender.ts');

interface Run {
  child: ChildProcess;
  /** Acknowledged: seq → what it said. */
  acknowledged: Map<number, string>;
  refused: string[];
  /** Resolves once `count` appends were answered, either way. */
  answered(count: number): Promise<void>;
  kill(): Promise<void>;
}

/** Starts the appender, through `sh -c` with `limits` in front when given. */
async function start(
  home: string,
  key: KeyObject,
  clients: number,
  segmentBytes: number,
  limits?: string,
): Promise<Run> {
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  const args = [APPENDER, home, pkcs8, String(clients), String(segmentBytes)];
  const shell = ['-c', `${limits}; exec "$0" "$@"`, process.execPath, ...args];
  const child =
    limits === undefined
      ? spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('/bin/sh', shell, { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged = new Map<number, string>();
  const refused: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') return ready();
    const [seq = '', ...why] = line.split(' ');
    if (seq === '!') refused.push(why.join(' '));
    else acknowledged.set(Number(seq), why.join(' '));
    for (const w of waiting) if (acknowledged.size + refused.length >= w.count) w.resolve();
  });
  const closed = new Promise<void>((resolve) => child.stdout?.once('close', () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await Promise.all([gone, closed]);
  };
  onTestFinished(kill);
  await Promise.race([isReady, gone]);
  const answered = (count: number): Promise<void> =>
    Promise.race([gone, new Promise<void>((resolve) => waiting.push({ count, resolve }))]);
  return { child, acknowledged, refused, answered, kill };
}

async function mustHave(home: string, acknowledged: ReadonlyMap<number, string>): Promise<void> {
  const said = new Map<number, string>();
  for await (const record of readLedger(join(home, 'ledger'), 0))
    if (record.type === 'daemon.stopped') said.set(record.seq, record.body.why);
  for (const [seq, why] of acknowledged) expect(said.get(seq), `record ${seq} was acknowledged`).toBe(why);
}

test('killed with SIGKILL at random moments, again and again, it keeps everything it acknowledged', async () => {
  const home = await tempDir();
  const { privateKey } = generateKeyPairSync('ed25519');
  const rng = random(61);
  const all = new Map<number, string>();
  for (let round = 0; round < 6; round++) {
    const run = await start(home, privateKey, 1 + (round % 3) * 8, 6000);
    await run.answered(1 + Math.floor(rng() * 120));
    await run.kill();
    expect(run.refused).toEqual([]);
    expect(run.acknowledged.size).toBeGreaterThan(0);
    for (const [seq, why] of run.acknowledged) {
      expect(all.has(seq)).toBe(false);
      all.set(seq, why);
    }
    await mustHave(home, all);
    const report = await verifyLedger(join(home, 'ledger'));
    expect(report.problems).toEqual([]);
  }
}, 60_000);

test('attack 66: on a disk that is really full appends are refused, nothing acknowledged is lost, and room heals it', async () => {
  const home = await tempDir();
  const { privateKey } = generateKeyPairSync('ed25519');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', home]).status === 0;
  // Without the right to mount, a limit on the file size stands for it: then a new segment is room enough.
  if (mounted) onTestFinished(() => void spawnSync('umount', ['-l', home]));
  const run = await start(home, privateKey, 4, 1e9, mounted ? undefined : 'ulimit -f 64');
  await run.answered(mounted ? 3000 : 900);
  expect(run.refused).toContain('LEDGER_DISK_FULL');
  const before = run.acknowledged.size;
  if (mounted) spawnSync('mount', ['-o', 'remount,size=4m', home]);
  await run.answered(run.acknowledged.size + run.refused.length + 40);
  expect(run.acknowledged.size).toBeGreaterThan(before);
  expect(new Set(run.refused)).toEqual(new Set(['LEDGER_DISK_FULL']));
  await run.kill();
  await mustHave(home, run.acknowledged);
  const types = [];
  for await (const record of readLedger(join(home, 'ledger'), 0)) types.push(record.type);
  expect(types).toContain('ledger.disk_full');
  expect((await verifyLedger(join(home, 'ledger'))).problems).toEqual([]);
}, 60_000);

test('attack 66: a file-size limit is a full disk; a new segment goes on', async () => {
  const home = await tempDir();
  const { privateKey } = generateKeyPairSync('ed25519');
  // 16 KiB a file (sh counts blocks of 512 bytes).
  const run = await start(home, privateKey, 4, 1e9, 'ulimit -f 32');
  await run.answered(400);
  await run.kill();
  expect(new Set(run.refused)).toEqual(new Set(['LEDGER_DISK_FULL']));
  await mustHave(home, run.acknowledged);
  const report = await verifyLedger(join(home, 'ledger'));
  expect(report.problems).toEqual([]);
  expect(report.segments.length).toBeGreaterThan(1);
}, 60_000);

test('attack 68: started with too few file descriptors it says so, and the ledger is as it was', async () => {
  const home = await tempDir();
  const { privateKey } = generateKeyPairSync('ed25519');
  const run = await start(home, privateKey, 1, 4000);
  await run.answered(20);
  await run.kill();
  await mkdir(join(home, 'held'));
  const code = `
    import { openSync } from 'node:fs';
    const { nodeFs } = await import(${JSON.stringify(join(import.meta.dirname, '../../daemon/fs.ts'))});
    const { openLedger } = await import(${JSON.stringify(join(import.meta.dirname, '../../daemon/ledger/index.ts'))});
    const { StateHost } = await import(${JSON.stringify(join(import.meta.dirname, '../../daemon/state/host.ts'))});
    try { for (;;) openSync('/dev/null'); } catch (error) { if (error.code !== 'EMFILE') throw error; }
    const signer = { origin: 'killed.example/ledger', keyId: 'key_0000000000000000', publicKey: Buffer.alloc(32, 1), sign: () => Buffer.alloc(64) };
    await openLedger({ dir: process.argv[1], fs: nodeFs, clock: {}, signer, fold: new StateHost([]), version: 'x' })
      .catch((error) => console.log(error.code));`;
  const limited = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', code];
  const result = spawnSync('/bin/sh', [...limited, join(home, 'ledger')], { encoding: 'utf8' });
  expect(result.stdout.trim(), result.stderr).toBe('LEDGER_NO_FILES');
  await rm(join(home, 'held'), { recursive: true });
  await mustHave(home, run.acknowledged);
  expect((await verifyLedger(join(home, 'ledger'))).problems).toEqual([]);
}, 60_000);
