import { ok, warn, wrong, type Check } from '../check.ts';
import { discordOf } from '../discord.ts';

export const discordApplication: Check = {
  name: 'discord-application',
  part: 'discord',
  async run(look) {
    const discord = await discordOf(look);
    if (discord === undefined) return [];
    const { spec } = discord;
    const got = await discord.get('/applications/@me');
    if (got.is !== 'answer') return [discord.dark(got)];
    const { id, bot_public: open, interactions_endpoint_url: url } = got.body;
    if (id !== spec.application)
      return [
        wrong(
          `the token belongs to the application ${String(id)}, reeve.yaml names ${spec.application}`,
          `Put application: '${String(id)}' under chat.discord, or store the other application’s token as ${spec.token}.`,
        ),
      ];
    return [
      ok(`it is the application of reeve.yaml`),
      ...(typeof url === 'string' && url !== ''
        ? [
            wrong(
              'Discord sends interactions to an endpoint URL, so the bot hears none over its connection',
              'Developer portal → General Information → Interactions Endpoint URL: empty it, Save Changes.',
            ),
          ]
        : []),
      ...(open === true
        ? [
            warn(
              'anybody may invite it into other servers (where nothing it hears is obeyed)',
              'Developer portal → Installation → Install Link: None; then Bot → Public Bot off, Save Changes.',
            ),
          ]
        : []),
    ];
  },
};
