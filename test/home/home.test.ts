import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../daemon/config.ts';
import { openHome } from '../../daemon/home.ts';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-home-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 20 }));

const insecure = expect.objectContaining({ code: 'HOME_INSECURE' }) as Error;
const unusable = expect.objectContaining({ code: 'HOME_UNUSABLE' }) as Error;

test('a fresh home is made with its folders, all 0700, also below missing parents', () => {
  const home = openHome(path.join(dir, 'a/b/home/'));
  for (const folder of [home.root, home.ledger, home.artifacts, home.keys, home.state, home.scratch]) {
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
  }
  expect([home.root, home.uid, home.narrowed]).toEqual([path.join(dir, 'a/b/home'), process.getuid?.(), []]);
  expect(openHome(home.root)).toEqual(home);
});

test('a home that others may only read is narrowed and says so', () => {
  const root = path.join(dir, 'home');
  fs.mkdirSync(root);
  fs.chmodSync(root, 0o755);
  expect(openHome(root).narrowed).toEqual([`${root}: mode 755 narrowed to 700`]);
  expect(fs.statSync(root).mode & 0o777).toBe(0o700);
});

test('attack 59: a home that is a symbolic link is refused, with or without a trailing slash', () => {
  fs.mkdirSync(path.join(dir, 'real'));
  fs.symlinkSync('real', path.join(dir, 'home'));
  for (const name of ['home', 'home/']) expect(() => openHome(`${dir}/${name}`)).toThrow(insecure);
  expect(fs.readdirSync(path.join(dir, 'real'))).toEqual([]);
});

test.each([0o770, 0o707, 0o720, 0o702, 0o1777])('attack 59: a home of mode %o is refused', (mode) => {
  const root = path.join(dir, 'home');
  fs.mkdirSync(root);
  fs.chmodSync(root, mode);
  expect(() => openHome(root)).toThrow(insecure);
  expect(fs.readdirSync(root)).toEqual([]);
});

test('attack 59: the refusal names the exact fix', () => {
  const root = path.join(dir, 'home');
  fs.mkdirSync(root);
  fs.chmodSync(root, 0o777);
  expect(() => openHome(root)).toThrow(
    expect.objectContaining({
      message: `${root} is unsafe: others may write to it (mode 777).`,
      hint: `Make it yours alone: chown and \`chmod 700 ${root}\`; never a symbolic link.`,
      exit: 5,
    }),
  );
});

test.each(['ledger', 'artifacts', 'keys', 'secrets', 'state', 'scratch', 'backups'])(
  'attack 59: the folder %s inside as a symbolic link or writable by others is refused',
  (name) => {
    const root = path.join(dir, 'home');
    fs.mkdirSync(root, { mode: 0o700 });
    fs.symlinkSync(dir, path.join(root, name));
    expect(() => openHome(root)).toThrow(insecure);
    fs.unlinkSync(path.join(root, name));
    fs.mkdirSync(path.join(root, name));
    fs.chmodSync(path.join(root, name), 0o722);
    expect(() => openHome(root)).toThrow(insecure);
  },
);

test.each(['reeve.lock', 'reeve.pid', 'audit.log.jsonl', 'reeve.log', 'reeve.sock'])(
  'attack 59: %s as a symbolic link is refused and its target untouched',
  (name) => {
    const { root } = openHome(path.join(dir, 'home'));
    const target = path.join(dir, 'target');
    fs.writeFileSync(target, 'mine');
    fs.symlinkSync(target, path.join(root, name));
    expect(() => openHome(root)).toThrow(insecure);
    expect(fs.readFileSync(target, 'utf8')).toBe('mine');
  },
);

test('attack 59: a lock with a second name, or writable by others, is refused', () => {
  const home = openHome(path.join(dir, 'home'));
  fs.writeFileSync(path.join(dir, 'other'), '');
  fs.linkSync(path.join(dir, 'other'), home.lock);
  expect(() => openHome(home.root)).toThrow(insecure);
  fs.rmSync(home.lock);
  fs.writeFileSync(home.lock, '');
  fs.chmodSync(home.lock, 0o666);
  expect(() => openHome(home.root)).toThrow(insecure);
});

test('attack 59: a home in a folder that anybody may write to is refused, a sticky one is fine', () => {
  const above = path.join(dir, 'above');
  fs.mkdirSync(above);
  fs.chmodSync(above, 0o777);
  expect(() => openHome(path.join(above, 'home'))).toThrow(insecure);
  fs.chmodSync(above, 0o1777);
  expect(openHome(path.join(above, 'home')).root).toBe(path.join(above, 'home'));
});

// Only root can make a folder of somebody else's; on other machines the owner of / is somebody else.
test('attack 59: a home of another user is refused', () => {
  const folder = path.join(dir, 'home');
  fs.mkdirSync(folder, { mode: 0o700 });
  if (process.getuid?.() === 0) fs.chownSync(folder, 12_345, 12_345);
  expect(() => openHome(process.getuid?.() === 0 ? folder : '/usr')).toThrow(insecure);
});

test('a file in the way, a path through a file and a path too long for a socket are explained', () => {
  fs.writeFileSync(path.join(dir, 'file'), '');
  expect(() => openHome(path.join(dir, 'file'))).toThrow(unusable);
  expect(() => openHome(path.join(dir, 'file/home'))).toThrow(unusable);
  expect(() => openHome(path.join(dir, 'x'.repeat(120)))).toThrow(/103 bytes/);
  expect(fs.readdirSync(dir)).toEqual(['file']);
});

test('settings: defaults, environment, then flags; empty is unset', () => {
  expect(readSettings({}, { HOME: '/home/u', REEVE_PORT: '' }, '/w')).toMatchObject({
    home: '/home/u/.reeve',
    port: 7333,
    config: undefined,
    logFile: undefined,
  });
  const env = {
    REEVE_HOME: 'h',
    REEVE_PORT: '0',
    REEVE_LOG_FILE: '/l',
    REEVE_CONFIG: 'r.yaml',
    REEVE_LOG_LEVEL: 'debug',
  };
  expect(readSettings({}, env, '/w')).toMatchObject({
    home: '/w/h',
    port: 0,
    config: '/w/r.yaml',
    logFile: '/l',
    logLevel: 'debug',
  });
  expect(readSettings({ home: '/x', port: 80 }, env, '/w')).toMatchObject({ home: '/x', port: 80 });
});

test.each([
  { REEVE_PORT: '70000' },
  { REEVE_PORT: '1.5' },
  { REEVE_PORT: 'web' },
  { REEVE_LOG_LEVEL: 'loud' },
  { REEVE_HOME: 'a\0b' },
])('the setting %o is refused', (env) => {
  expect(() => readSettings({}, env, '/w')).toThrow(
    expect.objectContaining({
      code: 'SETTING_INVALID',
      message: expect.stringContaining(Object.keys(env)[0] ?? '') as string,
    }),
  );
});
