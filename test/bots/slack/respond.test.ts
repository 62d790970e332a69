import { expect, test } from 'vitest';
import { webApi } from '@slack/bolt';
import { contentOf } from '../../../bots/slack/blocks.ts';
import { Lanes } from '../../../bots/slack/lanes.ts';
import { Responder } from '../../../bots/slack/respond.ts';
import { systemPace } from '../../../bots/link/pace.ts';
import { slackRig } from './rig.ts';

const said = contentOf({ tone: 'info', title: 'Done', sections: ['one', '<two>'], files: [], note: 'three' });

test('a response_url is used five times and for half an hour, never beyond: what comes then is a message of the bot', async () => {
  const { slack, ana, ops, token } = await slackRig();
  const { activity } = await ana.slash(ops, '/reeve', 'status');
  await slack.until(() => activity.responseUrlUses === 1, 'the answer of the bot');
  activity.responseUrlUses = 0;
  let ahead = 0;
  const client = new webApi.WebClient(token, { slackApiUrl: slack.api });
  const pace = { ...systemPace, now: () => slack.clock.now() + ahead };
  const place = { channel: ops.id, account: ana.id, url: activity.responseUrl, at: slack.clock.now() };
  const wires = { client, pace, lanes: new Lanes(pace), fetch };
  const uses = (): string[] => slack.hooks.uses.slice(1).map(({ result }) => result);

  const often = new Responder(wires, place);
  for (let n = 0; n < 7; n++) await often.say(said, true);
  // Slack was not even asked a sixth time.
  expect(uses()).toEqual(Array(5).fill('ok'));
  const posted = slack.web.calls.filter(({ method }) => method === 'chat.postEphemeral');
  expect(posted.map(({ result }) => result)).toEqual(['ok', 'ok']);

  activity.responseUrlUses = 0;
  const late = new Responder(wires, place);
  ahead = 29 * 60_000;
  await late.say(said, false);
  expect(uses()).toHaveLength(6);
  ahead = 30 * 60_000 - 20_000;
  await late.say(said, false);
  expect(uses()).toHaveLength(6);
});

test('Slack is told to look for no names, links and pictures in anything that is sent', () => {
  expect(said).toMatchObject({ parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false });
  const texts = said.blocks.flatMap((block) => (block.type === 'section' ? [block.text] : []));
  expect(texts).toEqual(['one', '<two>', 'three'].map((text) => ({ type: 'mrkdwn', text, verbatim: true })));
});
