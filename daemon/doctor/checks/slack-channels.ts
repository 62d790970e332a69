import { ok, wrong, type Check, type Finding } from '../check.ts';
import { topicsOf } from '../discord.ts';
import { slackOf, type Slack } from '../slack.ts';

export const slackChannels: Check = {
  name: 'slack-channels',
  part: 'slack',
  async run(look) {
    const slack = await slackOf(look);
    if (slack === undefined) return [];
    const me = await slack.call('auth.test');
    if (me.is !== 'answer') return [slack.dark(me)];
    const found: Finding[] = [];
    for (const [id, topics] of topicsOf(slack.spec.channels))
      found.push(await channel(slack, id, topics.join(', ')));
    return found;
  },
};

async function channel(slack: Slack, id: string, topics: string): Promise<Finding> {
  const got = await slack.call('conversations.info', { channel: id });
  const invite = 'In Slack, in that channel: /invite @reeve';
  const other = `Put another id under chat.slack.channels (${topics}): the channel’s name → About → Channel ID.`;
  if (got.is === 'refused' && got.code === 'channel_not_found')
    return wrong(`${topics}: ${id} is no channel that the bot can see`, `${invite}. Or: ${other}`);
  if (got.is !== 'answer') return slack.dark(got);
  const {
    name,
    is_member: member,
    is_archived: archived,
  } = (got.body['channel'] ?? {}) as Record<string, unknown>;
  if (archived === true) return wrong(`${topics}: #${String(name)} is archived`, other);
  return member === true
    ? ok(`${topics}: the bot is in #${String(name)}`)
    : wrong(`${topics}: the bot is not in #${String(name)}`, invite);
}
