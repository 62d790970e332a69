import { z } from 'zod';
import { DISCORD_INTENTS, discordInvite } from '../../contracts/chat-app.ts';
import type { Platform } from '../../contracts/chat.ts';
import type { ChatSpec } from '../../contracts/estate/chat.ts';
import type { Block, Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction } from '../ports/actions.ts';

const group = 'Chat';
const platformArg = () => arg.choice(['discord', 'slack'], 'which platform', { position: 0 });

export const chatSetup = adminAction({
  name: 'chat setup',
  inChat: false,
  type: 'enrol_bot',
  summary: 'Make the credential with which the bot of a platform relays; an earlier one is void',
  description:
    'The bot can say which account asked what, and nothing else: it signs nothing, confirms nothing and is nobody. The file is for this user alone.',
  group,
  verb: 'administer',
  args: z.object({ platform: platformArg() }),
  examples: ['chat setup discord'],
  async run({ chat, caller, config, secrets }, { platform }) {
    const { file } = await chat.enrol(platform, caller.person);
    const spec = config.current().config.chat;
    const names = secretsOf(spec, platform);
    const missing = [];
    for (const name of names) if (!(await secrets.has(name))) missing.push(name);
    return {
      title: `The ${platform} bot has a new credential`,
      blocks: [
        { type: 'fields', fields: [{ label: 'Credential', value: file }] },
        ...inviteBlocks(spec, platform),
        ...endpointBlocks(spec, platform),
        ...(platform === 'slack'
          ? [
              {
                type: 'hint' as const,
                text: 'The app’s manifest, with its commands and what is in the menu of messages: npm run bots:deploy -- --platform slack --dry-run',
              },
            ]
          : []),
        ...missing.map((name): Block => ({
          type: 'hint',
          text: `Store its token: reeve secret set ${name} --value -`,
        })),
      ],
      data: { platform, file, missing },
      after: { platform, file },
      targets: [{ kind: 'bot', id: platform }],
    };
  },
});

const secretsOf = (chat: ChatSpec, platform: Platform): string[] =>
  platform === 'discord'
    ? [chat.discord?.token ?? []].flat()
    : [
        chat.slack?.bot_token ?? [],
        chat.slack?.transport === 'http' ? [] : (chat.slack?.app_token ?? []),
      ].flat();

/** What has to be entered on the app's page, so that the platform calls this daemon. */
const endpointBlocks = ({ url, ...chat }: ChatSpec, platform: Platform): Block[] =>
  chat[platform]?.transport !== 'http' || url === undefined
    ? []
    : [
        {
          type: 'fields',
          fields: [
            {
              label: platform === 'discord' ? 'Interactions Endpoint URL' : 'Request URL (in the manifest)',
              value: `${url}/v1/interactions/${platform}`,
            },
          ],
        },
      ];

function inviteBlocks({ discord }: ChatSpec, platform: Platform): Block[] {
  if (platform !== 'discord' || discord === undefined) return [];
  return [
    {
      type: 'code',
      language: 'invite it to your server',
      text: discordInvite(discord),
    },
    ...DISCORD_INTENTS.map(({ name, why }): Block => ({
      type: 'hint',
      text: `If you want it, on the application’s page → Bot: ${name}. With it ${why}.`,
    })),
  ];
}

export const chatRemove = adminAction({
  name: 'chat remove',
  type: 'remove_bot',
  summary: 'Void the credential of a bot: from then on it relays nothing',
  group,
  verb: 'administer',
  args: z.object({ platform: platformArg() }),
  examples: ['chat remove discord --reason "token leaked"'],
  preview: (_context, { platform }) =>
    Promise.resolve({ question: `Void the credential of the ${platform} bot?`, blocks: [] }),
  async run({ chat, caller }, { platform }) {
    await chat.remove(platform, caller.person);
    return {
      title: `The ${platform} bot relays nothing any more`,
      tone: 'warn',
      data: { platform },
      after: { platform, enrolled: false },
      targets: [{ kind: 'bot', id: platform }],
    };
  },
});

export const chatStatus = readAction({
  name: 'chat status',
  summary: 'The bots that may relay, and what they have still to say',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['chat status'],
  run({ chat }) {
    const bots = chat.list();
    return {
      title: bots.length === 0 ? 'No bot relays' : plural(bots.length, 'bot'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Platform' },
            { label: 'Enrolled' },
            { label: 'By' },
            { label: 'Records to look at', align: 'right' },
            { label: 'Live messages', align: 'right' },
          ],
          rows: bots.map((b): Cell[] => [b.platform, { time: b.at }, b.by, b.waiting, b.live]),
          empty: 'Put chat: into reeve.yaml, then: reeve chat setup discord',
        },
      ],
      data: bots.map((b) => ({ ...b })),
    };
  },
});
