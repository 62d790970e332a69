import type { Nodes, Root } from 'mdast';
import { block, oneLine } from '../text.ts';

/** Headings the daemon keeps in NOTES.md, in the order of a new file. */
const SECTIONS = ['Session Continuity', 'Blockers', 'Decision Log', 'Technical Debt'] as const;
export type Section = (typeof SECTIONS)[number];

/** Dated lines the daemon keeps in one section; older ones are in the trajectory and the ledger. */
const MAX_LINES = 500;
const DATED = /^- \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z · /;

export const NEW_NOTES = `# Notes

Kept by Reeve while it runs; write anything anywhere. The daemon adds dated lines to the logs below and replaces only what
stands between its own \`<!-- reeve:… -->\` marks.

${SECTIONS.map((name) => `## ${name}\n`).join('\n')}`;

type Parse = (text: string) => Root;

/** Markdown by its grammar, so that a heading in a code block or a comment is none. Loads remark at the first call. */
export async function markdownParser(): Promise<Parse> {
  const [{ unified }, { default: remarkParse }] = await Promise.all([
    import('unified'),
    import('remark-parse'),
  ]);
  const processor = unified().use(remarkParse);
  return (text) => processor.parse(text);
}

/** Adds a dated line at the end of a section; the section is made when it is missing. */
export function addLine(text: string, section: Section, at: string, line: string, parse: Parse): string {
  const eol = eolOf(text);
  const { before, body, after } = split(text, section, parse);
  const there = body.replace(/^(?:[ \t]*\r?\n)+/, '').trimEnd();
  const lines = [...(there === '' ? [] : there.split(eol)), `- ${at} · ${markdownLine(line)}`];
  let drop = lines.filter((one) => DATED.test(one)).length - MAX_LINES;
  const kept = lines.filter((one) => !(DATED.test(one) && drop-- > 0));
  return [before, '', ...kept, ...(after === '' ? [] : ['']), after].join(eol);
}

/** Replaces what stands between the section's marks, or puts it at the section's beginning. Other text stays as it is. */
export function replaceBlock(
  text: string,
  section: Section,
  content: readonly string[],
  parse: Parse,
): string {
  const eol = eolOf(text);
  const id = section.toLowerCase().replaceAll(' ', '-');
  const [open, close] = [`<!-- reeve:${id} -->`, `<!-- /reeve:${id} -->`];
  const written = [open, '', ...content, '', close].join(eol);
  const { before, body, after, marks } = split(text, section, parse, [open, close]);
  const [from, to] = marks;
  if (from !== undefined && to !== undefined && from < to)
    return text.slice(0, from) + written + text.slice(to + close.length);
  const rest = body.trim() === '' ? '' : eol + eol + body.trim();
  return `${before}${eol}${eol}${written}${rest}${eol}${after === '' ? '' : eol}${after}`;
}

interface Split {
  /** Up to and with the heading's line, without its line end. */
  before: string;
  /** From there up to the next heading of the same or a higher level. */
  body: string;
  after: string;
  /** Offsets of the marks inside, in the whole text. */
  marks: (number | undefined)[];
}

function split(text: string, section: Section, parse: Parse, marks: readonly string[] = []): Split {
  const { children } = parse(text);
  const at = children.findIndex(
    (node) => node.type === 'heading' && plain(node).trim().toLowerCase() === section.toLowerCase(),
  );
  const heading = children[at];
  if (heading?.type !== 'heading') {
    const eol = eolOf(text);
    const lead = text.trim() === '' ? '' : text.trimEnd() + eol + eol;
    return { before: `${lead}## ${section}`, body: '', after: '', marks: [] };
  }
  const inside = children.slice(at + 1);
  const next = inside.findIndex((node) => node.type === 'heading' && node.depth <= heading.depth);
  const own = next < 0 ? inside : inside.slice(0, next);
  const start = heading.position?.end.offset ?? 0;
  const end = next < 0 ? text.length : (inside[next]?.position?.start.offset ?? text.length);
  return {
    before: text.slice(0, start),
    body: text.slice(start, end),
    after: text.slice(end),
    marks: marks.map(
      (mark) =>
        own.find((node) => node.type === 'html' && node.value.trim() === mark)?.position?.start.offset,
    ),
  };
}

const plain = (node: Nodes): string =>
  'children' in node ? node.children.map(plain).join('') : 'value' in node ? node.value : '';

const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** One line that stays one list item: no line ends, no HTML, nothing invisible. */
export const markdownLine = (text: string): string => oneLine(text.trim(), 1000).replaceAll('<', '&lt;');

/** Several lines that make no headings, fences or HTML of their own. */
export const markdownLines = (text: string): string[] =>
  block(text.trim(), 16_384)
    .split('\n')
    .map((line) => line.replaceAll('<', '&lt;').replace(/^(\s*)(#|=|`{3}|~{3}|-{2,}|\*{3}|_{3})/, '$1\\$2'));
