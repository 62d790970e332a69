import { plural } from '../../../contracts/units.ts';
import { ok, unknown, warn, type Check } from '../check.ts';
import { slackOf } from '../slack.ts';
import { some } from '../words.ts';

/** What Slack was told cannot be asked without a token that may change every app; what was printed last is known here. */
export const slackCommands: Check = {
  name: 'slack-commands',
  part: 'slack',
  async run(look) {
    const slack = await slackOf(look);
    if (slack === undefined) return [];
    const up = await look.status().then(
      () => true,
      () => false,
    );
    if (!up || !(await look.ledger()).bots.has('slack'))
      return [unknown('only the daemon knows which commands there are', 'reeve up; then reeve doctor again')];
    const { changes, left } = await look.deployed('slack');
    return [
      changes.length === 0
        ? ok('the manifest that was printed last is that of now')
        : warn(
            `the app’s manifest is not that of now: ${some(changes)}`,
            'npm run bots:deploy -- --platform slack; paste it at api.slack.com/apps → the app → App Manifest, Save Changes.',
          ),
      ...(left.length === 0
        ? []
        : [
            ok(
              left.length === 1
                ? `one runbook has no command of its own, /reeve NAME runs it: ${some(left)}`
                : `${plural(left.length, 'runbook')} have no command of their own, /reeve NAME runs them: ${some(left)}`,
            ),
          ]),
    ];
  },
};
