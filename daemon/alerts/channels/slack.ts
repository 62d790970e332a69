import { cut } from '../../text.ts';
import type { AlertLine, Notice } from '../channel.ts';
import { incomingWebhook } from '../incoming.ts';
import { facts, othersLine } from '../words.ts';

/** https://docs.slack.dev/reference/block-kit/blocks: characters of a section's text; all text of a message together. */
const MAX = { section: 3000, all: 11_000 } as const;
const MARK = { good: '🟢', bad: '🔴', warn: '🟠', info: '🔵' } as const;

/** The three characters Slack reads as control (docs.slack.dev/messaging/formatting-message-text): no `<!channel>` survives. */
export const slackText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Cut after escaping, but never inside an escape. */
const fit = (text: string, max: number): string =>
  text.length <= max ? text : cut(text, max).replace(/&[a-z]{0,3}…$/, '…');

const section = (text: string): object => ({
  type: 'section',
  // Verbatim: names and URLs inside are left as they are.
  text: { type: 'mrkdwn', text: fit(text, MAX.section), verbatim: true },
});

/**
 * `*` and the like would make half a message bold; what a person wrote stands in plain type. Inside a word `_` means
 * nothing to Slack and stays as it is, so that ids can be copied.
 */
const plain = (text: string): string =>
  slackText(text).replace(/[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '$&\u200b');

const alertText = (alert: AlertLine): string =>
  [
    `*${plain(alert.title)}*`,
    ...(alert.text === '' ? [] : [plain(alert.text)]),
    ...facts(alert).map((fact) => plain(fact)),
  ].join('\n');

export function slackBody(notice: Notice): object {
  const title = `${MARK[notice.tone]} ${slackText(notice.title)}`;
  const footer = plain(`Reeve, ${notice.estate} · ${notice.id}`);
  const hints = notice.hints.map((hint) => `\`${slackText(hint).replaceAll('`', "'")}\``).join('\n');
  const blocks = [section(`*${plain(`${MARK[notice.tone]} ${notice.title}`)}*`)];
  let used = title.length * 2 + footer.length + hints.length;
  if (notice.text !== '') {
    const text = fit(plain(notice.text), MAX.section);
    blocks.push(section(text));
    used += text.length;
  }
  let shown = 0;
  for (const alert of notice.alerts) {
    const text = fit(alertText(alert), MAX.section);
    if (used + text.length > MAX.all) break;
    blocks.push(section(text));
    used += text.length;
    shown += 1;
  }
  const others = notice.others + notice.alerts.length - shown;
  if (others > 0) blocks.push(section(plain(othersLine(others))));
  if (hints !== '') blocks.push(section(hints));
  blocks.push({ type: 'context', elements: [{ type: 'mrkdwn', text: footer, verbatim: true }] });
  // `text` is what a notification shows.
  return { text: fit(title, MAX.section), mrkdwn: false, blocks, unfurl_links: false, unfurl_media: false };
}

/** Posts through an incoming webhook of a Slack channel. */
export const slack = incomingWebhook({
  kind: 'slack',
  summary: 'Posts to a Slack channel through an incoming webhook.',
  example: 'url_secret: ops-slack # the incoming webhook URL, stored by `reeve secret set`',
  body: slackBody,
});
