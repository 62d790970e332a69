import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refused } from '../../bots/link/client.ts';
import { logText } from '../../daemon/chat/log.ts';
import { RUNBOOKS } from '../helpers/app.ts';
import { ANA, ESTATE, OPS, VIC, openChatRig, type ChatRig } from './rig.ts';

const job = 'job_1';
const clean = (text: string): string => text.replaceAll('hunter2', '[redacted]');

/** JSONL as it is stored, in pieces that end anywhere. */
async function* stored(lines: readonly string[], piece: number): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(
    lines.map((line, t) => `${JSON.stringify({ t, step: 's', stream: 'stdout', line })}\n`).join(''),
  );
  for (let at = 0; at < all.length; at += piece) {
    await Promise.resolve();
    yield all.subarray(at, at + piece);
  }
}

test('whatever a job printed: whole when it has room, else whole lines of both ends, and how many are missing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 40, max: 4000 }),
      async (lines, piece, max) => {
        const { text, ...counts } = await logText(stored(lines, piece), { job, clean: (one) => one, max });
        const whole = lines.map((line) => `s | ${line}\n`);
        expect(counts.lines).toBe(lines.length);
        if (Buffer.byteLength(whole.join('')) <= max / 2) expect(text).toBe(whole.join(''));
        const gap = /… (\d+) lines are left out here\. All of them: reeve jobs logs job_1 …\n/.exec(text);
        if (gap === null) {
          expect(counts.left_out).toBe(0);
          expect(text).toBe(whole.join(''));
          return;
        }
        expect(Number(gap[1])).toBe(counts.left_out);
        const [head, tail] = [text.slice(0, gap.index), text.slice(gap.index + gap[0].length)];
        expect(whole.join('').startsWith(head)).toBe(true);
        expect(whole.join('').endsWith(tail)).toBe(true);
        expect(tail).not.toBe('');
        // Its last line stands there however long it is.
        expect(Buffer.byteLength(head + tail)).toBeLessThanOrEqual(
          max + Buffer.byteLength(whole.at(-1) ?? ''),
        );
      },
    ),
  );
});

test('attack 49: what has become a secret since it was stored is not posted either', async () => {
  const { text } = await logText(stored(['user ana', 'password hunter2'], 7), { job, clean });
  expect(text).toBe('s | user ana\ns | password [redacted]\n');
});

/** Runs the book in chat; its job, once it has ended. */
async function ran(rig: ChatRig, account: string): Promise<string> {
  const plan = await rig.say(account, {
    kind: 'command',
    command: 'deploy',
    args: { project: 'shop', env: 'dev' },
  });
  const { reply } = await rig.press(account, plan, 'Confirm exactly this');
  await rig.end(reply);
  return reply.job?.id ?? '';
}

const sent = async (rig: ChatRig): Promise<void> => {
  for (const { seq, channel } of await rig.bot('discord').posts(0))
    await rig.bot('discord').posted({ seq, outcome: { is: 'sent', at: { channel, message: `m${seq}` } } });
};

const PRINTS = {
  ...RUNBOOKS,
  'touch.md': (RUNBOOKS['touch.md'] ?? '').replace('>> trace.txt', ''),
};

test('a bot gets the log of a job whose message it keeps, and of no other; nothing of what its requester may not read', async () => {
  const blind = ESTATE.replace(
    'roles:\n  watcher',
    'roles:\n  blind: { verbs: [view, run, deploy] }\n  watcher',
  ).replace('vic: { roles: [watcher]', 'vic: { roles: [blind]');
  const rig = await openChatRig({ estate: blind, runbooks: PRINTS });
  await sent(rig);
  const mine = await ran(rig, ANA);
  await expect(rig.bot('discord').log(mine)).rejects.toThrow(Refused);
  await sent(rig);
  expect((await rig.bot('discord').log(mine)).text).toContain('leave | trace\n');
  // The bot of the other platform keeps no message of it.
  await expect(rig.bot('slack').log(mine)).rejects.toThrow(Refused);

  const theirs = await ran(rig, VIC);
  await sent(rig);
  expect((await rig.bot('discord').job(theirs, '', 0)).tail).toEqual([]);
  expect(await rig.bot('discord').log(theirs)).toEqual({ text: '', lines: 0, left_out: 0 });

  await rig.bot('discord').closed({ job: mine, at: { channel: OPS, message: 'another' } });
  expect((await rig.bot('discord').log(mine)).text).toContain('trace');
  await rig.bot('discord').closed({ job: mine });
  await expect(rig.bot('discord').log(mine)).rejects.toThrow(Refused);
});
