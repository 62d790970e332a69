/*
 * The honest simple thing beside the daemon: a bare fastify route on a Unix socket that makes two durable appends, one
 * after the other, group-committed (one write and one fdatasync for all that wait, one flush in flight).
 * Usage: node bench/api-reference.ts <socket> <log file>
 */
import { open } from 'node:fs/promises';
import { fastify } from 'fastify';

const [socket = '', path = ''] = process.argv.slice(2);
const file = await open(path, 'a', 0o600);
let lines = '';
let waiting: (() => void)[] = [];
let flushing = false;
let seq = 0;

function append(type: string, body: unknown): Promise<void> {
  lines += `${JSON.stringify({ v: 1, seq: seq++, ts: Date.now(), type, body })}\n`;
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (!flushing) void flush();
  });
}

async function flush(): Promise<void> {
  flushing = true;
  do {
    // Whoever arrives in this turn of the event loop gets on the same flush.
    await new Promise((resolve) => setImmediate(resolve));
    const data = Buffer.from(lines);
    const served = waiting;
    lines = '';
    waiting = [];
    await file.write(data);
    await file.datasync();
    for (const resolve of served) resolve();
  } while (waiting.length > 0);
  flushing = false;
}

const app = fastify();
app.post('/v1/commands', async (request) => {
  await append('intent', request.body);
  await append('outcome', request.body);
  return { ok: true };
});
await app.listen({ path: socket });
process.send?.('ready');
