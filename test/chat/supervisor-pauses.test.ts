import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Supervisor } from '../../daemon/chat/supervisor.ts';
import { alive, until } from '../helpers/daemon.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { niceValues } from '../helpers/nice.ts';

/** A supervisor of one program; the pauses it makes, ms, and what the program says. */
async function supervised(script: string) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reeve-bot-'));
  const file = path.join(folder, 'bot.mjs');
  await writeFile(file, script);
  const clock = new ManualClock();
  const pauses: number[] = [];
  const heard: unknown[] = [];
  const supervisor = new Supervisor({
    clock,
    wanted: () => Promise.resolve([{ platform: 'discord', file, env: {} }]),
    log(_level, _message, { after_ms, said }) {
      if (typeof after_ms === 'number') pauses.push(after_ms);
      if (said !== undefined) heard.push(said);
    },
  });
  onTestFinished(async () => {
    await supervisor.stop();
    await rm(folder, { recursive: true, force: true });
  });
  await supervisor.look();
  return { clock, pauses, heard, supervisor };
}

test('a bot that ends at once is started again after pauses that double, up to a minute', async () => {
  const { clock, pauses, supervisor } = await supervised('process.exit(1);');
  const expected = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
  for (const [n, pause] of expected.entries()) {
    await until(() => pauses.length > n);
    expect(pauses[n]).toBe(pause);
    // Not a moment sooner.
    await clock.advance(pause - 1);
    expect(supervisor.pids().discord).toBeUndefined();
    await clock.advance(1);
  }
});

test('one that ran for a minute begins with the first pause again', async () => {
  const { clock, pauses, supervisor } = await supervised('setInterval(() => {}, 1000);');
  const kill = async (): Promise<void> => {
    const n = pauses.length;
    await until(() => supervisor.pids().discord !== undefined);
    process.kill(supervisor.pids().discord ?? 0, 'SIGKILL');
    await until(() => pauses.length > n);
  };
  await kill();
  await clock.advance(1000);
  await kill();
  await clock.advance(2000);
  await until(() => supervisor.pids().discord !== undefined);
  await clock.advance(60_000);
  await kill();
  expect(pauses).toEqual([1000, 2000, 1000]);
});

test.skipIf(process.platform !== 'linux')('what V8 does beside a bot gives way to who answers', async () => {
  const { clock, heard, supervisor } = await supervised(
    `process.stderr.write('"ready"\\n'); setInterval(() => {}, 1000);`,
  );
  await until(() => heard.includes('ready'));
  const pid = supervisor.pids().discord ?? 0;
  expect((await niceValues(pid))['V8Worker']).toEqual([0]);
  await clock.advance(1000);
  expect((await niceValues(pid))['V8Worker']).toEqual([10]);
});

test('one that does not end when it is told to is made to, two seconds later', async () => {
  const { clock, heard, supervisor } = await supervised(
    `process.on('SIGTERM', () => process.stderr.write('"no"\\n'));
    setInterval(() => {}, 1000);
    process.stderr.write('"ready"\\n');`,
  );
  await until(() => heard.includes('ready'));
  const pid = supervisor.pids().discord ?? 0;
  const stopped = supervisor.stop();
  await until(() => heard.includes('no'));
  await clock.advance(1999);
  expect(await alive(pid)).toBe(true);
  await clock.advance(1);
  await stopped;
  expect(await alive(pid)).toBe(false);
});
