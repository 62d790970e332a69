import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Platform } from '../../contracts/chat.ts';
import { PLATFORMS, endpointRig, type EndpointRig } from './endpoint-rig.ts';

const TAKER = fileURLToPath(new URL('taker.ts', import.meta.url));

/** A bot's process that is ready to take; what it says is listed. */
async function bot(rig: EndpointRig, platform: Platform, how: 'answer' | 'silent') {
  const child = spawn(process.execPath, [TAKER, rig.app.url, rig.tokens[platform], how], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
  const says = (line: string) => expect.poll(() => said, { timeout: 20_000, interval: 5 }).toContain(line);
  await says('ready');
  return {
    said,
    says,
    pid: child.pid,
    begin: () => void child.stdin.write('go\n'),
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test.each(PLATFORMS)('%s: what a bot had when it died is handed to the next one, once', async (platform) => {
  const rig = await endpointRig();
  const [first, second] = await Promise.all([bot(rig, platform, 'silent'), bot(rig, platform, 'answer')]);
  first.begin();
  const answer = rig.send(platform, rig.signed(platform, { type: 2, id: '1' }));
  await first.says('took {"type":2,"id":"1"}');
  await first.kill();
  second.begin();
  expect(await answer).toMatchObject({ status: 200, text: `{"by":${second.pid}}` });
  expect(second.said.filter((line) => line.startsWith('took'))).toHaveLength(1);
  expect(await rig.codes()).toEqual([]);
});

test.each(PLATFORMS)('%s: what a bot has answered is never handed out again', async (platform) => {
  const rig = await endpointRig();
  const [first, second] = await Promise.all([bot(rig, platform, 'answer'), bot(rig, platform, 'answer')]);
  first.begin();
  expect(await rig.send(platform, rig.signed(platform, { type: 2, id: '1' }))).toMatchObject({ status: 200 });
  await first.kill();
  second.begin();
  // It has asked, and got the next one alone.
  expect(await rig.send(platform, rig.signed(platform, { type: 2, id: '2' }))).toMatchObject({
    text: `{"by":${second.pid}}`,
  });
  expect(second.said.filter((line) => line.startsWith('took'))).toEqual(['took {"type":2,"id":"2"}']);
});

test.each(PLATFORMS)(
  '%s: what a bot took and never answered is given up with 503, and handed to nobody later',
  async (platform) => {
    const rig = await endpointRig();
    const [first, second] = await Promise.all([bot(rig, platform, 'silent'), bot(rig, platform, 'answer')]);
    first.begin();
    const request = rig.signed(platform, { type: 2, id: '1' });
    expect(await rig.send(platform, request)).toMatchObject({ status: 503, code: 'INTERACTION_UNANSWERED' });
    expect(first.said).toContain('took {"type":2,"id":"1"}');
    await first.kill();
    second.begin();
    expect(await rig.send(platform, rig.signed(platform, { type: 2, id: '2' }))).toMatchObject({
      status: 200,
    });
    expect(second.said.filter((line) => line.startsWith('took'))).toEqual(['took {"type":2,"id":"2"}']);
    // A bot had it, so it counts as seen.
    expect((await rig.send(platform, request)).code).toBe('INTERACTION_REPLAYED');
  },
);
