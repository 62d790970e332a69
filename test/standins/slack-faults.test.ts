import type { App as Bolt } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { expect, test } from 'vitest';
import { connect, scene } from './slack/harness.ts';

/** Reconnects sooner than after five seconds. */
const QUICK = { pingTimeout: 1_000 };

const pong = (bolt: Bolt): void => bolt.command('/reeve', async ({ ack }) => ack({ text: 'pong' }));

/** For a listener that waits until the test lets it go on. */
function gate(): { inside: Promise<void>; open: () => void; enter: () => Promise<void> } {
  const gone = Promise.withResolvers<void>();
  const inside = Promise.withResolvers<void>();
  const enter = (): Promise<void> => {
    inside.resolve();
    return gone.promise;
  };
  return { inside: inside.promise, open: gone.resolve, enter };
}

test('three seconds without an acknowledgement: the person reads it, and a late one changes nothing', async () => {
  const { enter, open } = gate();
  const { slack, ops, ada } = await scene((bolt) =>
    bolt.command('/reeve', async ({ ack }) => {
      await enter();
      await ack({ text: 'too late' });
    }),
  );
  const turn = await ada.slash(ops, '/reeve', 'status', { wait: false });
  slack.clock.advance(1_000);
  expect(turn.notice).toBeUndefined();
  slack.clock.advance(2_000);
  expect(turn.notice).toBe('/reeve failed because the app did not respond');
  open();
  await slack.until(() => turn.activity.lateAcks === 1);
  expect(ada.sees(ops)).toEqual([]);
});

test('a listener that throws before it acknowledges is silence for the person', async () => {
  const { slack, ops, ada, errors } = await scene((bolt) =>
    bolt.command('/reeve', async () => {
      throw new Error('no');
    }),
  );
  const turn = await ada.slash(ops, '/reeve', '', { wait: false });
  await slack.until(() => errors.length === 1);
  slack.clock.advance(3_000);
  expect(turn.notice).toBeDefined();
});

test('a response_url answers five times within half an hour', async () => {
  const { slack, ops, ada, errors } = await scene((bolt) =>
    bolt.command('/reeve', async ({ ack, respond }) => {
      await ack();
      for (let use = 1; use <= 6; use++) await respond({ text: `use ${use}` });
    }),
  );
  const turn = await ada.slash(ops, '/reeve');
  await slack.until(() => errors.length === 1);
  expect(turn.responses.map(({ text }) => text)).toEqual([1, 2, 3, 4, 5].map((use) => `use ${use}`));
  expect(slack.hooks.uses.at(-1)?.result).toBe('used_url');
  const again = await ada.slash(ops, '/reeve');
  await slack.until(() => errors.length === 2);
  slack.clock.advance(30 * 60_000);
  const late = await fetch(again.activity.responseUrl, {
    method: 'POST',
    body: JSON.stringify({ text: 'late' }),
  });
  expect([late.status, await late.json()]).toEqual([404, { ok: false, error: 'expired_url' }]);
});

test('respond: ephemeral by default, to all when asked, and in the place of the message with the button', async () => {
  const { slack, ops, ada, bolt, team } = await scene((app) => {
    app.action('go', async ({ ack, respond }) => {
      await ack();
      await respond({ text: 'only you', replace_original: false });
      await respond({ text: 'all', response_type: 'in_channel', replace_original: false });
      await respond({ text: 'done', replace_original: true });
    });
  });
  await bolt.client.chat.postMessage({
    channel: ops.id,
    text: 'go?',
    blocks: [
      {
        type: 'actions',
        elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
      },
    ],
  });
  const [message] = ada.sees(ops);
  if (message === undefined) throw new Error('no message');
  const turn = await ada.click(message, 'Go');
  await turn.response(3);
  const bob = slack.addMember(team, 'bob', [ops]);
  expect(ada.sees(ops).map(({ text }) => text)).toEqual(['done', 'only you', 'all']);
  expect(bob.sees(ops).map(({ text }) => text)).toEqual(['done', 'all']);
  expect(message.history.map(({ text }) => text)).toEqual(['go?']);
});

test('a trigger opens one modal, within three seconds', async () => {
  const modal: ModalView = {
    type: 'modal',
    title: { type: 'plain_text', text: 'Hello' },
    blocks: [{ type: 'divider' }],
  };
  const { slack, ops, ada, bolt } = await scene((app) => app.command('/reeve', async ({ ack }) => ack()));
  const open = (trigger_id: string): Promise<unknown> => bolt.client.views.open({ trigger_id, view: modal });
  const { activity } = await ada.slash(ops, '/reeve');
  await open(activity.triggerId);
  await expect(open(activity.triggerId)).rejects.toThrow('exchanged_trigger_id');
  const later = (await ada.slash(ops, '/reeve')).activity;
  slack.clock.advance(3_001);
  await expect(open(later.triggerId)).rejects.toThrow('expired_trigger_id');
  await expect(open('1.2.3')).rejects.toThrow('invalid_trigger_id');
  expect(ada.screen).toHaveLength(1);
  slack.refusals.none();
});

test('a 429 with Retry-After is waited out, or told with rejectRateLimitedCalls', async () => {
  const { slack, app, token, ops, bolt } = await scene(pong, {
    clientOptions: { retryConfig: { retries: 2, minTimeout: 1 } },
  });
  slack.limits.rates.set('chat.postMessage', { perMinute: 60, burst: 1 });
  const post = (by: Bolt, text: string): Promise<unknown> =>
    by.client.chat.postMessage({ channel: ops.id, text });
  await post(bolt, 'one');
  await post(bolt, 'two');
  expect(
    slack.web.calls.filter(({ method }) => method === 'chat.postMessage').map(({ result }) => result),
  ).toEqual(['ok', 'ratelimited', 'ok']);
  const hasty = await connect(slack, app, token, pong, { clientOptions: { rejectRateLimitedCalls: true } });
  slack.limits.rates.set('chat.postMessage', { perMinute: 1, burst: 1 });
  await post(hasty, 'three').catch(() => {});
  await expect(post(hasty, 'four')).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error' });
});

test('chat.update: 50 a minute, and a burst that is thrown away leaves the last state to be sent again', async () => {
  const { slack, ops, bolt } = await scene(pong, { clientOptions: { rejectRateLimitedCalls: true } });
  const { ts } = await bolt.client.chat.postMessage({ channel: ops.id, text: '0' });
  const edit = (text: string): Promise<unknown> =>
    bolt.client.chat.update({ channel: ops.id, ts: ts as string, text });
  const results = await Promise.allSettled(Array.from({ length: 60 }, (_, index) => edit(String(index + 1))));
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(50);
  expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  slack.clock.advance(60_000);
  await edit('last');
  expect(slack.world.messagesIn(ops.id)[0]?.text).toBe('last');
});

test('5xx, a cut and a lost answer', async () => {
  const { slack, ops, bolt } = await scene(pong, {
    clientOptions: { retryConfig: { retries: 2, minTimeout: 1 } },
  });
  const post = (text: string): Promise<unknown> => bolt.client.chat.postMessage({ channel: ops.id, text });
  slack.web.faults.plan('POST chat.postMessage', { kind: 'answer', answer: { status: 503, body: 'no' } }, 1);
  await post('after a 503').catch(() => {});
  slack.web.faults.plan('POST chat.postMessage', { kind: 'drop' });
  await post('after a cut');
  slack.web.faults.plan('POST chat.postMessage', { kind: 'lose-answer' });
  await post('twice');
  const texts = slack.world.messagesIn(ops.id).map(({ text }) => text);
  // Web API calls have no idempotency key: a lost answer that is retried is a second message.
  expect(texts.filter((text) => text === 'twice')).toHaveLength(2);
  expect(texts.filter((text) => text === 'after a cut')).toHaveLength(1);
});

test('a socket that is dropped in mid-command: the response still comes, and the next command too', async () => {
  const { enter, open, inside } = gate();
  const { slack, ops, ada } = await scene(
    (bolt) =>
      bolt.command('/reeve', async ({ ack, respond, command }) => {
        await ack();
        if (command.text === 'slow') await enter();
        await respond({ text: command.text });
      }),
    QUICK,
  );
  const turn = await ada.slash(ops, '/reeve', 'slow');
  await inside;
  slack.socket.drop();
  open();
  expect((await turn.response()).text).toBe('slow');
  await slack.until(() => slack.socket.connections >= 2 && slack.socket.links.size === 1);
  expect((await (await ada.slash(ops, '/reeve', 'next')).response()).text).toBe('next');
});

test('without a socket the person reads at once that it failed', async () => {
  const { slack, ops, ada } = await scene(pong, { reconnect: false });
  slack.socket.drop();
  await slack.until(() => slack.socket.links.size === 0);
  const turn = await ada.slash(ops, '/reeve');
  expect(turn.notice).toBe('/reeve failed because the app did not respond');
});

test('"refresh_requested" makes the client come back by itself', async () => {
  const { slack, ops, ada } = await scene(pong, QUICK);
  slack.socket.disconnect('warning');
  slack.socket.disconnect('refresh_requested');
  await slack.until(() => slack.socket.connections >= 2 && slack.socket.links.size === 1);
  expect((await ada.slash(ops, '/reeve')).responses[0]?.text).toBe('pong');
});

test('a zombie socket is noticed by pings without pongs', async () => {
  const { slack, ops, ada } = await scene(pong, QUICK);
  slack.socket.answerPings = false;
  await slack.until(() => slack.socket.links.size === 0);
  slack.socket.answerPings = true;
  await slack.until(() => slack.socket.links.size === 1);
  expect((await ada.slash(ops, '/reeve')).responses[0]?.text).toBe('pong');
  expect(slack.socket.connections).toBeGreaterThan(1);
});

test('an envelope that is delivered twice reaches the listener twice with one trigger, and one answer counts', async () => {
  const triggers: string[] = [];
  const { slack, ops, ada } = await scene((bolt) =>
    bolt.command('/reeve', async ({ ack, command }) => {
      triggers.push(command.trigger_id);
      await ack({ text: 'pong' });
    }),
  );
  slack.socket.duplicateNext();
  const turn = await ada.slash(ops, '/reeve');
  await slack.until(() => turn.activity.lateAcks === 1);
  expect([triggers.length, new Set(triggers).size, turn.responses.length]).toEqual([2, 1, 1]);
});

test('an event that is not acknowledged comes again with its number', async () => {
  const retries: (number | undefined)[] = [];
  const { slack, app, team } = await scene(() => {}, { reconnect: false });
  for (const { ws } of slack.socket.links) ws.send = new Proxy(ws.send, { apply: () => undefined });
  slack.events.send(app, team.id, { type: 'app_home_opened' });
  for (const wait of [3_000, 1, 3_000, 60_000, 3_000, 300_000, 3_000, 600_000]) slack.clock.advance(wait);
  for (const { type, retry_attempt } of slack.socket.sent)
    if (type === 'events_api') retries.push(retry_attempt);
  expect(retries).toEqual([0, 1, 2, 3]);
});

test.each(['token_revoked', 'invalid_auth', 'account_inactive'] as const)(
  'a bot token that is gone: %s',
  async (error) => {
    const { slack, app, token, ops, bolt } = await scene(pong);
    slack.revokeToken(app, token, error);
    await expect(bolt.client.chat.postMessage({ channel: ops.id, text: 'x' })).rejects.toThrow(error);
  },
);

test('an app token that is gone: the socket is closed, and no new one is had', async () => {
  const { slack, app, token } = await scene(pong, { reconnect: false });
  slack.revokeToken(app, app.appToken, 'invalid_auth');
  await slack.until(() => slack.socket.links.size === 0);
  const open = await fetch(`${slack.api}apps.connections.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.appToken}` },
  });
  expect(await open.json()).toEqual({ ok: false, error: 'invalid_auth' });
  const wrong = await fetch(`${slack.api}apps.connections.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await wrong.json()).toEqual({ ok: false, error: 'not_allowed_token_type' });
});

test('the whole platform goes down and comes back on the same port', async () => {
  const { slack, app, token, ops, ada, bolt } = await scene(pong, { reconnect: false });
  await slack.goDown();
  await expect(bolt.client.chat.postMessage({ channel: ops.id, text: 'x' })).rejects.toMatchObject({
    code: 'slack_webapi_request_error',
  });
  expect((await ada.slash(ops, '/reeve')).notice).toBeDefined();
  await slack.comeBack();
  // Bolt's own reconnect rejects unhandled when the platform is away: whoever uses it reconnects by themselves.
  await connect(slack, app, token, pong);
  expect((await ada.slash(ops, '/reeve')).responses[0]?.text).toBe('pong');
});
