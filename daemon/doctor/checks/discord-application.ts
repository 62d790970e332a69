import type { DiscordSpec } from '../../../contracts/estate/chat.ts';
import { ok, warn, wrong, type Check, type Finding } from '../check.ts';
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
    const { id, bot_public: open, interactions_endpoint_url: url, verify_key: key } = got.body;
    if (id !== spec.application)
      return [
        wrong(
          `the token belongs to the application ${String(id)}, reeve.yaml names ${spec.application}`,
          `Put application: '${String(id)}' under chat.discord, or store the other application’s token as ${spec.token}.`,
        ),
      ];
    return [
      ok(`it is the application of reeve.yaml`),
      ...transport(spec, (await look.estate()).config.chat.url, url, key),
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

/** Discord either calls the daemon or keeps a connection, never both. */
function transport(spec: DiscordSpec, base: string | undefined, url: unknown, key: unknown): Finding[] {
  const page = 'Developer portal → General Information';
  const set = typeof url === 'string' && url !== '';
  if (spec.transport === 'gateway')
    return set
      ? [
          wrong(
            'Discord sends interactions to an endpoint URL, so the bot hears none over its connection',
            `${page} → Interactions Endpoint URL: empty it, Save Changes.`,
          ),
        ]
      : [];
  const wanted = `${base ?? ''}/v1/interactions/discord`;
  return [
    ...(url === wanted
      ? [ok(`Discord calls ${wanted}`)]
      : [
          wrong(
            set
              ? `Discord calls ${url}, not ${wanted}`
              : 'Discord calls no endpoint URL, and the bot keeps no connection',
            `${page} → Interactions Endpoint URL: ${wanted}, Save Changes (Discord tries it at once).`,
          ),
        ]),
    ...(key === spec.public_key
      ? []
      : [
          wrong(
            'public_key is not the application’s, so every interaction is refused',
            `${page} → Public Key → Copy; put it under chat.discord.public_key.`,
          ),
        ]),
  ];
}
