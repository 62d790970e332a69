import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../daemon/clock.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { leftoversIn } from '../../daemon/drills/leftovers.ts';
import { sweepServer } from '../../daemon/drills/postgres/server.ts';
import { sweepServers } from '../../daemon/drills/sweep.ts';
import { alive } from '../helpers/daemon.ts';
import { tempDir } from '../helpers/ledger.ts';
import { lacksPostgres } from '../helpers/needs.ts';
import { startPostgres } from './live-postgres.ts';

const none = lacksPostgres();
const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
/** A folder as a private server's socket lies in. */
const socketFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'reeve-pg-'));
const sweep = (data: string, sockets: string) => sweepServer({ kind: 'server', data, sockets }, systemClock);

test.skipIf(none)(
  'a server that an earlier run left is ended, with all its processes, and its leftover forgotten',
  async () => {
    const { pid, data } = await startPostgres();
    const sockets = await socketFolder();
    await writeFile(join(sockets, '.s.PGSQL.5432'), '');
    expect(Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])).toBe(pid);
    const fs = nodeFs;
    const dir = join(await tempDir(), 'leftovers');
    await leftoversIn(fs, dir).note({ kind: 'server', data, sockets });
    const notes: string[] = [];
    // As the next process finds it.
    const leftovers = leftoversIn(fs, dir);
    await sweepServers({
      clock: systemClock,
      leftovers,
      secret: () => Promise.reject(new Error('none')),
      note: (message) => notes.push(message),
      warn: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    expect(await alive(pid)).toBe(false);
    expect(await there(sockets)).toBe(false);
    expect(notes).toEqual(['ended a private PostgreSQL server that an earlier run had left']);
    expect(await leftovers.open()).toEqual([]);
  },
);

test.skipIf(none)('one that hangs and does not hear the first signal is ended all the same', async () => {
  const { pid, data } = await startPostgres();
  process.kill(pid, 'SIGSTOP');
  expect(await sweep(data, await socketFolder())).toBe(true);
  await expect.poll(() => alive(pid)).toBe(false);
});

test('a pidfile that names another process harms nobody: not a stranger, not init, not ourselves', async () => {
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
  const gone = once(stranger, 'exit');
  onTestFinished(async () => {
    stranger.kill('SIGKILL');
    await gone;
  });
  const data = await tempDir();
  for (const text of [
    `${stranger.pid}\n${data}\n`,
    '1\n',
    `${process.pid}\n`,
    '-1\n',
    '0\n',
    '4.5\n',
    'x',
    '',
    '99999999\n',
  ]) {
    await writeFile(join(data, 'postmaster.pid'), text);
    const sockets = await socketFolder();
    expect(await sweep(data, sockets), text).toBe(false);
    expect(await there(sockets)).toBe(false);
  }
  expect(await alive(stranger.pid ?? 0)).toBe(true);
});

test('a process in another folder of the same name is not the one, and no folder goes but a socket folder', async () => {
  const base = await tempDir();
  for (const name of ['here', 'there']) await mkdir(join(base, name));
  const other = spawn('sleep', ['600'], { stdio: 'ignore', cwd: join(base, 'there') });
  const gone = once(other, 'exit');
  onTestFinished(async () => {
    other.kill('SIGKILL');
    await gone;
  });
  await writeFile(join(base, 'here', 'postmaster.pid'), `${other.pid}\n`);
  const precious = await tempDir();
  expect(await sweep(join(base, 'here'), precious)).toBe(false);
  // Its files may be gone with the scratch already.
  expect(await sweep(join(base, 'nowhere'), precious)).toBe(false);
  expect([await alive(other.pid ?? 0), await there(precious)]).toEqual([true, true]);
});
