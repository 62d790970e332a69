import { App as Bolt, HTTPReceiver, type Logger, LogLevel } from '@slack/bolt';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startSlack, type SlackStandin } from './slack/index.ts';
import type { Person } from './slack/person.ts';
import type { Manner } from './platform/manner.ts';
import { signedRequest } from './slack/signed.ts';
import type { App, Channel } from './slack/world.ts';

const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

interface Scene {
  slack: SlackStandin;
  app: App;
  ops: Channel;
  ada: Person;
  url: string;
}

/** The real Bolt behind its own HTTP receiver. */
async function scene(listen: (bolt: Bolt) => void): Promise<Scene> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const team = slack.addTeam('acme');
  const ops = slack.addChannel(team, 'ops');
  const ada = slack.addMember(team, 'ada', [ops]);
  const app = slack.addApp('reeve', { events: ['message.im'] });
  const token = slack.install(app, team, [ops]);
  const receiver = new HTTPReceiver({
    signingSecret: app.signingSecret,
    logger: silent,
    unhandledRequestTimeoutMillis: 50,
  });
  const bolt = new Bolt({
    token,
    receiver,
    deferInitialization: true,
    logger: silent,
    clientOptions: { slackApiUrl: slack.api },
  });
  listen(bolt);
  await bolt.init();
  const server = await bolt.start(0);
  onTestFinished(async () => void (await bolt.stop()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  return { slack, app, ops, ada, url };
}

test('commands, events and buttons go to the endpoint, signed; its answers count', async () => {
  const heard: string[] = [];
  const { slack, app, ops, ada, url } = await scene((bolt) => {
    bolt.command('/reeve', async ({ ack, command }) =>
      ack({ text: `got ${command.text}`, response_type: 'in_channel' }),
    );
    bolt.event('message', async ({ event }) => void heard.push('text' in event ? String(event.text) : ''));
  });
  app.endpoint = url;
  const turn = await ada.slash(ops, '/reeve', 'status');
  expect(turn.responses.map(({ text, ephemeralFor }) => [text, ephemeralFor])).toEqual([
    ['got status', undefined],
  ]);
  ada.say(ada.dm(), 'hello');
  await expect.poll(() => heard).toEqual(['hello']);
  await slack.until(() => slack.delivery.answers.length === 2);
  expect(slack.delivery.answers.map(({ status }) => status)).toEqual([200, 200]);
  const open = await fetch(`${slack.api}apps.connections.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.appToken}` },
  });
  expect(await open.json()).toMatchObject({ ok: false });
  slack.refusals.none();
});

test('an endpoint that is away is a notice for the person', async () => {
  const { app, ops, ada, slack } = await scene(() => {});
  app.endpoint = 'http://127.0.0.1:9/slack/events';
  const turn = await ada.slash(ops, '/reeve', '', { wait: false });
  slack.clock.advance(3_000);
  expect(turn.notice).toBeDefined();
});

const REFUSED: Manner[] = [
  'wrong',
  'other-key',
  'stale',
  'no-signature',
  'no-timestamp',
  'other-body',
  'short',
  'nan-timestamp',
];

test.each(REFUSED)('a request that is signed "%s" is refused by Bolt', async (manner) => {
  let count = 0;
  const { slack, app, url } = await scene((bolt) => {
    bolt.command('/reeve', async ({ ack }) => {
      count += 1;
      await ack();
    });
  });
  const send = async (how: Manner): Promise<number> => {
    const request = signedRequest(
      app,
      { command: '/reeve', text: '', team_id: 'T1', user_id: 'U1' },
      'form',
      slack.clock.now(),
      how,
    );
    return (await fetch(url, { method: 'POST', ...request })).status;
  };
  expect([await send(manner), await send('right'), count]).toEqual([401, 200, 1]);
});

test('what Bolt does not refuse by itself: a signature of the future, and a replay', async () => {
  const { slack, app, url } = await scene((bolt) => bolt.command('/reeve', async ({ ack }) => ack()));
  const request = signedRequest(app, { command: '/reeve', team_id: 'T1' }, 'form', slack.clock.now());
  const future = signedRequest(
    app,
    { command: '/reeve', team_id: 'T1' },
    'form',
    slack.clock.now(),
    'future',
  );
  for (const one of [request, request, future])
    expect((await fetch(url, { method: 'POST', ...one })).status).toBe(200);
});
