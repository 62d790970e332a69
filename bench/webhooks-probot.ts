/*
 * What a team would use otherwise: a probot app as `run` starts it (so does `probot run`): its server with the log it has by
 * default, a line for each request, on standard output. The handler appends the event and flushes it before it is done.
 * Usage: node bench/webhooks-probot.ts <file of events> <secret>
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { run } from 'probot';

const [path = '', secret = ''] = process.argv.slice(2);
const file = await open(path, 'a', 0o600);
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

/** Probot takes 0 for none given, which means 3000. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  server.close();
  await once(server, 'close');
  return typeof at === 'object' ? (at?.port ?? 0) : 0;
}

const port = await freePort();
await run(
  (app) => {
    app.on('push', async ({ id, payload }) => {
      await file.write(`${JSON.stringify({ id, payload })}\n`);
      await file.datasync();
    });
  },
  {
    env: {
      ...process.env,
      APP_ID: '1',
      PRIVATE_KEY: privateKey,
      WEBHOOK_SECRET: secret,
      WEBHOOK_PATH: '/webhooks/github',
      HOST: '127.0.0.1',
      PORT: String(port),
    },
  },
);
process.send?.(port);
