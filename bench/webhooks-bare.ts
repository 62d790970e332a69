/*
 * The honest simple thing beside the daemon: a bare fastify route that verifies GitHub's signature and makes one durable append
 * of the body, group-committed (one write and one fdatasync for all that wait, one flush in flight).
 * Usage: node bench/webhooks-bare.ts <log file> <secret>
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { fastify } from 'fastify';

const [path = '', secret = ''] = process.argv.slice(2);
const file = await open(path, 'a', 0o600);
const NEWLINE = Buffer.from('\n');
let bodies: Buffer[] = [];
let waiting: (() => void)[] = [];
let flushing = false;

function append(body: Buffer): Promise<void> {
  bodies.push(body, NEWLINE);
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
    const [data, served] = [bodies, waiting];
    bodies = [];
    waiting = [];
    await file.writev(data);
    await file.datasync();
    for (const resolve of served) resolve();
  } while (waiting.length > 0);
  flushing = false;
}

const app = fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/webhooks/github', async (request, reply) => {
  const body = request.body as Buffer;
  const given = Buffer.from(String(request.headers['x-hub-signature-256']).slice('sha256='.length), 'hex');
  const mac = createHmac('sha256', secret).update(body).digest();
  if (given.length !== mac.length || !timingSafeEqual(given, mac)) return reply.code(401).send();
  await append(body);
  return { ok: true };
});
await app.listen({ host: '127.0.0.1', port: 0 });
const [at] = app.addresses();
process.send?.(typeof at === 'object' ? at.port : undefined);
