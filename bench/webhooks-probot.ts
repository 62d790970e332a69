/*
 * What a team would use otherwise: probot's receiver, whose handler appends the event and flushes it before it is done.
 * Usage: node bench/webhooks-probot.ts <log file> <secret>
 */
import { generateKeyPairSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createNodeMiddleware, Probot } from 'probot';

const [path = '', secret = ''] = process.argv.slice(2);
const file = await open(path, 'a', 0o600);
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const probot = new Probot({ appId: 1, privateKey, secret, logLevel: 'fatal' });
const middleware = await createNodeMiddleware(
  (app) => {
    app.on('push', async ({ id, payload }) => {
      await file.write(`${JSON.stringify({ id, payload })}\n`);
      await file.datasync();
    });
  },
  { probot, webhooksPath: '/webhooks/github' },
);
const server = createServer((request, response) => void middleware(request, response));
server.listen(0, '127.0.0.1', () => {
  const at = server.address();
  if (typeof at === 'object') process.send?.(at?.port);
});
