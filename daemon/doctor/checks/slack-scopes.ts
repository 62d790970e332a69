import { SLACK_SCOPES } from '../../../contracts/chat-app.ts';
import { ok, warn, wrong, type Check } from '../check.ts';
import { slackOf } from '../slack.ts';

/** Slack says with every answer which scopes the token has. */
export const slackScopes: Check = {
  name: 'slack-scopes',
  part: 'slack',
  async run(look) {
    const slack = await slackOf(look);
    if (slack === undefined) return [];
    const me = await slack.call('auth.test');
    if (me.is !== 'answer') return [slack.dark(me)];
    const has = new Set((me.headers.get('x-oauth-scopes') ?? '').split(',').map((scope) => scope.trim()));
    has.delete('');
    const needed = Object.entries(SLACK_SCOPES);
    const missing = needed.filter(([scope]) => !has.has(scope));
    const more = [...has].filter((scope) => !Object.hasOwn(SLACK_SCOPES, scope));
    const page = 'api.slack.com/apps → the app → OAuth & Permissions → Scopes → Bot Token Scopes';
    return [
      ...missing.map(([scope, why]) =>
        wrong(`missing: ${scope} (${why})`, `${page} → Add ${scope}; then Install App → Reinstall.`),
      ),
      ...(more.length === 0
        ? []
        : [warn(`more than it needs: ${more.join(', ')}`, `${page}: remove them, then reinstall.`)]),
      ...(missing.length + more.length === 0 ? [ok(`exactly the ${needed.length} it needs`)] : []),
    ];
  },
};
