import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { REPO } from '../helpers/daemon.ts';

/** Starts the tour with a folder for temporary files of its own. */
async function tour(): Promise<{ temp: string; child: ReturnType<typeof spawn>; said: () => string }> {
  const temp = await mkdtemp(path.join(os.tmpdir(), 'reeve-tour-'));
  onTestFinished(() => rm(temp, { recursive: true, force: true, maxRetries: 20 }));
  const child = spawn(process.execPath, [path.join(REPO, 'scripts', 'demo.ts')], {
    cwd: temp,
    env: { PATH: process.env['PATH'] ?? '', HOME: temp, TMPDIR: temp, TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const pipe of [child.stdout, child.stderr])
    pipe?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { temp, child, said: () => text };
}

test('the tour goes through by itself, shows every station, and leaves nothing behind', async () => {
  const { temp, child, said } = await tour();
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code, said()).toBe(0);
  const stations = [
    /■ 1\. Start/,
    /✓ self-restore PASS {2}RPO .+ RTO/,
    /■ 2\. Refused/,
    /GRANT_REQUIRED/,
    /■ 3\. A grant/,
    /✓ Grant gr_[0-9a-f]+ is made/,
    /■ 4\. Allowed/,
    /✓ PASS {2}Deploy my-project to staging/,
    /GRANT_USED_UP/,
    /GRANT_SCOPE/,
    /■ 5\. The restore drill/,
    /✓ PASS {2}Restore Reeve's own ledger/,
    /■ 6\. A crash/,
    /"cut_bytes": 16/,
    /■ 7\. Anyone can verify/,
    /✓ Verified: all \d+ records/,
    /■ 8\. The trajectory/,
    /"source": "runbooks\/[\w-]+\.md:L\d+"/,
    /✓ That was Reeve/,
  ];
  let rest = said();
  for (const station of stations) {
    const found = station.exec(rest);
    expect(found, `${String(station)} in order in:\n${said()}`).not.toBeNull();
    rest = rest.slice((found?.index ?? 0) + 1);
  }
  expect(said()).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(await readdir(temp)).toEqual([]);
});

test('Ctrl-C ends the tour, its daemon and its folders', async () => {
  const { temp, child, said } = await tour();
  await expect.poll(said, { timeout: 30_000 }).toContain('■ 2. Refused');
  child.kill('SIGINT');
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGINT');
  expect(await readdir(temp)).toEqual([]);
});
