import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, type Manifest } from '../../cli/local/bundle.ts';
import { makeBundle } from '../../scripts/bundle.ts';
import { makeSnapshot, writeSnapshot } from '../../scripts/snapshot.ts';

// The launcher asks Linux whether the machine was started again; elsewhere it uses the bundle.
const LINUX = process.platform === 'linux';
const BOOT = LINUX ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8') : '';
const MAIN = join(ROOT, 'cli/main.ts');

const base = mkdtempSync(join(tmpdir(), 'reeve-snapshot-'));
const cache = `${join(base, 'made')}/`;
let bundle = '';
let snapshot = '';
beforeAll(async () => {
  bundle = await makeBundle(cache);
  snapshot = (await makeSnapshot(cache)) ?? '';
});
afterAll(() => rmSync(base, { recursive: true, force: true, maxRetries: 20 }));

const env = { PATH: process.env['PATH'], HOME: base, REEVE_HOME: join(base, 'home'), REEVE_PORT: '0' };
const boot = (): string => readFileSync(`${cache}boot`, 'utf8');
/** As the launcher does. */
const take = (): void => writeFileSync(`${cache}boot`, '');

function ran(file: string, args: string[], more: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr } = spawnSync(file, args, { env: { ...env, ...more }, encoding: 'utf8' });
  return (stdout + stderr).trim();
}

describe.runIf(LINUX)('a snapshot', () => {
  test('is made once for a bundle, and again when it may not be used', async () => {
    const made = statSync(snapshot).ino;
    expect(boot()).toBe(BOOT);
    await makeSnapshot(cache);
    expect(statSync(snapshot).ino).toBe(made);
    take();
    await makeSnapshot(cache);
    expect(statSync(snapshot).ino).not.toBe(made);
    expect(boot()).toBe(BOOT);
  });

  test('the daemon in it does its work: home, drill with restore and proof, a clean stop', async () => {
    const estate = join(base, 'estate');
    for (const part of ['reeve.yaml', 'runbooks'])
      cpSync(join(ROOT, part), join(estate, part), { recursive: true });
    mkdirSync(env.REEVE_HOME, { mode: 0o700 });
    take();
    const child = spawn(process.execPath, ['--expose-gc', `--snapshot-blob=${snapshot}`, MAIN, 'up'], {
      cwd: estate,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let command = '';
    for (const pipe of [child.stdout, child.stderr])
      pipe.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
        if (command !== '' || !said.includes('Ctrl-C stops it.')) return;
        command = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
        child.kill('SIGTERM');
      });
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    // It is still the process that was started.
    expect(command).toContain('--snapshot-blob=');
    expect(said).toMatch(/self-restore\S* PASS/);
    expect(signal).toBe('SIGTERM');
    expect(boot()).toBe(BOOT);
  });

  test('a start that cannot succeed for another reason is none of its faults', () => {
    take();
    const said = ran(process.execPath, [`--snapshot-blob=${snapshot}`, MAIN, 'up', '--config=/nowhere.yaml']);
    expect(said).toContain('/nowhere.yaml');
    expect(boot()).toBe(BOOT);
    // What the parser has to explain is left to the files.
    take();
    expect(ran(process.execPath, [`--snapshot-blob=${snapshot}`, MAIN, 'up', '--help'])).toContain('--port');
    expect(boot()).toBe(BOOT);
  });

  test('on any doubt the files run, with the same arguments, and it stays taken', async () => {
    const other = `${join(base, 'other')}/`;
    const blob = `${other}daemon.blob`;
    cpSync(cache, other, { recursive: true });
    const manifest = JSON.parse(readFileSync(`${other}manifest.json`, 'utf8')) as Manifest;
    const doubts: Record<string, Partial<Manifest>> = {
      'another Node': { runs: manifest.runs.replace('v24', 'v22') },
      'a moved clone': { root: '/elsewhere/' },
      'an edited file': { inputs: { ...manifest.inputs, 'daemon/app.ts': [1, 1, 1] } },
    };
    const files = ran(process.execPath, [MAIN, 'up', '--no-such-option']);
    expect(files).toContain('--no-such-option');
    for (const [doubt, change] of Object.entries(doubts)) {
      writeFileSync(`${other}manifest.json`, JSON.stringify({ ...manifest, ...change }));
      await writeSnapshot(bundle, other, blob);
      writeFileSync(`${other}boot`, '');
      const said = ran(process.execPath, [`--snapshot-blob=${blob}`, MAIN, 'up', '--no-such-option']);
      expect([doubt, said]).toEqual([doubt, files]);
      expect([doubt, readFileSync(`${other}boot`, 'utf8')]).toEqual([doubt, '']);
    }
  });

  test('what would not start is not kept', async () => {
    const bad = join(base, 'bad.cjs');
    writeFileSync(
      bad,
      "process.getBuiltinModule('node:v8').startupSnapshot.setDeserializeMainFunction(() => {});",
    );
    await expect(writeSnapshot(bad, cache, join(base, 'bad.blob'))).rejects.toThrow('it says');
    expect(() => statSync(join(base, 'bad.blob'))).toThrow('ENOENT');
  });
});

test('nothing that may differ at the next start is looked up while the daemon is loaded', () => {
  const looks = (code: string, file: string): string[] => {
    const preload = pathToFileURL(join(ROOT, 'test/helpers/looks.ts')).href;
    const args = ['--enable-source-maps', '--import', preload, '-e', code, file];
    const { output, stderr } = spawnSync(process.execPath, args, {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    expect(stderr).toBe('');
    return (output[3] ?? '').split('\n').filter(Boolean);
  };
  const load = 'const { prepare } = require(process.argv[1])';
  const control = join(base, 'daemon.cjs');
  writeFileSync(
    control,
    `process.env.HOME; Object.keys(process.env); process.pid; process.cwd(); process.stdout;
     Date.now(); new Date(); new Date(0); performance.now(); Math.random(); new Intl.DateTimeFormat();
     setTimeout(() => {}); require('os').hostname(); require('crypto').randomUUID(); require('tty').isatty(1);`,
  );
  expect(looks(load, control)).toEqual(
    [
      ...['env HOME', 'env', 'process.pid', 'process.cwd', 'process.stdout', 'Date.now', 'Date'],
      ...['performance.now', 'Math.random', 'Intl.DateTimeFormat', 'setTimeout', 'os.hostname'],
      ...['crypto.randomUUID', 'tty.isatty'],
    ].map((what) => `${what}: ours`),
  );
  const loading = looks(load, bundle);
  // A package's switch for its own debugging; the version, from package.json, which is in the manifest.
  expect(loading).toEqual(['env NODE_DEBUG: semver', 'fs.readFileSync: ours']);
  const preparing = looks(`${load}; prepare()`, bundle).filter((look) => !loading.includes(look));
  expect(preparing.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    // How long each plugin took to load, and a name for it in what fastify could print about that.
    ...['Date.now: avvio', 'Date: croner', 'Math.random: avvio'],
    // Switches of yaml for its own debugging; the estate, which is dropped again.
    ...['env LOG_STREAM: yaml', 'env LOG_TOKENS: yaml', 'fs.openSync: ours', 'setTimeout: avvio'],
  ]);
});

describe.runIf(LINUX)('the launcher', () => {
  const root = join(base, 'clone');
  const kept = join(root, 'node_modules/.cache/reeve-daemon');
  const reeve = (args: string[], more: NodeJS.ProcessEnv = {}): string =>
    ran(join(root, 'cli/reeve'), args, more);
  const token = (text: string): void => writeFileSync(join(kept, 'boot'), text);
  const left = (): string => readFileSync(join(kept, 'boot'), 'utf8');
  const age = (file: string, s: number): void => utimesSync(join(root, file), s, s);

  beforeAll(() => {
    for (const folder of ['cli', 'node_modules/node/bin', 'node_modules/.cache/reeve-daemon'])
      mkdirSync(join(root, folder), { recursive: true });
    cpSync(join(ROOT, 'cli/reeve'), join(root, 'cli/reeve'));
    writeFileSync(join(root, 'cli/main.ts'), "console.log('files', ...process.argv.slice(2))");
    writeFileSync(join(root, 'node_modules/.package-lock.json'), '{}');
    symlinkSync(process.execPath, join(root, 'node_modules/node/bin/node'));
    const script = join(base, 'small.cjs');
    writeFileSync(
      script,
      `process.getBuiltinModule('node:v8').startupSnapshot.setDeserializeMainFunction(
         () => console.log('heap', ...process.argv.slice(2)));`,
    );
    const blob = `--snapshot-blob=${join(kept, 'daemon.blob')}`;
    const said = ran(process.execPath, [blob, '--build-snapshot', script]);
    if (said !== '') throw new Error(said);
  });

  test('takes it for one start; nothing given back, the next one runs the files', () => {
    token(BOOT);
    expect(reeve(['up', '--port', '0', 'a  b'])).toBe('heap up --port 0 a  b');
    expect(left()).toBe('');
    expect(reeve(['up', '--port', '0', 'a  b'])).toBe('files up --port 0 a  b');
  });

  test.each<[string, () => string]>([
    ['another command', () => reeve(['status'])],
    ['it is not wanted', () => reeve(['up'], { REEVE_BUNDLE: 'off' })],
    ['options for Node', () => reeve(['up'], { NODE_OPTIONS: '--no-warnings' })],
  ])('%s: the files, and it is not taken', (_why, start) => {
    token(BOOT);
    expect(start()).toMatch(/^files/);
    expect(left()).toBe(BOOT);
  });

  test('not when the machine was started again, or packages were installed since', () => {
    token('f0000000-0000-4000-8000-000000000000\n');
    expect(reeve(['up'])).toBe('files up');
    token(BOOT);
    const newer = statSync(join(kept, 'daemon.blob')).mtimeMs / 1000 + 2;
    age('node_modules/.package-lock.json', newer);
    expect(reeve(['up'])).toBe('files up');
    age('node_modules/.package-lock.json', newer - 100);
    expect(reeve(['up'])).toBe('heap up');
    token(BOOT);
    age('node_modules/.cache/reeve-daemon/daemon.blob', statSync(process.execPath).mtimeMs / 1000 - 2);
    age('node_modules/.package-lock.json', 1);
    expect(reeve(['up'])).toBe('files up');
  });

  test('what is wrong with it fails one start, not the next', () => {
    token(BOOT);
    writeFileSync(join(kept, 'daemon.blob'), 'no snapshot');
    expect(reeve(['up'])).toContain('Assertion failed');
    expect(reeve(['up'])).toBe('files up');
  });
});
