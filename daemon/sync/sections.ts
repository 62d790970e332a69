import { sha256Hex } from '../digest.ts';

/*
 * What the daemon writes into a file of people stands between two comments; everything else is theirs. The first comment
 * has a digest of what was written, so that what a person changed between them is seen, and left as it is.
 */

const DIGITS = 16;
const BEGIN = /^<!-- reeve:([a-z]+) ([\w.@ -]{1,100}) ([0-9a-f]{16}) -->$/;
const END = '<!-- reeve:end -->';

interface Section {
  kind: string;
  key: string;
  digest: string;
  /** Of its first comment, and after its last. */
  from: number;
  to: number;
  text: string;
}

export interface NewSection {
  /** `day`, `todos` …: one word. */
  kind: string;
  /** Which of its kind. */
  key: string;
  /** Without a line that looks like a mark. */
  text: string;
  /** Whether it stands before another of its kind; else it goes to the end. */
  before?: (key: string) => boolean;
}

type Placed =
  | { outcome: 'written' | 'unchanged'; text: string }
  /** A person changed what stands there, or there is no telling where it ends. */
  | { outcome: 'conflict'; why: string };

const digestOf = (text: string): string => sha256Hex(Buffer.from(text)).slice(0, DIGITS);

/** Puts a section into a file: in the place of the one that was there, else where it belongs. Pure; CRLF stays CRLF. */
export function place(file: string, { kind, key, text, before }: NewSection): Placed {
  const crlf = /\r\n/.test(file);
  const lines = (crlf ? file.replaceAll('\r\n', '\n') : file).split('\n');
  const sections = readSections(lines);
  if (typeof sections === 'string') return { outcome: 'conflict', why: sections };
  const mine = sections.filter((one) => one.kind === kind && one.key === key);
  if (mine.length > 1) return { outcome: 'conflict', why: 'its section stands there twice' };
  const [old] = mine;
  if (old !== undefined && digestOf(old.text) !== old.digest)
    return {
      outcome: 'conflict',
      why: 'somebody changed it between its marks; put that text outside of them, and delete the section',
    };
  if (old?.text === text) return { outcome: 'unchanged', text: file };
  const section = [`<!-- reeve:${kind} ${key} ${digestOf(text)} -->`, ...text.split('\n'), END];
  const next = before && sections.find((one) => one.kind === kind && before(one.key));
  if (old !== undefined) lines.splice(old.from, old.to - old.from, ...section);
  else if (next !== undefined) lines.splice(next.from, 0, ...section, '');
  else {
    while (lines.at(-1) === '') lines.pop();
    lines.push('', ...section, '');
  }
  const joined = lines.join('\n');
  return { outcome: 'written', text: crlf ? joined.replaceAll('\n', '\r\n') : joined };
}

/** What is wrong with the marks, or the sections in order. */
function readSections(lines: readonly string[]): Section[] | string {
  const found: Section[] = [];
  let open: Omit<Section, 'to' | 'text'> | undefined;
  for (const [n, line] of lines.entries()) {
    const begin = BEGIN.exec(line.trimEnd());
    if (begin !== null) {
      if (open !== undefined) return `the section ${open.key} has no end mark`;
      const [, kind = '', key = '', digest = ''] = begin;
      open = { kind, key, digest, from: n };
    } else if (line.trimEnd() === END) {
      if (open === undefined) return `line ${n + 1} ends a section that does not begin`;
      found.push({ ...open, to: n + 1, text: lines.slice(open.from + 1, n).join('\n') });
      open = undefined;
    }
  }
  return open === undefined ? found : `the section ${open.key} has no end mark`;
}
