import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { fail } from '../../../contracts/errors.ts';
import { relayed } from '../../../bots/link/ask.ts';
import { Daemon, Refused } from '../../../bots/link/client.ts';

const from = { place: 'g', application: 'a', account: 'u', channel: 'c', interaction: 'i-1' };
const RELAY = { from, ask: { kind: 'command' as const, command: 'status', args: {} } };
const ANSWER = { kind: 'suggestions', suggestions: [] };

type Does = (response: ServerResponse) => void;
const answers: Does = (response) => response.end(JSON.stringify(ANSWER));
const breaksOff: Does = (response) => response.destroy();
const refuses =
  (code: 'NOT_READY' | 'BODY_INVALID'): Does =>
  (response) => {
    const refusal = fail(code, { why: 'so' }).toResponse();
    response.writeHead(refusal.status).end(JSON.stringify(refusal));
  };

/** Asks a daemon that does these things, one after the other; what it was asked, and the pauses of the bot, ms. */
async function asks(does: Does[]) {
  const asked: string[] = [];
  const pauses: number[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      asked.push(body);
      (does[asked.length - 1] ?? answers)(response);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const daemon = new Daemon({ at: { url }, token: 'reevebot1.x' });
  onTestFinished(() => daemon.close());
  const pace = { monotonic: () => 0, sleep: (ms: number) => Promise.resolve(void pauses.push(ms)) };
  const answer = await relayed(daemon, RELAY, pace).catch((error: unknown) => error);
  return { asked, pauses, answer };
}

test('a daemon that is away or begins is asked again, with the same interaction, and with pauses that grow', async () => {
  const { asked, pauses, answer } = await asks([breaksOff, refuses('NOT_READY'), breaksOff]);
  expect(answer).toEqual(ANSWER);
  expect(asked).toEqual(Array(4).fill(JSON.stringify(RELAY)));
  expect(pauses).toEqual([500, 1000, 2000]);
});

test('one that stays away is given up after six times, with what to do', async () => {
  const { asked, answer } = await asks(Array(20).fill(breaksOff));
  expect(asked).toHaveLength(6);
  expect(answer).toMatchObject({ code: 'DAEMON_UNREACHABLE' });
});

test('what it refuses is not asked again', async () => {
  const { asked, answer } = await asks([refuses('BODY_INVALID')]);
  expect(asked).toHaveLength(1);
  expect(answer).toBeInstanceOf(Refused);
});
