import { harmless } from '../text.ts';
import { stamp } from '../units.ts';
import { isPlain, ZERO_WIDTH, type Markup } from './markup.ts';

/**
 * GitHub Flavored Markdown. A backslash keeps a character from formatting, but mentions, issues and addresses are found in
 * the text afterwards: those are parted (GFM, "Autolinks"; docs.github.com, "Autolinked references").
 */
export const githubMarkup: Markup = {
  text: (text) => escape(harmless(text)),
  title: (text) => escape(harmless(text)),
  bold: (text) => (text === '' ? '' : `**${escape(harmless(text))}**`),
  code(text) {
    const safe = apart(harmless(text));
    return safe.includes('`') ? `\`\` ${safe} \`\`` : `\`${safe === '' ? ' ' : safe}\``;
  },
  link: (label, url) => (isPlain(url) ? `[${escape(harmless(label))}](${url})` : escape(harmless(url))),
  inFence: apart,
  fence: { open: '```text', close: '```' },
  time: stamp,
};

/** No two backticks stand together, so that no fence and no code span is closed. */
function apart(text: string): string {
  return text.replace(/`(?=`)/g, `\`${ZERO_WIDTH}`);
}

const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()+!|~$-]/g, String.raw`\$&`)
    .replace(/[@#]/g, `$&${ZERO_WIDTH}`)
    .replace(/:(?=\/\/|[\w+])/g, `:${ZERO_WIDTH}`)
    .replace(/\b(www)(?=\.)/gi, `$1${ZERO_WIDTH}`)
    .replace(/\b(GH)(?=\\?-\d)/gi, `$1${ZERO_WIDTH}`)
    .replace(/^(\s*)(\d+)\./, String.raw`$1$2\.`)
    .replace(/^(\s*)=/, String.raw`$1\=`);
