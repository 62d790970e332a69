import { expect, test } from 'vitest';
import { scene } from './slack/harness.ts';

test('a command, its acknowledgement, an edit, a button and a modal go through the real client', async () => {
  const { slack, ops, ada, errors } = await scene((bolt) => {
    bolt.command('/reeve', async ({ ack, client, command }) => {
      await ack({ text: `planning ${command.text}` });
      const posted = await client.chat.postMessage({ channel: command.channel_id, text: 'plan' });
      await client.chat.update({
        channel: command.channel_id,
        ts: posted.ts as string,
        text: `plan for ${command.text}`,
        blocks: [
          { type: 'section', text: { type: 'mrkdwn', text: `plan for *${command.text}*` } },
          {
            type: 'actions',
            elements: [
              { type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Deploy' }, value: 'x1' },
            ],
          },
        ],
      });
    });
    bolt.action({ type: 'block_actions', action_id: 'go' }, async ({ ack, client, body }) => {
      await ack();
      await client.views.open({
        trigger_id: body.trigger_id,
        view: {
          type: 'modal',
          callback_id: 'confirm',
          title: { type: 'plain_text', text: 'Type the name' },
          submit: { type: 'plain_text', text: 'Deploy' },
          private_metadata: JSON.stringify({ channel: body.channel?.id, ts: body.message?.ts }),
          blocks: [
            {
              type: 'input',
              block_id: 'env',
              label: { type: 'plain_text', text: 'Environment' },
              element: { type: 'plain_text_input', action_id: 'name' },
            },
          ],
        },
      });
    });
    bolt.view('confirm', async ({ ack, view, client }) => {
      const { channel, ts } = JSON.parse(view.private_metadata) as { channel: string; ts: string };
      const typed = view.state.values['env']?.['name']?.value;
      if (typed !== 'prod')
        return void (await ack({ response_action: 'errors', errors: { env: 'not its name' } }));
      await ack();
      await client.chat.update({ channel, ts, text: `going to ${typed}` });
    });
  });

  const turn = await ada.slash(ops, '/reeve', 'deploy shop');
  expect(turn.notice).toBeUndefined();
  expect(turn.responses.map(({ text, ephemeralFor }) => [text, ephemeralFor])).toEqual([
    ['planning deploy shop', ada.id],
  ]);
  const message = await slack.until(() => ada.sees(ops).find(({ text }) => text.startsWith('plan for')));
  expect(message.history.map(({ text }) => text)).toEqual(['plan']);

  const modal = await (await ada.click(message, 'Deploy')).opened();
  expect((await ada.submit(modal, { Environment: 'staging' })).errors).toEqual({ env: 'not its name' });
  expect(ada.screen).toEqual([modal]);
  await ada.submit(modal, { Environment: 'prod' });
  expect(ada.screen).toEqual([]);
  await slack.until(() => message.text === 'going to prod');
  expect(errors).toEqual([]);
  slack.refusals.none();
});
