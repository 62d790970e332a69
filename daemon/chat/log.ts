import { z } from 'zod';
import type { ChatLog } from '../../contracts/chat.ts';

/** A stored line; what Reeve itself says of a step is among them. */
const Line = z.object({ step: z.string(), line: z.string() });

/**
 * Most of a log that goes to a platform, UTF-8 bytes: Discord takes files of 10 MiB, with the message around them. Half is
 * kept of its beginning and half of its end: what was meant to happen, and what went wrong.
 */
export const LOG_BYTES = 8 * 1024 * 1024;

/** A stored log (JSONL) as text, a line `step | text` each. Never more than `max` bytes of it are held. */
export async function logText(
  chunks: AsyncIterable<Uint8Array>,
  how: { job: string; clean(text: string): string; max?: number },
): Promise<ChatLog> {
  const room = Math.floor((how.max ?? LOG_BYTES) / 2);
  const head: string[] = [];
  const tail: { text: string; bytes: number }[] = [];
  const [used, left] = [
    { head: 0, tail: 0 },
    { out: 0, first: 0 },
  ];
  let lines = 0;
  for await (const { step, line } of storedLines(chunks)) {
    const text = `${step} | ${how.clean(line)}\n`;
    const bytes = Buffer.byteLength(text);
    lines += 1;
    if (tail.length === 0 && left.out === 0 && used.head + bytes <= room) {
      head.push(text);
      used.head += bytes;
      continue;
    }
    tail.push({ text, bytes });
    used.tail += bytes;
    while (used.tail > room && left.first < tail.length - 1) {
      used.tail -= tail[left.first++]?.bytes ?? 0;
      left.out += 1;
    }
    // Dropped from the front in bulk: one by one takes long.
    if (left.first > 10_000) {
      tail.splice(0, left.first);
      left.first = 0;
    }
  }
  const gap =
    left.out === 0
      ? []
      : [`… ${left.out} lines are left out here. All of them: reeve jobs logs ${how.job} …\n`];
  const end = tail.slice(left.first).map(({ text }) => text);
  return { text: [...head, ...gap, ...end].join(''), lines, left_out: left.out };
}

async function* storedLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<z.infer<typeof Line>> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part !== '') yield Line.parse(JSON.parse(part));
  }
}
