import { REST } from 'discord.js';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { ChatJob } from '../../../contracts/chat.ts';
import { discordMessenger } from '../../../bots/discord/messenger.ts';
import { discordMarkup } from '../../../bots/dispatch/markup/discord.ts';
import { DISCORD_VIEW } from '../../../bots/dispatch/view.ts';
import { Daemon } from '../../../bots/link/client.ts';
import { followJob } from '../../../bots/link/loops.ts';
import { GivenUp } from '../../../bots/link/messenger.ts';
import { startDiscord } from '../../standins/discord/index.ts';
import { catalogueWith } from '../catalogue.ts';

const LINES = 10_000;
const HEX = '0'.repeat(64);
const JOB = `job_${'a'.repeat(32)}`;

/** The job when it has printed so many lines. */
const at = (lines: number): ChatJob =>
  ({
    version: String(lines),
    over: lines >= LINES,
    tail: [{ step: 'say', line: `line ${lines}` }],
    job: {
      spec: {
        job_id: JOB,
        action: 'run',
        runbook: 'chatty',
        runbook_digest: `sha256:${HEX}`,
        config_version: `sha256:${HEX}`,
        plan_digest: `sha256:${HEX}`,
        project: 'shop',
        env: 'dev',
        inputs: {},
        inputs_digest: `sha256:${HEX}`,
        anchor: { kind: 'nonce', id: 'n' },
        requested_by: 'ana',
        grant_id: `gr_${'b'.repeat(24)}`,
        reason: '',
        plan: { ref: 'artifact:x' },
        correlation_ids: {},
      },
      title: 'Say much',
      status: lines >= LINES ? 'PASS' : 'RUNNING',
      queued_at: 0,
      attempts: [],
    },
  }) as unknown as ChatJob;

type Hands = Parameters<typeof followJob>[0];

interface Bot {
  /** Ms. Passes only where somebody waits, so that no machine is too slow for this. */
  now: number;
  /** What it told the daemon at the end. */
  closed: unknown[];
  follow(messenger: Hands['messenger'], message: Parameters<typeof followJob>[2]): Promise<void>;
}

/** A bot whose daemon says `answer` of the job. */
async function open(answer: (now: number, asked: URLSearchParams) => ChatJob): Promise<Bot> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://daemon');
    if (pathname.endsWith('/closed'))
      request.setEncoding('utf8').on('data', (text: string) => bot.closed.push(JSON.parse(text)));
    const body = pathname.endsWith('/log')
      ? { text: '', lines: 0, left_out: 0 }
      : answer(bot.now, searchParams);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const daemon = new Daemon({ at: { url }, token: 'reevebot1.x' });
  onTestFinished(() => daemon.close());
  const bot: Bot = {
    now: 0,
    closed: [],
    follow: (messenger, message) =>
      followJob(
        {
          daemon,
          messenger,
          threads: { open: () => Promise.resolve() },
          markup: discordMarkup,
          limits: DISCORD_VIEW,
          catalogue: catalogueWith,
          pace: {
            monotonic: () => bot.now,
            async sleep(ms) {
              bot.now += ms;
              await new Promise((resolve) => setImmediate(resolve));
            },
          },
          draw: () => Promise.reject(new Error('nothing to draw')),
          now: () => bot.now,
          signal: new AbortController().signal,
          failed: (what, error) => expect.unreachable(`${what}: ${String(error)}`),
        },
        JOB,
        message,
      ),
  };
  return bot;
}

test('a job that prints 10,000 lines, a thousand a second: at most one edit a second reaches Discord, the last is the end', async () => {
  const bot = await open((now) => at(Math.min(LINES, now)));
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  discord.limits.rates.set('PATCH /channels/:id/messages/:id', { limit: 1000, window: 1000 });
  const [app, guild] = [discord.addApp('reeve'), discord.addGuild('acme')];
  const channel = discord.addChannel(guild, 'ops');
  const ana = discord.addMember(guild, 'ana');
  discord.install(app, guild);
  const messenger = discordMessenger(new REST({ api: discord.api }).setToken(app.token));
  const post = { seq: 1, topic: 'default' as const, channel: channel.id, mention: [], tone: 'info' as const };
  const message = await messenger.send(
    { ...post, title: 'waits', blocks: [], buttons: [] },
    { tone: 'info', title: 'waits', sections: [], files: [] },
  );
  const edits: number[] = [];
  await bot.follow(
    {
      ...messenger,
      async change(...change) {
        edits.push(bot.now);
        await messenger.change(...change);
      },
    },
    message,
  );
  const [shown] = ana.sees(channel);
  expect(shown?.history).toHaveLength(edits.length);
  expect(edits.length).toBeGreaterThan(2);
  for (const [n, time] of edits.slice(1).entries())
    expect(time - (edits[n] ?? 0)).toBeGreaterThanOrEqual(1000);
  expect(shown?.embeds[0]?.title).toContain('passed');
  expect(shown?.embeds[0]?.description).toContain(`line ${LINES}`);
  discord.refusals.none();
});

test('a job that says nothing for minutes: its message is edited all the same, at first often, so that its time is right', async () => {
  const at_utc = '2026-01-02T03:04:05.678Z';
  const record = { job_id: JOB, attempt_id: `${JOB}.1`, status: 'RUNNING' };
  const times = { created_at_utc: at_utc, updated_at_utc: at_utc };
  const attempt = { record: { ...record, ...times }, fence: 1, started_at: 0, steps: [] };
  const bot = await open((now, asked) => {
    const silent = { ...at(0), over: now >= 180_000 };
    silent.job = { ...silent.job, attempts: [attempt] } as unknown as ChatJob['job'];
    // It answers as the daemon does: at once when the bot knows nothing, else when the time is over.
    if (asked.get('version') === '0') bot.now += Number(asked.get('wait'));
    return silent;
  });
  const shown: { at: number; text: string }[] = [];
  await bot.follow(
    {
      send: () => Promise.reject(new Error('nothing is sent')),
      change: async (_at, view) => void shown.push({ at: bot.now, text: view.sections.join('') }),
    },
    { channel: 'c', message: 'm' },
  );
  for (const [n, { at: time }] of shown.slice(1).entries()) {
    const before = shown[n]?.at ?? 0;
    expect(time - before).toBeLessThanOrEqual(Math.max(6000, Math.min(before + 4000, 29_000)));
  }
  expect(shown.some(({ text }) => /\*\*For\*\*: 2m \d\ds/u.test(text))).toBe(true);
  expect(shown.length).toBeLessThan(20);
});

test('a message that is gone is given up at once with why, however long its job goes on', async () => {
  const bot = await open((now) => ({ ...at(Math.min(LINES - 1, now)), version: String(now), over: false }));
  let tried = 0;
  const message = { channel: 'c', message: 'm' };
  await bot.follow(
    {
      send: () => Promise.reject(new Error('nothing is sent')),
      async change() {
        tried += 1;
        await Promise.reject(new GivenUp('Unknown Message'));
      },
    },
    message,
  );
  expect(tried).toBeLessThanOrEqual(2);
  expect(bot.closed).toEqual([{ job: JOB, at: message, why: 'Unknown Message' }]);
});
