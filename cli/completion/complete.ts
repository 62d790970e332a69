import type { ArgSpec, CommandSpec } from '../../contracts/catalogue.ts';
import { readCached } from '../catalogue.ts';
import { peek } from '../globals.ts';
import { harmless } from '../io/harmless.ts';
import { homeFolder } from '../io/home.ts';
import { COMMON_OPTIONS, GLOBAL_OPTIONS } from '../options.ts';
import { isLocal, LOCAL_SPECS } from '../specs.ts';

/** A word that fits, and what it means. */
export type Candidate = readonly [word: string, about: string];

/** Tells the shell to complete file names itself. */
const FILES = ':files';
const FILE_FLAGS = new Set(['--config', '--output', '-o', '--dir', '--log-file', '--home']);
const VALUE_FLAGS = new Set([
  '--reason',
  '--confirm',
  '--typed',
  '--preauth-grant',
  '--nonce',
  ...FILE_FLAGS,
]);

/** `reeve __complete WORDS… CURRENT`: `word<TAB>meaning` lines, from memory alone but for job ids. */
export async function answerCompletion(words: readonly string[]): Promise<number> {
  const home = homeFolder(peek(words.slice(0, -1)).globals.home);
  const cached = readCached(home)?.commands.filter((spec) => !isLocal(spec.name)) ?? [];
  const found = candidates([...LOCAL_SPECS, ...cached], words);
  const lines = found === 'jobs' ? await jobIds(home, words.at(-1) ?? '') : found;
  for (const [word, about] of lines) {
    const safe = harmless(word);
    // A word that had to be changed would not be what it stands for.
    if (safe === word) process.stdout.write(`${word}\t${harmless(about)}\n`);
  }
  return 0;
}

/** What may stand where the last word is; `jobs` for the id of one. */
export function candidates(specs: readonly CommandSpec[], words: readonly string[]): Candidate[] | 'jobs' {
  const current = words.at(-1) ?? '';
  const typed = words.slice(0, -1);
  const plain = operands(specs, typed);
  const names = specs.flatMap((s) => [s.name, ...s.aliases].map((name) => [name.split(' '), s] as const));
  const [path, spec] = names
    .filter(([name]) => name.every((word, i) => plain[i] === word))
    .toSorted((a, b) => b[0].length - a[0].length)[0] ?? [[], undefined];
  const before = typed.at(-1) ?? '';
  if (FILE_FLAGS.has(before)) return [[FILES, '']];
  if (VALUE_FLAGS.has(before)) return [];
  const flagged = spec?.args.find((a) => `--${a.flag}` === before && a.type !== 'boolean');
  if (flagged !== undefined) return valuesOf(flagged, current);
  if (current.startsWith('-')) return fitting(current, flags(spec));

  const rest = plain.length;
  const next = new Map<string, string>();
  for (const [name, s] of names)
    if (name.length > rest && name.slice(0, rest).every((word, i) => plain[i] === word)) {
      const word = name[rest] ?? '';
      const more = name.length > rest + 1;
      next.set(word, more ? (next.get(word) ?? `${word} …`) : s.summary);
    }
  const place = spec?.args.find((a) => a.position === rest - path.length);
  const values = place === undefined ? [] : valuesOf(place, current);
  return values === 'jobs' ? values : [...fitting(current, [...next]), ...values];
}

/** The words that are neither options nor their values. */
function operands(specs: readonly CommandSpec[], typed: readonly string[]): string[] {
  const taking = new Set(VALUE_FLAGS);
  for (const spec of specs) for (const a of spec.args) if (a.type !== 'boolean') taking.add(`--${a.flag}`);
  return typed.filter((word, i) => !word.startsWith('-') && !taking.has(typed[i - 1] ?? ''));
}

function valuesOf(arg: ArgSpec, current: string): Candidate[] | 'jobs' {
  if (arg.type === 'job') return 'jobs';
  return fitting(
    current,
    (arg.choices ?? []).map((choice): Candidate => [choice, arg.description]),
  );
}

function flags(spec: CommandSpec | undefined): Candidate[] {
  const own = (spec?.args ?? []).flatMap((a): Candidate[] => [
    ...(a.type === 'boolean' && a.default === true ? [] : [[`--${a.flag}`, a.description] as const]),
    ...(a.type === 'boolean' && (a.negatable === true || a.default === true)
      ? [[`--no-${a.flag}`, a.description] as const]
      : []),
  ]);
  const common = COMMON_OPTIONS.map(([flag, about]): Candidate => {
    const long = flag.split(/[ ,]+/).find((part) => part.startsWith('--'));
    return [long ?? flag, about];
  });
  const seen = new Set(own.map(([flag]) => flag));
  const global = GLOBAL_OPTIONS.map((o): Candidate => [o.long, o.about]).filter(([flag]) => !seen.has(flag));
  return [...own, ...global, ...common, ['--help', 'usage and examples']];
}

const fitting = (current: string, all: readonly Candidate[]): Candidate[] =>
  all.filter(([word]) => word.startsWith(current));

async function jobIds(home: string, current: string): Promise<Candidate[]> {
  try {
    const { readStatus } = await import('../status.ts');
    const { last_jobs } = await readStatus(home, 500);
    return fitting(
      current,
      last_jobs.map((job): Candidate => [job.id.slice(0, 12), `${job.title} ${job.status}`]),
    );
  } catch {
    // No daemon, no ids: completion has nobody to tell.
    return [];
  }
}
