import type { Block, Reply, Tone } from '../../contracts/reply.ts';
import { piecesOf, type Piece } from './blocks.ts';
import type { Markup } from './markup/markup.ts';
import { plainMarkup } from './markup/plain.ts';
import { cut, harmless } from './text.ts';

/** What an adapter shows: already escaped for its platform, already within its limits. */
export interface View {
  tone: Tone;
  title: string;
  /** Each at most `limits.section` long, at most `limits.sections` of them. */
  sections: string[];
  /** What did not fit, whole. */
  files: ViewFile[];
  /** A line of our own below it all, such as what is missing of it and where it is. */
  note?: string;
}

export interface ViewFile {
  name: string;
  data: string | Uint8Array;
  /** A picture: what it shows, for those who do not see it. */
  alt?: string;
}

/** UTF-16 units, which is never less than what the platforms count. */
export interface ViewLimits {
  title: number;
  section: number;
  sections: number;
  /** Of the overflow file. */
  file: number;
}

/** Discord: one embed (256, 4,096; together below 6,000). A file of 10 MiB, in bytes of at most three each. */
export const DISCORD_VIEW: ViewLimits = { title: 256, section: 4000, sections: 1, file: 3_000_000 };
/** Slack: a header block (150) and section blocks (3,000); all text together below 12,000. */
export const SLACK_VIEW: ViewLimits = { title: 150, section: 2900, sections: 3, file: 3_000_000 };

/** Longest line that is shown as it is; the file has longer ones whole. */
const LONGEST_LINE = 1000;

export interface Shown {
  tone: Tone;
  title: string;
  blocks: readonly Block[];
}

/** Renders blocks within limits. What is cut says so, and stands whole in a file. */
export function viewOf(shown: Shown, markup: Markup, limits: ViewLimits): View {
  const { title, short } = titleOf(shown.title, markup, limits.title);
  const pieces = shown.blocks.flatMap((block) => piecesOf(block, markup));
  // A code block without a close, a cut entity or half an escape would change what follows: only whole lines are taken.
  const whole = fill(pieces, markup, limits, 0);
  if (!whole.cut && !short) return { tone: shown.tone, title, sections: whole.sections, files: [] };
  const notice = markup.text('… cut here; the whole text is in the file reeve.txt.');
  const { sections } = fill(pieces, markup, limits, notice.length + 1);
  const last = sections.pop();
  sections.push(last === undefined ? notice : `${last}\n${notice}`);
  const plain = shown.blocks.flatMap((block) => piecesOf(block, plainMarkup)).map((p) => p.lines.join('\n'));
  const text = cut([harmless(shown.title), ...plain].join('\n\n'), limits.file);
  return { tone: shown.tone, title, sections, files: [{ name: 'reeve.txt', data: text }] };
}

/** Cut before it is escaped, so that no escape is cut in two. */
function titleOf(text: string, markup: Markup, max: number): { title: string; short: boolean } {
  for (let keep = max; keep > 0; keep -= 8) {
    const head = cut(text, keep);
    const title = markup.title(head);
    if (title.length <= max) return { title: title === '' ? '–' : title, short: head !== text };
  }
  return { title: '…', short: true };
}

/** A reply as what is shown: a refusal says what failed, what did not happen, and what to do next. */
export function replyView(reply: Reply, markup: Markup, limits: ViewLimits): View {
  const { error } = reply;
  if (error === undefined) return viewOf(reply, markup, limits);
  const blocks: Block[] = [
    { type: 'hint', text: error.hint },
    ...(error.at === undefined ? [] : [{ type: 'text' as const, text: `at ${error.at}` }]),
    ...(error.more ?? []).map((text) => ({ type: 'text' as const, text })),
    {
      type: 'fields',
      fields: [
        { label: 'Code', value: error.code },
        ...(error.ledger_seq === undefined ? [] : [{ label: 'Ledger record', value: error.ledger_seq }]),
      ],
    },
  ];
  return viewOf({ tone: 'bad', title: error.message, blocks }, markup, limits);
}

/** Lines into sections, each with `spare` units free. */
function fill(
  pieces: readonly Piece[],
  markup: Markup,
  limits: ViewLimits,
  spare: number,
): { sections: string[]; cut: boolean } {
  const sections: string[] = [];
  let text = '';
  let open = false;
  let shortened = false;
  // Kept free in each: any may turn out to be the last.
  const room = limits.section - spare;
  const close = (): void => {
    if (open) text += `\n${markup.fence.close}`;
    open = false;
  };
  for (const piece of pieces) {
    close();
    for (const raw of piece.lines) {
      const { line, short } = fit(raw, piece, markup, room);
      shortened ||= short;
      const start = piece.fenced && !open ? `${markup.fence.open}\n` : '';
      const closing = piece.fenced ? markup.fence.close.length + 1 : 0;
      if (text.length + 1 + start.length + line.length + closing > room && text !== '') {
        close();
        if (sections.length === limits.sections - 1) return { sections: [...sections, text], cut: true };
        sections.push(text);
        text = '';
      }
      text += `${text === '' ? '' : '\n'}${piece.fenced && !open ? `${markup.fence.open}\n` : ''}${line}`;
      open = piece.fenced;
    }
  }
  close();
  if (text !== '') sections.push(text);
  return { sections, cut: shortened };
}

/** A line as it stands in its section. One that is too long is cut before it is escaped, where it still is raw. */
function fit(raw: string, piece: Piece, markup: Markup, room: number): { line: string; short: boolean } {
  if (!piece.fenced) {
    if (raw.length + 1 <= Math.min(room, LONGEST_LINE * 3)) return { line: raw, short: false };
    return { line: markup.text(`(a line of ${raw.length} characters)`), short: true };
  }
  const whole = markup.inFence(raw);
  const fences = markup.fence.open.length + markup.fence.close.length + 2;
  if (raw.length <= LONGEST_LINE && whole.length + fences < room) return { line: whole, short: false };
  // Escaping makes five of one at most (&amp;).
  const head = cut(raw, Math.min(LONGEST_LINE, Math.floor((room - fences - 40) / 5)));
  return { line: `${markup.inFence(head)} (${raw.length} characters)`, short: true };
}
