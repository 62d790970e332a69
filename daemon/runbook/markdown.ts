import type { Code, Heading, Paragraph, Root, RootContent } from 'mdast';
import type { Problems } from './problems.ts';

/** What the loader needs of a Markdown file, in its order. Lines count from 1. */
export interface MarkdownBlock {
  type: 'front' | 'heading' | 'prose' | 'code';
  line: number;
  text: string;
  /** Headings: 1 … 6. */
  depth: number;
  /** Code: what stands after the fence on its line. */
  info: string;
}

/**
 * Inline and container constructs are left out of the parser: prose stays as written, and the time to parse stays
 * linear (nested quotes, brackets and setext headings are quadratic and worse). So every fence stands at the top level.
 */
const DISABLED = [
  'attention',
  'autolink',
  'blockQuote',
  'characterEscape',
  'characterReference',
  'codeIndented',
  'codeText',
  'definition',
  'hardBreakEscape',
  'htmlText',
  'labelEnd',
  'labelStartImage',
  'labelStartLink',
  'list',
  'setextUnderline',
];

let parser: Promise<(text: string) => Root> | undefined;

/** Loaded with the first runbook: the daemon starts without it. */
async function load(): Promise<(text: string) => Root> {
  const [{ unified }, { default: remarkParse }, { default: remarkFrontmatter }] = await Promise.all([
    import('unified'),
    import('remark-parse'),
    import('remark-frontmatter'),
  ]);
  const processor = unified()
    .data('micromarkExtensions', [{ disable: { null: DISABLED } }])
    .use(remarkParse)
    .use(remarkFrontmatter, ['yaml']);
  return (text) => processor.parse(text);
}

/** Splits Markdown into blocks. What a reader would take for a step but is none goes to `problems`. */
export async function readMarkdown(text: string, problems: Problems): Promise<MarkdownBlock[]> {
  parser ??= load();
  const tree = (await parser)(text);
  const lines = text.split('\n');
  return tree.children.flatMap((node): MarkdownBlock[] => {
    const line = node.position?.start.line ?? 1;
    const bare = { line, depth: 0, info: '' };
    switch (node.type) {
      case 'yaml':
        return [{ ...bare, type: 'front', text: node.value }];
      case 'heading':
        return [{ ...bare, type: 'heading', text: textOf(node), depth: node.depth }];
      case 'code':
        return codeBlock(node, lines, problems);
      case 'paragraph':
        lookForFences(node, line, problems);
        return [{ ...bare, type: 'prose', text: textOf(node) }];
      default:
        return [];
    }
  });
}

function textOf(node: Heading | Paragraph): string {
  const parts = node.children.map((child: RootContent) => ('value' in child ? child.value : '\n'));
  return parts.join('').trim();
}

/** `- ```sh` and `> ```sh` look like blocks to a reader of the page; here they would silently be none. */
function lookForFences(node: Paragraph, line: number, problems: Problems): void {
  textOf(node)
    .split('\n')
    .forEach((text, i) => {
      if (/^(?:[ \t]*(?:>|[-+*]|\d{1,9}[.)]))+[ \t]*(?:```|~~~)/.test(text))
        problems.error(line + i, 'a code block stands on lines of its own, not in a list or a quote');
    });
}

function codeBlock(node: Code, lines: readonly string[], problems: Problems): MarkdownBlock[] {
  const from = node.position?.start.line ?? 1;
  const to = node.position?.end.line ?? from;
  const opening = lines[from - 1] ?? '';
  const fence = /^[ \t]*(`{3,}|~{3,})/.exec(opening)?.[1] ?? '```';
  const info = opening.trimStart().slice(fence.length).trim();
  const indented = /^[ \t]/.test(opening);
  const mark = fence.slice(0, 1);
  const closing = (lines[to - 1] ?? '').trim();
  const closed = to > from && closing.length >= fence.length && closing.replaceAll(mark, '') === '';
  if (!closed) problems.error(from, `this block is never closed: ${fence} is missing`);
  lines.slice(from, closed ? to - 1 : to).forEach((text, i) => {
    if (text.trimStart().startsWith(fence) && /^\s{0,3}\S/.test(text))
      problems.error(from + 1 + i, `a fence inside a block; use a longer fence than ${fence} around it`);
  });
  if (indented && info.includes('{')) problems.error(from, 'a step begins at the start of its line');
  return [{ type: 'code', line: from, text: node.value, depth: 0, info }];
}
