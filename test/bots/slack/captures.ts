import { webApi } from '@slack/bolt';
import { manifestOf } from '../../../bots/slack/manifest.ts';
import type { LinearStandin } from '../../standins/linear/index.ts';
import type { Turn } from '../../standins/slack/turn.ts';
import { linearBeside } from '../linear.ts';
import { slackRig, textOf } from './rig.ts';

export const MENU = 'Capture as issue';

/** Slack with the app as its manifest makes it, the bot, the daemon, and Linear behind it. */
export async function captureRig(
  options: Parameters<typeof slackRig>[0] = {},
): Promise<Awaited<ReturnType<typeof slackRig>> & { linear: LinearStandin }> {
  const rig = await slackRig(options);
  const { slack, app, world } = rig;
  const linear = await linearBeside(world);
  const manifest = manifestOf(await world.app.running.door.inChat());
  const client = new webApi.WebClient(app.configToken, { slackApiUrl: slack.api });
  await client.apps.manifest.update({ app_id: app.id, manifest: manifest as never });
  slack.reinstall(app);
  return { ...rig, linear };
}

export const told = async (turn: Promise<Turn>): Promise<string> => textOf(await (await turn).response());

/** When Slack says that a message was written. */
export const at = ({ ts }: { ts: string }): string => new Date(Math.round(Number(ts) * 1000)).toISOString();
