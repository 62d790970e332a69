import { harmless } from '../text.ts';
import { stamp } from '../units.ts';
import { isPlain, ZERO_WIDTH, type Markup } from './markup.ts';

/**
 * Slack's mrkdwn. `&`, `<` and `>` are written as entities, so no mention and no link can be made; it has no escape for
 * its formatting characters, so those are parted from the word they would format.
 */
export const slackMarkup: Markup = {
  text: (text) => loose(entities(harmless(text))),
  title: (text) => loose(entities(harmless(text))),
  bold: (text) => (text === '' ? '' : `*${loose(entities(harmless(text)))}*`),
  code: (text) =>
    `\`${entities(harmless(text)).replaceAll('`', 'ˋ').replaceAll('@', `@${ZERO_WIDTH}`) || ' '}\``,
  link: (label, url) =>
    isPlain(url) ? `<${url}|${loose(entities(harmless(label)))}>` : loose(entities(harmless(url))),
  inFence: (line) =>
    entities(line)
      .replace(/`(?=`)/g, `\`${ZERO_WIDTH}`)
      .replaceAll('@', `@${ZERO_WIDTH}`),
  fence: { open: '```', close: '```' },
  time: (at) => `<!date^${Math.floor(at / 1000)}^{date_short_pretty} {time}|${stamp(at)}>`,
};

const entities = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** `@here` and `#general` are made links by clients that are told to look for names. */
const loose = (text: string): string =>
  text.replace(/[*_~`@#]/g, (char) => `${ZERO_WIDTH}${char}${ZERO_WIDTH}`);
