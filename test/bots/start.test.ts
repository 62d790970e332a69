import { expect, test } from 'vitest';
import { scene, textOf } from './discord/rig.ts';
import { slackRig, textOf as slackText } from './slack/rig.ts';

const TIMEOUT = { timeout: 40_000 };

test('Discord is down when the bot starts: it is said, tried again, and commands are heard once it is back', async () => {
  const { discord, ops, ana, bot, again, log } = await scene();
  await bot.stop();
  await discord.goDown();
  const starting = again();
  await expect.poll(() => log.join('\n'), TIMEOUT).toMatch(/warn .*\(failure 2\)/u);
  await discord.comeBack();
  await starting;
  const shown = await (await ana.slash(ops, '/reeve status')).reply();
  expect(textOf(shown)).toContain('test');
  discord.refusals.none();
});

test('Discord refuses the token when the bot starts: whoever supervises it is told, and no log holds the token', async () => {
  const { discord, app, bot, again, log } = await scene();
  await bot.stop();
  discord.revokeToken(app);
  log.length = 0;
  void again();
  await expect.poll(() => log.includes('refused'), TIMEOUT).toBe(true);
  expect(log.join('\n')).not.toContain(app.token);
});

test('Slack is down when the bot starts: it is said, tried again, and commands are heard once it is back', async () => {
  const rig = await slackRig({ start: false });
  const { slack, app, ops, ana } = rig;
  await slack.goDown();
  const bot = await rig.startBot({ hears: false });
  await slack.until(() => bot.log.some(({ level }) => level !== 'info') || undefined, 'it says so');
  await slack.comeBack();
  await slack.until(() => slack.socket.of(app).length > 0 || undefined, 'it is back');
  const status = await ana.slash(ops, '/reeve', 'status');
  expect(slackText(await status.response())).toContain('test');
  slack.refusals.none();
});
