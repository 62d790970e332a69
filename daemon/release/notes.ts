import { inMarkdown } from '../markdown.ts';
import { oneLine } from '../text.ts';
import type { Message } from './repository.ts';

export type Bump = 'major' | 'minor' | 'patch';

export interface Change {
  hash: string;
  kind: 'breaking' | 'added' | 'fixed' | 'changed' | 'quiet';
  text: string;
}

/** Types of Conventional Commits 1.0 → what they are to who reads of a release. Any other commit is a change. */
const KINDS: Readonly<Record<string, Change['kind']>> = {
  feat: 'added',
  fix: 'fixed',
  chore: 'quiet',
  ci: 'quiet',
  docs: 'quiet',
  style: 'quiet',
  test: 'quiet',
  build: 'quiet',
};
const HEADINGS: readonly [Change['kind'], string][] = [
  ['breaking', 'Breaking'],
  ['added', 'Added'],
  ['changed', 'Changed'],
  ['fixed', 'Fixed'],
];
const MAX_LINES = 200;

/** Reads what each commit says it is. */
export async function readChanges(messages: readonly Message[]): Promise<Change[]> {
  const { CommitParser } = await import('conventional-commits-parser');
  const parser = new CommitParser({
    headerPattern: /^(\w{1,40})(?:\(([^()]{1,100})\))?!?: (.{1,1000})$/,
    breakingHeaderPattern: /^(\w{1,40})(?:\(([^()]{1,100})\))?!: (.{1,1000})$/,
    headerCorrespondence: ['type', 'scope', 'subject'],
    noteKeywords: ['BREAKING CHANGE', 'BREAKING-CHANGE'],
  });
  return messages.map(({ hash, text }) => {
    const bounded = text.slice(0, 20_000).trim();
    const [first = ''] = bounded.split('\n', 1);
    if (first === '') return { hash, kind: 'changed', text: '(no words)' };
    const { type, scope, subject, notes } = parser.parse(bounded);
    const said = subject ?? first;
    const note = notes[0]?.text;
    return {
      hash,
      kind: note === undefined ? (KINDS[(type ?? '').toLowerCase()] ?? 'changed') : 'breaking',
      text: `${scope == null ? '' : `${scope}: `}${note === undefined || note === said ? said : `${said}. ${note}`}`,
    };
  });
}

/** The greatest of the changes; undefined: there is none. */
export function bumpOf(changes: readonly Change[]): Bump | undefined {
  if (changes.length === 0) return undefined;
  if (changes.some(({ kind }) => kind === 'breaking')) return 'major';
  return changes.some(({ kind }) => kind === 'added') ? 'minor' : 'patch';
}

/** Whoever wrote a commit calls nobody: where the notes are shown, a name in code is no mention. */
const unmentioned = (text: string): string => text.replaceAll(/(?<!\w)@\w[\w/-]*/g, (name) => `\`${name}\``);

/** The changes for people, without what concerns only who works on it. */
export function notesOf(changes: readonly Change[], clean: (text: string) => string): string {
  const sections = HEADINGS.flatMap(([kind, heading]) => {
    const mine = changes.filter((change) => change.kind === kind);
    if (mine.length === 0) return [];
    return [
      `### ${heading}`,
      '',
      ...mine
        .slice(0, MAX_LINES)
        .map(
          ({ hash, text }) => `- ${unmentioned(inMarkdown(oneLine(clean(text), 400)))} (${hash.slice(0, 9)})`,
        ),
      ...(mine.length > MAX_LINES ? [`- and ${mine.length - MAX_LINES} more`] : []),
      '',
    ];
  });
  return sections.length === 0 ? 'Nothing that shows from outside.' : sections.join('\n').trimEnd();
}
