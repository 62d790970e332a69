import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshBundle, identityOf, ROOT, type Manifest } from '../../cli/local/bundle.ts';
import { makeBundle } from '../../scripts/bundle.ts';

const base = mkdtempSync(join(tmpdir(), 'reeve-bundle-'));
const made = `${join(base, 'made')}/`;
let bundle = '';
beforeAll(async () => {
  bundle = await makeBundle(made);
});
afterAll(() => rmSync(base, { recursive: true, force: true, maxRetries: 20 }));

const manifestOf = (cache: string): Manifest =>
  JSON.parse(readFileSync(`${cache}manifest.json`, 'utf8')) as Manifest;

/** A copy of the bundle with another text and manifest. */
function variant(name: string, change: (manifest: Manifest) => void, text?: string): string {
  const cache = `${join(base, name)}/`;
  cpSync(made, cache, { recursive: true });
  const manifest = manifestOf(cache);
  if (text !== undefined) writeFileSync(cache + manifest.file, text);
  manifest.identity = identityOf(statSync(cache + manifest.file));
  change(manifest);
  writeFileSync(`${cache}manifest.json`, JSON.stringify(manifest));
  return cache;
}

/** Runs `code` in a process of its own, with `loadUp` and `cache` at hand. */
function loading(cache: string, code: string): { args: string[]; env: NodeJS.ProcessEnv } {
  const bridge = JSON.stringify(join(ROOT, 'cli/local/bridge.ts'));
  const script = `const { loadUp } = await import(${bridge}); const cache = ${JSON.stringify(cache)};
    const require = process.getBuiltinModule('module').createRequire('/');
    const bundled = (up) => { try { return require(cache + 'daemon.cjs').up === up } catch { return false } };
    ${code}`;
  return {
    args: ['--input-type=module', '-e', script],
    env: { PATH: process.env['PATH'], HOME: base, REEVE_HOME: join(base, 'home'), REEVE_PORT: '0' },
  };
}
function bundled(cache: string, more: NodeJS.ProcessEnv = {}): string {
  const code = 'const { up } = await loadUp(cache); console.log(typeof up, bundled(up));';
  const { args, env } = loading(cache, code);
  const ran = spawnSync(process.execPath, args, { env: { ...env, ...more }, encoding: 'utf8' });
  return ran.stdout.trim() || ran.stderr;
}

test('a bundle is one file that needs nothing but Node, and is made once', async () => {
  expect(freshBundle(made)).toBe(bundle);
  const { identity } = manifestOf(made);
  expect(await makeBundle(made)).toBe(bundle);
  expect(manifestOf(made).identity).toBe(identity);
  const text = readFileSync(bundle, 'utf8');
  // What is left are parts that packages do without, and text that ajv could write.
  const required = [...text.matchAll(/(?<![\w.])require\(["`]([^"`]+)["`]\)/g)].map(([, name = '']) => name);
  const ajv = /^ajv(?:-formats)?\/dist\//;
  expect([...new Set(required)].filter((name) => !ajv.test(name)).toSorted()).toEqual([
    'bufferutil',
    'pg-native',
    'supports-color',
    'utf-8-validate',
  ]);
  // Each of Node's own modules is loaded by the first file that uses it.
  const loaded = [...text.matchAll(/process\.getBuiltinModule\(["`]([^"`]+)["`]\)/g)].map(
    ([, name]) => name ?? '',
  );
  expect(loaded.length).toBeGreaterThan(20);
  expect(loaded.filter((name) => !isBuiltin(name))).toEqual([]);
  // One character beyond it, and Node keeps the text in two bytes a character.
  expect(/[^\0-\xff]/.test(text)).toBe(false);
});

test('on any doubt there is no bundle, and the files themselves run', () => {
  const unchanged = variant('unchanged', () => {});
  expect(freshBundle(unchanged)).toBeDefined();
  expect(bundled(unchanged)).toBe('function true');
  expect(bundled(unchanged, { REEVE_BUNDLE: 'off' })).toBe('function false');

  const doubts: Record<string, (manifest: Manifest) => void> = {
    'another Node': (m) => (m.runs = m.runs.replace('v24', 'v22')),
    'a moved clone': (m) => (m.root = '/elsewhere/'),
    'an edited file': (m) => (m.inputs['daemon/app.ts'] = [1, 1, 1]),
    'a deleted file': (m) => (m.inputs['daemon/gone.ts'] = [1, 1, 1]),
    'another bundle': (m) => (m.identity = '1 1 1'),
    'no bundle': (m) => (m.file = 'gone.cjs'),
  };
  for (const [doubt, change] of Object.entries(doubts))
    expect([doubt, freshBundle(variant(doubt, change))]).toEqual([doubt, undefined]);

  expect(freshBundle(`${base}/nowhere/`)).toBeUndefined();
  const torn = variant('torn manifest', () => {});
  truncateSync(`${torn}manifest.json`, 1000);
  expect(freshBundle(torn)).toBeUndefined();
  expect(bundled(torn)).toBe('function false');
});

test('a bundle that cannot be loaded is passed over', () => {
  for (const [name, text] of Object.entries({
    empty: '',
    torn: 'exports.up = () => {',
    another: 'exports.down = () => {};',
    throwing: 'throw new Error("no")',
  }))
    expect([name, bundled(variant(name, () => {}, text))]).toEqual([name, 'function false']);
});

test('every file that decides what runs is in the manifest', () => {
  const { inputs } = manifestOf(made);
  for (const file of ['package.json', 'package-lock.json', 'daemon/main.ts', 'contracts/record.ts'])
    expect(inputs).toHaveProperty([file]);
  expect(Object.keys(inputs).some((file) => file.startsWith('node_modules/fastify/'))).toBe(true);
});

test('the daemon in a bundle does its work: home, drill with restore and proof, a clean stop', async () => {
  mkdirSync(join(base, 'home'), { mode: 0o700 });
  const estate = join(base, 'estate');
  for (const part of ['reeve.yaml', 'runbooks'])
    cpSync(join(ROOT, part), join(estate, part), { recursive: true });
  const cache = variant('running', () => {});
  const { args, env } = loading(
    cache,
    `const { up } = await loadUp(cache); console.log('bundled', bundled(up));
     await up({ home: process.env.REEVE_HOME, drill: true });`,
  );
  const child = spawn(process.execPath, args, { cwd: estate, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.includes('Ctrl-C stops it.')) child.kill('SIGTERM');
    });
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  expect(said).toContain('bundled true');
  expect(said).toMatch(/self-restore\S* PASS/);
  expect(signal).toBe('SIGTERM');
});

test('a stack trace out of the bundle names the files it was written in', () => {
  const trace = JSON.stringify(join(ROOT, 'daemon/trace.ts'));
  const { args, env } = loading(
    variant('traced', () => {}),
    `const up = await loadUp(cache);
     const { traceOf } = await import(${trace});
     try { await up.up({ home: '/dev/null/home' }) } catch (error) { console.log(traceOf(error)) }`,
  );
  const { stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  expect(stdout).toMatch(/daemon\/home\.ts:\d+:\d+/);
  expect(stdout).not.toContain('daemon.cjs');
});
