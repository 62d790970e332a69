import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHome, type Home } from '../../daemon/home.ts';
import { holderOf, lockHome } from '../../daemon/lock.ts';

let dir: string;
let home: Home;
let children: ChildProcess[] = [];
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-lock-'));
  home = openHome(path.join(dir, 'home'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  fs.rmSync(dir, { recursive: true, force: true, maxRetries: 20 });
});

const HOLD = new URL('../helpers/hold-home.ts', import.meta.url).pathname;

/** Starts another process that tries to take the lock; resolves with what it said. */
async function contender(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [HOLD, home.root], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: chunk.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('attack 60: a second daemon is refused and told the pid of the first', async () => {
  const { child, said } = await contender();
  expect(said).toBe('held');
  await expect(lockHome(home, 0)).rejects.toMatchObject({
    code: 'HOME_IN_USE',
    message: `Another daemon (pid ${child.pid}) runs on ${home.root}.`,
  });
  expect(holderOf(home)).toBe(child.pid);
});

test('attack 60: after kill -9 the home is free at once, whatever the pid file says', async () => {
  for (let round = 0; round < 3; round++) {
    const { child, said } = await contender();
    expect(said).toBe('held');
    await kill(child);
    expect(fs.existsSync(home.pid)).toBe(true);
  }
  (await lockHome(home, 0)).release();
  expect(holderOf(home)).toBeUndefined();
});

test('attack 60: of eight starters at the same instant exactly one gets the home', async () => {
  const said = (await Promise.all(Array.from({ length: 8 }, contender))).map((c) => c.said);
  expect(said.toSorted()).toEqual([...Array<string>(7).fill('HOME_IN_USE'), 'held']);
});

test('attack 60: twice in one process is refused too, and the first lock survives the attempt', async () => {
  const lock = await lockHome(home, 0);
  await expect(lockHome(home, 0)).rejects.toMatchObject({ code: 'HOME_IN_USE' });
  openHome(home.root);
  expect((await contender()).said).toBe('HOME_IN_USE');
  lock.release();
  expect((await contender()).said).toBe('held');
});

test('attack 60: with the lock file deleted under a running daemon, the pid file still refuses', async () => {
  const { child } = await contender();
  fs.rmSync(home.lock);
  await expect(lockHome(home, 0)).rejects.toMatchObject({ code: 'HOME_IN_USE', params: { pid: child.pid } });
});

test('a stale pid file whose pid now belongs to another program does not lock the home', async () => {
  const stale = { pid: process.ppid, boot: 'x', start: '1', since: 0 };
  fs.writeFileSync(home.pid, JSON.stringify(stale), { mode: 0o600 });
  expect(holderOf(home)).toBeUndefined();
  (await lockHome(home, 0)).release();
});

test('a torn pid file is no obstacle', async () => {
  fs.writeFileSync(home.pid, '{"pid":', { mode: 0o600 });
  const lock = await lockHome(home, 0);
  expect(holderOf(home)).toBe(process.pid);
  lock.release();
});

test('attack 59: a lock file that is a link, or holds something else, is refused and untouched', async () => {
  const target = path.join(dir, 'target');
  fs.writeFileSync(target, 'x'.repeat(5000));
  fs.symlinkSync(target, home.lock);
  await expect(lockHome(home, 0)).rejects.toMatchObject({ code: 'HOME_INSECURE' });
  fs.rmSync(home.lock);
  fs.writeFileSync(home.lock, 'x'.repeat(5000), { mode: 0o600 });
  await expect(lockHome(home, 0)).rejects.toMatchObject({ code: 'HOME_INSECURE' });
  expect([fs.readFileSync(target, 'utf8'), fs.readFileSync(home.lock, 'utf8')]).toEqual([
    'x'.repeat(5000),
    'x'.repeat(5000),
  ]);
});

test('nothing is ever stored in the lock file or beside it, and release is safe to call twice', async () => {
  const before = fs.readdirSync(home.root);
  const lock = await lockHome(home, 5);
  expect(fs.readdirSync(home.root).toSorted()).toEqual([...before, 'reeve.lock', 'reeve.pid'].toSorted());
  expect(JSON.parse(fs.readFileSync(home.pid, 'utf8'))).toMatchObject({ pid: process.pid, since: 5 });
  lock.release();
  lock.release();
  expect([fs.statSync(home.lock).size, fs.existsSync(home.pid)]).toEqual([0, false]);
});
