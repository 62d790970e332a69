import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startDiscord, type DiscordStandin } from './discord/index.ts';
import { startSlack, type SlackStandin } from './slack/index.ts';
import type { App } from './slack/world.ts';

/* What the real clients do not do, so that they cannot show it. */

interface Packet {
  op: number;
  s: number;
  t: string;
  d: { session_id: string } | boolean;
}

async function gateway(): Promise<{ discord: DiscordStandin; token: string; open: () => Promise<Line> }> {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  return { discord, token: discord.addApp().token, open: () => line(discord.origin.replace('http', 'ws')) };
}

interface Line {
  send: (packet: unknown) => void;
  next: () => Promise<Packet>;
  closed: Promise<number>;
  ws: WebSocket;
}

async function line(url: string): Promise<Line> {
  const ws = new WebSocket(url);
  const packets: Packet[] = [];
  ws.on('message', (data) => packets.push(JSON.parse((data as Buffer).toString()) as Packet));
  onTestFinished(() => ws.terminate());
  await once(ws, 'open');
  const next = async (): Promise<Packet> => {
    while (packets.length === 0) await once(ws, 'message');
    return packets.shift() as Packet;
  };
  const closed = once(ws, 'close').then(([code]) => code as number);
  const send = (packet: unknown): void =>
    ws.send(typeof packet === 'string' ? packet : JSON.stringify(packet));
  return { send, next, closed, ws };
}

test.each<[string, unknown, number]>([
  ['no JSON', 'hello', 4002],
  ['something before IDENTIFY', { op: 3, d: {} }, 4003],
  ['a wrong token', { op: 2, d: { token: 'no', intents: 0 } }, 4004],
])('Discord: %s closes the gateway', async (_name, packet, code) => {
  const { send, next, closed } = await (await gateway()).open();
  expect(await next()).toMatchObject({ op: 10, d: { heartbeat_interval: 41_250 } });
  send(packet);
  expect(await closed).toBe(code);
});

test.each<[string, (token: string) => unknown, number]>([
  ['an unknown opcode', () => ({ op: 99, d: null }), 4001],
  ['a second IDENTIFY', (token) => ({ op: 2, d: { token, intents: 0 } }), 4005],
])('Discord: %s closes a session', async (_name, packet, code) => {
  const { token, open } = await gateway();
  const { send, next, closed } = await open();
  await next();
  send({ op: 2, d: { token, intents: 0 } });
  expect((await next()).t).toBe('READY');
  send(packet(token));
  expect(await closed).toBe(code);
});

test('Discord: more than 120 packets a minute close the gateway with 4008', async () => {
  const { token, open } = await gateway();
  const { send, closed } = await open();
  send({ op: 2, d: { token, intents: 0 } });
  for (let beat = 0; beat < 120; beat++) send({ op: 1, d: null });
  expect(await closed).toBe(4008);
});

test('Discord: a session is replayed from the number that the client says, not for ever, and not after a farewell', async () => {
  const { discord, token, open } = await gateway();
  const start = async (): Promise<{ session: string; one: Line }> => {
    const one = await open();
    await one.next();
    one.send({ op: 2, d: { token, intents: 0 } });
    return { session: ((await one.next()).d as { session_id: string }).session_id, one };
  };
  const resume = async (session: string, seq: number): Promise<Line> => {
    const again = await open();
    await again.next();
    again.send({ op: 6, d: { token, session_id: session, seq } });
    return again;
  };
  const [app] = discord.world.apps.values();
  if (app === undefined) throw new Error('no app');
  const { session, one } = await start();
  one.ws.terminate();
  await discord.until(() => discord.gateway.connected.length === 0);
  for (const name of ['A', 'B']) discord.inject(app, name, {});
  const back = await resume(session, 2);
  expect([(await back.next()).t, (await back.next()).t]).toEqual(['B', 'RESUMED']);
  expect(await (await resume(session, 99)).closed).toBe(4007);
  back.ws.terminate();
  await discord.until(() => discord.gateway.connected.length === 0);
  discord.clock.advance(6 * 60_000);
  expect(await (await resume(session, 2)).next()).toMatchObject({ op: 9, d: false });

  const other = await start();
  other.one.ws.close(1000);
  await discord.until(() => discord.gateway.connected.length === 0);
  expect(await (await resume(other.session, 1)).next()).toMatchObject({ op: 9, d: false });
});

async function slackUrl(slack: SlackStandin, app: App): Promise<string> {
  const headers = { authorization: `Bearer ${app.appToken}` };
  const response = await fetch(`${slack.api}apps.connections.open`, { method: 'POST', headers });
  return ((await response.json()) as { url: string }).url;
}

test('Slack: a URL is for one socket and not for long; an eleventh socket puts the first out', async () => {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const app = slack.addApp();
  const url = await slackUrl(slack, app);
  const first = await line(url);
  expect(await first.next()).toMatchObject({
    type: 'hello',
    num_connections: 1,
    connection_info: { app_id: app.id },
  });
  await expect(line(url)).rejects.toThrow('403');
  const stale = await slackUrl(slack, app);
  slack.clock.advance(31_000);
  await expect(line(stale)).rejects.toThrow('403');
  for (let socket = 2; socket <= 11; socket++) await line(await slackUrl(slack, app));
  expect(await first.next()).toMatchObject({ type: 'disconnect', reason: 'too_many_websockets' });
  await slack.until(() => slack.socket.of(app).length === 10);
});

test('Slack: what was not sent by the app’s own tokens', async () => {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const call = async (token?: string): Promise<unknown> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await fetch(`${slack.api}auth.test`, { method: 'POST', headers })).json();
  };
  expect(await call()).toEqual({ ok: false, error: 'not_authed' });
  expect(await call('xoxb-nobody')).toEqual({ ok: false, error: 'invalid_auth' });
  const unknown = await fetch(`${slack.api}chat.shout`, { method: 'POST' });
  expect(await unknown.json()).toMatchObject({ ok: false, error: 'unknown_method' });
});
