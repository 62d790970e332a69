import { SLACK_APP_SCOPE } from '../../../contracts/chat-app.ts';
import { ok, wrong, type Check } from '../check.ts';
import { slackOf } from '../slack.ts';
import { orGiven } from '../words.ts';

/** Whether Socket Mode would connect. The address is only asked for: a second connection would take the bot's events away. */
export const slackAppToken: Check = {
  name: 'slack-app-token',
  part: 'slack',
  async run(look) {
    const slack = await slackOf(look);
    // Over HTTP there is no connection to open.
    if (slack === undefined || slack.spec.transport === 'http') return [];
    const { spec } = slack;
    const page = 'api.slack.com/apps → the app';
    const fresh = `${page} → Basic Information → App-Level Tokens → Generate, with ${SLACK_APP_SCOPE}; then reeve secret set ${spec.app_token} --value -`;
    const whose = await slack.call('auth.test', {}, 'app');
    if (whose.is === 'missing')
      return [wrong(`no secret is named ${spec.app_token}`, orGiven(fresh, 'REEVE_SLACK_APP_TOKEN'))];
    if (whose.is === 'away') return [slack.away(whose.why)];
    const app = whose.is === 'answer' ? whose.body['app_id'] : undefined;
    if (typeof app === 'string' && app !== spec.app)
      return [
        wrong(
          `${spec.app_token} belongs to the app ${app}, reeve.yaml names ${spec.app}`,
          `Put app: ${app} under chat.slack, or store the other app’s token.`,
        ),
      ];
    const opened = await slack.call('apps.connections.open', {}, 'app');
    if (opened.is === 'answer') return [ok('Socket Mode is on')];
    if (opened.is === 'away') return [slack.away(opened.why)];
    if (opened.is === 'missing') return [slack.dark(opened)];
    if (opened.code === 'missing_scope' || opened.code === 'no_permission')
      return [wrong(`${spec.app_token} lacks the scope ${SLACK_APP_SCOPE}`, fresh)];
    if (DEAD.has(opened.code))
      return [wrong(`Slack does not accept the token ${spec.app_token}: ${opened.code}`, fresh)];
    return [
      wrong(
        `Slack opens no connection: ${opened.code}`,
        `${page} → Socket Mode → Enable Socket Mode; and see that ${spec.app_token} is the xapp- token.`,
      ),
    ];
  },
};

const DEAD = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'not_allowed_token_type',
]);
