import { sha256Hex } from '../../digest.ts';

/*
 * A day's section stands between two comments; everything else in the file is people's. The first comment has a digest of
 * what was written, so that what a person changed between them is seen, and left as it is.
 */

const DIGITS = 16;
const BEGIN = /^<!-- reeve:day (\d{4}-\d\d-\d\d)(?: ([a-z][a-z0-9_-]{0,63}))? ([0-9a-f]{16}) -->$/;
const END = '<!-- reeve:end -->';

interface Section {
  day: string;
  project: string | undefined;
  digest: string;
  /** Of its first comment, and after its last. */
  from: number;
  to: number;
  text: string;
}

type Placed =
  | { outcome: 'written' | 'unchanged'; text: string }
  /** A person changed what stands there, or there is no telling where it ends. */
  | { outcome: 'conflict'; why: string };

export const HEADER = `# Activity log

What changed, why, decisions, blockers and next steps, day by day. Written by \`reeve sync activity-log\` from the ledger; what
stands outside the marked sections is yours and stays.
`;

const digestOf = (text: string): string => sha256Hex(Buffer.from(text)).slice(0, DIGITS);

/**
 * Puts the section of a day where it belongs: in the place of the one that was there, else before the first older day, else
 * at the end. Pure.
 *
 * @param file The file as it is; CRLF stays CRLF.
 */
export function place(file: string, day: string, project: string | undefined, body: string): Placed {
  const crlf = /\r\n/.test(file);
  const lines = (crlf ? file.replaceAll('\r\n', '\n') : file).split('\n');
  const sections = readSections(lines);
  if (typeof sections === 'string') return { outcome: 'conflict', why: sections };
  const mine = sections.filter((one) => one.day === day && one.project === project);
  if (mine.length > 1) return { outcome: 'conflict', why: 'its section stands there twice' };
  const text = `## ${day}${project === undefined ? '' : ` (${project})`}\n\n${body}`;
  const [old] = mine;
  if (old !== undefined && digestOf(old.text) !== old.digest)
    return {
      outcome: 'conflict',
      why: 'somebody changed it between its marks; put that text outside of them, and delete the section',
    };
  if (old?.text === text) return { outcome: 'unchanged', text: file };
  const name = project === undefined ? '' : ` ${project}`;
  const section = [`<!-- reeve:day ${day}${name} ${digestOf(text)} -->`, ...text.split('\n'), END];
  if (old !== undefined) lines.splice(old.from, old.to - old.from, ...section);
  else insert(lines, sections, day, section);
  const joined = lines.join('\n');
  return { outcome: 'written', text: crlf ? joined.replaceAll('\n', '\r\n') : joined };
}

/** The newest day comes first, as far as the days that stand there are in order. */
function insert(lines: string[], sections: readonly Section[], day: string, section: string[]): void {
  const older = sections.find((one) => one.day < day);
  if (older !== undefined) {
    lines.splice(older.from, 0, ...section, '');
    return;
  }
  while (lines.at(-1) === '') lines.pop();
  lines.push('', ...section, '');
}

/** What is wrong with the marks, or the sections in order. */
function readSections(lines: readonly string[]): Section[] | string {
  const found: Section[] = [];
  let open: Omit<Section, 'to' | 'text'> | undefined;
  for (const [n, line] of lines.entries()) {
    const begin = BEGIN.exec(line.trimEnd());
    if (begin !== null) {
      if (open !== undefined) return `the section of ${open.day} has no end mark`;
      const [, day = '', project, digest = ''] = begin;
      open = { day, project, digest, from: n };
    } else if (line.trimEnd() === END) {
      if (open === undefined) return `line ${n + 1} ends a section that does not begin`;
      found.push({ ...open, to: n + 1, text: lines.slice(open.from + 1, n).join('\n') });
      open = undefined;
    }
  }
  return open === undefined ? found : `the section of ${open.day} has no end mark`;
}
