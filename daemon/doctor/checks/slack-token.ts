import { ok, wrong, type Check } from '../check.ts';
import { slackOf } from '../slack.ts';
import { orGiven } from '../words.ts';

export const slackToken: Check = {
  name: 'slack-token',
  part: 'slack',
  async run(look) {
    const slack = await slackOf(look);
    if (slack === undefined) return [];
    const { spec } = slack;
    const fresh = `api.slack.com/apps → the app → Install App → (Re)install → copy the Bot User OAuth Token; then reeve secret set ${spec.bot_token} --value -`;
    const me = await slack.call('auth.test');
    if (me.is === 'missing')
      return [wrong(`no secret is named ${spec.bot_token}`, orGiven(fresh, 'REEVE_SLACK_BOT_TOKEN'))];
    if (me.is === 'refused')
      return [wrong(`Slack does not accept the token ${spec.bot_token}: ${me.code}`, fresh)];
    if (me.is === 'away') return [slack.away(me.why)];
    const { team_id: team, team: name, bot_id: bot } = me.body;
    if (typeof bot !== 'string')
      return [wrong(`${spec.bot_token} is no bot’s token (those begin with xoxb-)`, fresh)];
    return team === spec.team
      ? [ok(`the bot’s, in ${String(name)}`)]
      : [
          wrong(
            `the token is for the workspace ${String(team)}, reeve.yaml names ${spec.team}`,
            `Put team: ${String(team)} under chat.slack, or install the app in the other workspace and store that token.`,
          ),
        ];
  },
};
