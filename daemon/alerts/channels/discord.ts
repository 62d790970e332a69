import { cut } from '../../text.ts';
import { iso } from '../../time.ts';
import type { AlertLine, Notice } from '../channel.ts';
import { incomingWebhook } from '../incoming.ts';
import { facts, othersLine } from '../words.ts';

/** https://discord.com/developers/docs/resources/webhook and …/message#embed-object: UTF-16 units. */
const MAX = { content: 2000, description: 4096 } as const;
const COLOUR = { good: 0x2e9e5b, bad: 0xd13c3c, warn: 0xd9962b, info: 0x4a7fd1 } as const;
const MARK = { good: '🟢', bad: '🔴', warn: '🟠', info: '🔵' } as const;

/** Markdown shown as it is, and no mention: a zero-width space keeps `@everyone` from being one where it is quoted, too. */
export const discordText = (text: string): string =>
  text.replace(/[\\*_~`|>#[\]<]/g, '\\$&').replaceAll('@', '@\u200b');

const code = (text: string): string => `\`${text.replaceAll('`', "'")}\``;

const alertText = (alert: AlertLine): string =>
  [
    `**${discordText(alert.title)}**`,
    ...(alert.text === '' ? [] : [discordText(alert.text)]),
    ...facts(alert).map((fact) => `-# ${discordText(fact)}`),
  ].join('\n');

/** What is posted: the title where a phone shows it, the alerts in an embed of the tone's colour. */
export function discordBody(notice: Notice): object {
  const parts = notice.text === '' ? [] : [discordText(notice.text)];
  const tail = notice.hints.map(code).join('\n');
  const room = MAX.description - tail.length - 100;
  let shown = 0;
  for (const alert of notice.alerts) {
    const text = alertText(alert);
    if (parts.join('\n\n').length + text.length + 2 > room) break;
    parts.push(text);
    shown += 1;
  }
  const others = notice.others + notice.alerts.length - shown;
  if (others > 0) parts.push(discordText(othersLine(others)));
  const head = cut(parts.join('\n\n'), MAX.description - tail.length - 2);
  return {
    content: cut(`${MARK[notice.tone]} ${discordText(notice.title)}`, MAX.content),
    embeds: [
      {
        description: [head, tail].filter((part) => part !== '').join('\n\n'),
        color: COLOUR[notice.tone],
        footer: { text: cut(`Reeve, ${notice.estate} · ${notice.id}`, 200) },
        timestamp: iso(notice.at),
      },
    ],
    allowed_mentions: { parse: [] },
  };
}

/** Posts through an incoming webhook of a Discord channel. */
export const discord = incomingWebhook({
  kind: 'discord',
  summary: 'Posts to a Discord channel through its webhook.',
  example: 'url_secret: ops-discord # the webhook URL of the channel, stored by `reeve secret set`',
  body: discordBody,
});
