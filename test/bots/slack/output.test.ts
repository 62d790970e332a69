import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { RUNBOOKS } from '../../helpers/app.ts';
import { buttonsOf, slackRig, textOf, type SlackRig } from './rig.ts';

const book = (name: string, script: string): string =>
  `---\nrunbook: ${name}\ntitle: Runs ${name}\naction: run\ntimeout: 1m\n---\n\`\`\`sh { name=say }\n${script}\n\`\`\`\n`;

const runbooks = {
  ...RUNBOOKS,
  'long-line.md': book('long-line', `head -c 6000 /dev/zero | tr '\\0' 'x'; echo`),
  'scripts.md': book(
    'scripts',
    `printf '\\342\\200\\256txt.exe\\342\\200\\254 '\necho 'ship it 🚀 👩‍🚒 عربي עברית <!channel> <@U0EVERYONE> @here *bold* fence & <https://x|y>'`,
  ),
  'chatty.md': book(
    'chatty',
    'i=0; while [ $i -lt 10000 ]; do echo "line $i"; i=$((i+1)); [ $((i % 2500)) -eq 0 ] && sleep 1.5; done; true',
  ),
  'huge.md': book(
    'huge',
    Array.from({ length: 400 }, (_, n) => `echo "step ${n} of a very long plan"`).join('\n'),
  ),
};

/** Runs a runbook to its end; resolves with its live message. */
async function ran(rig: SlackRig, name: string) {
  const { slack, ops, ana, ben, world } = rig;
  const plan = await (await ana.slash(ops, '/reeve', `run ${name} --project shop --env dev`)).response();
  await ana.click(plan, 'Confirm exactly this');
  const live = await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')), name);
  await until(async () => (await world.records('chat.closed')).length > 0);
  return live;
}

test('a log line of 6,000 characters: the message says how long it is, the file in its thread has it', async () => {
  const rig = await slackRig({ runbooks });
  const live = await ran(rig, 'long-line');
  expect(textOf(live)).toContain('xxxxx');
  expect(textOf(live)).toMatch(/\(\d+ characters\)/);
  const [file] = rig.ben.sees(rig.ops, live);
  const bytes = rig.slack.world.files.get(file?.files[0] ?? '')?.bytes?.toString() ?? '';
  expect(bytes).toContain('x'.repeat(1500));
  expect(rig.ben.sees(rig.ops, live)).toHaveLength(1);
  // What the message says to type works as it is copied from it.
  const [, line = ''] = /\/reeve (jobs show [^`]+)`/.exec(textOf(live)) ?? [];
  const shown = await (await rig.ana.slash(rig.ops, '/reeve', line)).response();
  expect(textOf(shown)).toContain('long-line');
  rig.slack.refusals.none();
});

test('attack 52: mentions, links and formatting in what a job prints have no effect; emoji and right-to-left text stay', async () => {
  const rig = await slackRig({ runbooks });
  const live = await ran(rig, 'scripts');
  const text = textOf(live);
  for (const whole of ['🚀', '👩‍🚒', 'عربي', 'עברית', '&lt;!channel&gt;', '&amp;'])
    expect(text).toContain(whole);
  expect(live.pings).toEqual({ channel: false, users: [] });
  expect(JSON.stringify(live.blocks)).not.toMatch(/<[!@h]/);
  expect(text).not.toContain('\u202e');
  expect(text).toContain('202e}txt.exe');
  // What is typed is harmless, too, in answers and in the card that everybody sees.
  const { slack, ops, ana } = rig;
  const odd = await ana.slash(ops, '/reeve', '&lt;!channel&gt; @here "*x*"');
  const answer = await odd.response();
  expect(textOf(answer)).toContain('&lt;!channel&gt;');
  expect(answer.pings).toEqual({ channel: false, users: [] });
  for (const { args, method } of slack.web.calls)
    if (method.startsWith('chat.')) expect(args).toMatchObject({ parse: 'none', link_names: 'false' });
  slack.refusals.none();
});

test('a job that prints 10,000 lines: one message, edited at most every two seconds, with the last state', async () => {
  const rig = await slackRig({ runbooks });
  const live = await ran(rig, 'chatty');
  expect(textOf(live)).toContain('line 9999');
  expect(live.history.some(({ blocks }) => /line (2499|4999|7499)$/m.test(textOf({ blocks })))).toBe(true);
  const edits = rig.slack.web.calls.filter(({ method }) => method === 'chat.update').map(({ at }) => at);
  for (const [n, at] of edits.slice(1).entries()) expect(at - (edits[n] ?? 0)).toBeGreaterThanOrEqual(1000);
  expect(rig.ben.sees(rig.ops).filter(({ appId }) => appId !== undefined)).toEqual([live]);
  rig.slack.refusals.none();
});

test('a plan that is too long for a message is a file for the asker alone, and its button stands there all the same', async () => {
  const rig = await slackRig({ runbooks });
  const { slack, ops, ana, ben } = rig;
  const plan = await (await ana.slash(ops, '/reeve', 'run huge --project shop --env dev')).response();
  expect(buttonsOf(plan)).toEqual(['Confirm exactly this']);
  expect(textOf(plan)).toContain('in your messages');
  const sent = await slack.until(() => ana.sees(ana.dm()).find(({ files }) => files.length > 0), 'the file');
  const file = slack.world.files.get(sent.files[0] ?? '');
  expect(file?.bytes?.toString()).toContain('step 399 of a very long plan');
  expect(file?.shared).not.toContain(ops.id);
  expect(ben.sees(ops).filter(({ appId }) => appId !== undefined)).toEqual([]);
  slack.refusals.none();
});

test('without the scope for files the plan is shown, and the person is told what is missing of it', async () => {
  const rig = await slackRig({ runbooks });
  const { slack, app, ops, ana, bot } = rig;
  app.scopes.delete('files:write');
  const turn = await ana.slash(ops, '/reeve', 'run huge --project shop --env dev');
  const failed = await turn.response(2);
  expect(textOf(failed)).toContain('did not get to Slack');
  expect(failed.ephemeralFor).toBe(ana.id);
  expect(buttonsOf(await turn.response())).toEqual(['Confirm exactly this']);
  expect(bot.log.some(({ message }) => message.includes('needs files:write'))).toBe(true);
  slack.refusals.none();
});
