import { expect, test } from 'vitest';
import {
  ChatClosed,
  ChatJobQuery,
  ChatPosted,
  ChatPosts,
  ChatPostsQuery,
  ChatRelay,
} from '../../contracts/chat.ts';
import { ChatSpec } from '../../contracts/estate/chat.ts';

const from = {
  place: '123456789012345678',
  application: '223456789012345678',
  account: '323456789012345678',
  channel: '423456789012345678',
  interaction: '523456789012345678',
};

test('a relay says which account asked what, and nothing that would say who that is', () => {
  expect(ChatRelay.parse({ from, ask: { kind: 'command', command: 'status' } })).toEqual({
    from: { ...from, bot: false, edited: false },
    ask: { kind: 'command', command: 'status', args: {} },
  });
  const ask = { kind: 'command', command: 'status' };
  for (const more of [{ person: 'ana' }, { name: 'ana' }, { roles: ['admin'] }])
    expect(ChatRelay.safeParse({ from: { ...from, ...more }, ask }).success).toBe(false);
  // Nothing confirms by itself: that takes the press of a button that was shown.
  for (const more of [
    { force: true },
    { confirm: 'sha256:1' },
    { typed: 'prod' },
    { interactive: true },
    { nonce: 'n' },
  ])
    expect(ChatRelay.safeParse({ from, ask: { ...ask, ...more } }).success).toBe(false);
  expect(ChatRelay.safeParse({ from: { ...from, interaction: '' }, ask }).success).toBe(false);
});

test('waiting is bounded, and a post is either sent as a message or given up with a reason', () => {
  expect(ChatPostsQuery.parse({})).toEqual({ wait: 0 });
  expect(ChatPostsQuery.safeParse({ wait: '600000' }).success).toBe(false);
  expect(ChatJobQuery.parse({ wait: '2000' })).toEqual({ version: '', wait: 2000 });
  expect(ChatPosts.parse({ posts: [] })).toEqual({ posts: [] });
  expect(ChatPosted.safeParse({ seq: 1, outcome: { is: 'sent' } }).success).toBe(false);
  expect(ChatPosted.safeParse({ seq: 1, outcome: { is: 'given_up', why: 'no such channel' } }).success).toBe(
    true,
  );
  expect(ChatClosed.safeParse({ job: 'job_1' }).success).toBe(false);
});

test('chat in reeve.yaml: ids, never names, and tokens by the name of a secret alone', () => {
  const discord = { guild: from.place, application: from.application, channels: { default: from.channel } };
  expect(ChatSpec.parse({ discord }).discord).toMatchObject({ token: 'discord_token' });
  expect(ChatSpec.safeParse({ discord: { ...discord, guild: 'our-team' } }).success).toBe(false);
  expect(ChatSpec.safeParse({ discord: { ...discord, channels: { default: '#ops' } } }).success).toBe(false);
  expect(
    ChatSpec.safeParse({ discord: { ...discord, token: 'MTk4NjIy.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs' } })
      .success,
  ).toBe(false);
  const slack = { team: 'T024BE7LD', app: 'A024BE7LD', channels: { default: 'C024BE91L' } };
  expect(ChatSpec.parse({ slack }).slack).toMatchObject({
    bot_token: 'slack_bot_token',
    app_token: 'slack_app_token',
  });
  expect(ChatSpec.safeParse({ slack: { ...slack, team: 'our team' } }).success).toBe(false);
});
