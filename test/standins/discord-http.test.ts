import { createPublicKey, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startDiscord, type DiscordStandin } from './discord/index.ts';
import type { Manner } from './platform/manner.ts';
import { signedRequest } from './discord/signed.ts';
import type { App } from './discord/world.ts';

const SKEW = 300;

interface Sent {
  type: number;
  token: string;
}

/** An endpoint as careful as ours has to be: node:crypto, both sides of the clock, no delivery twice. */
async function endpoint(
  app: App,
  answer: (body: Sent) => object | Promise<object>,
  check = true,
): Promise<string> {
  const der = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(app.publicKey, 'hex'),
  ]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const seen = new Set<string>();
  const good = ({ headers }: IncomingMessage, body: Buffer): boolean => {
    const signature = String(headers['x-signature-ed25519'] ?? '');
    const timestamp = String(headers['x-signature-timestamp'] ?? '');
    if (!/^[0-9a-f]{128}$/u.test(signature) || !/^\d{1,12}$/u.test(timestamp)) return false;
    if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > SKEW || seen.has(signature)) return false;
    if (!verify(null, Buffer.concat([Buffer.from(timestamp), body]), key, Buffer.from(signature, 'hex')))
      return false;
    seen.add(signature);
    return true;
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    if (check && !good(request, body)) return void response.writeHead(401).end();
    const parsed = JSON.parse(body.toString()) as Sent;
    const reply = parsed.type === 1 ? { type: 1 } : await answer(parsed);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply));
  };
  const server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/interactions`;
}

async function platform(): Promise<{ discord: DiscordStandin; app: App }> {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  return { discord, app: discord.addApp() };
}

test('an endpoint that refuses what is wrongly signed is taken, and answers commands', async () => {
  const { discord, app } = await platform();
  const guild = discord.addGuild('acme');
  const ops = discord.addChannel(guild, 'ops');
  const ada = discord.addMember(guild, 'ada');
  discord.install(app, guild);
  const url = await endpoint(app, () => ({ type: 4, data: { content: 'over HTTP' } }));
  expect(await discord.endpoint.register(app, url)).toBe(true);
  const turn = await ada.slash(ops, '/ping', {}, { unchecked: true });
  expect(turn.message?.content).toBe('over HTTP');
  discord.refusals.none();
});

test('a deferred answer: an edit before it has left gets 10015, one after it fills it in', async () => {
  const { discord, app } = await platform();
  const guild = discord.addGuild('acme');
  const ops = discord.addChannel(guild, 'ops');
  const ada = discord.addMember(guild, 'ada');
  discord.install(app, guild);
  const edit = async (token: string): Promise<unknown> => {
    const url = `${discord.api}/v10/webhooks/${app.id}/${token}/messages/@original`;
    const body = JSON.stringify({ content: 'done' });
    return (
      await fetch(url, { method: 'PATCH', body, headers: { 'content-type': 'application/json' } })
    ).json();
  };
  const early = Promise.withResolvers<unknown>();
  app.endpoint = await endpoint(app, async ({ token }) => {
    early.resolve(await edit(token));
    return { type: 5 };
  });
  const turn = await ada.slash(ops, '/ping', {}, { unchecked: true });
  expect(await early.promise).toMatchObject({ code: 10015 });
  expect(turn.thinking).toBe(true);
  await edit(turn.interaction.token);
  expect((await turn.reply()).content).toBe('done');
});

test('an endpoint that accepts a wrong signature is not taken', async () => {
  const { discord, app } = await platform();
  const url = await endpoint(app, () => ({}), false);
  expect(await discord.endpoint.register(app, url)).toBe(false);
  expect(app.endpoint).toBeUndefined();
});

const BAD: Manner[] = [
  'wrong',
  'other-key',
  'stale',
  'future',
  'no-signature',
  'no-timestamp',
  'other-body',
  'short',
  'nan-timestamp',
];

test.each(BAD)('a request that is signed "%s" is told from a right one', async (manner) => {
  const { discord, app } = await platform();
  const url = await endpoint(app, () => ({ type: 5 }));
  const payload = { type: 2, id: '1' };
  const other = discord.addApp('other').privateKey;
  const send = async (how: Manner): Promise<number> =>
    (await discord.endpoint.send(url, signedRequest(app, payload, discord.clock.now(), how, other), how))
      .status;
  expect([await send(manner), await send('right')]).toEqual([401, 200]);
});

test('a replayed request is the same to the byte', async () => {
  const { discord, app } = await platform();
  const url = await endpoint(app, () => ({ type: 5 }));
  const request = signedRequest(app, { type: 2, id: '1' }, discord.clock.now());
  const send = async (): Promise<number> => (await discord.endpoint.send(url, request, 'right')).status;
  expect([await send(), await send()]).toEqual([200, 401]);
});
