import { harmless } from '../text.ts';
import { isPlain, ZERO_WIDTH, type Markup } from './markup.ts';

/** Discord's Markdown. A backslash before ASCII punctuation shows it as it is; mentions also never go out allowed. */
export const discordMarkup: Markup = {
  text: (text) => escape(harmless(text)),
  title: (text) => escape(harmless(text)),
  bold: (text) => (text === '' ? '' : `**${escape(harmless(text))}**`),
  code(text) {
    const safe = apart(harmless(text)).replaceAll('@', `@${ZERO_WIDTH}`);
    return safe.includes('`') ? `\`\` ${safe} \`\`` : `\`${safe === '' ? ' ' : safe}\``;
  },
  link: (label, url) => (isPlain(url) ? `[${escape(harmless(label))}](${url})` : escape(harmless(url))),
  inFence: (line) => apart(line).replaceAll('@', `@${ZERO_WIDTH}`),
  fence: { open: '```', close: '```' },
  time: (at) => `<t:${Math.floor(at / 1000)}:R>`,
};

const escape = (text: string): string =>
  text
    .replace(/[\\*_~`|>#<[\]()+.:-]/g, (char, at: number) => (needed(char, text, at) ? `\\${char}` : char))
    .replaceAll('@', `@${ZERO_WIDTH}`);

/** Full stops, dashes, plus signs and colons mean something at the start of a line, or of `://`, only. */
function needed(char: string, text: string, at: number): boolean {
  if (char === ':') return text.startsWith('://', at);
  if (!'.+-'.includes(char)) return true;
  return /^\s*\d*$/.test(text.slice(0, at));
}

/** No two backticks stand together. */
const apart = (text: string): string => text.replace(/`(?=`)/g, `\`${ZERO_WIDTH}`);
