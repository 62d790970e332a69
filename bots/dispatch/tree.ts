import type { ArgSpec, Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import { cut, harmless } from './text.ts';

/** One thing that can be typed and filled in. */
export interface Option {
  /** Its name on the platform. */
  name: string;
  description: string;
  type: 'string' | 'integer' | 'boolean';
  required: boolean;
  /** A short, fixed list. */
  choices?: string[];
  /** Values are suggested while it is typed. */
  suggest: boolean;
  /** What it fills: an argument of the command, or the reason or grant of the request. */
  fills: { arg: ArgSpec } | 'reason' | 'grant' | 'line' | 'topic';
}

/** A command as the platform shows it. `command`: of the catalogue; `do` and `help` are the dispatcher's own. */
export interface Leaf {
  name: string;
  description: string;
  command: string;
  options: Option[];
}
export interface Group {
  name: string;
  description: string;
  leaves: Leaf[];
}
/** A command with subcommands. */
export interface Root {
  name: string;
  leaves: Leaf[];
  groups: Group[];
}
/** `/reeve …` itself, and what else there is. */
export interface CommandTree extends Root {
  /** Further roots, for what had no room below `/reeve`. */
  more: Root[];
  /** Runbooks with `command: true`: commands of their own. */
  own: Leaf[];
  /** What can be asked of a message, by the name that its menu shows. */
  menu: { name: string; command: string }[];
  /** What had no room: reached by `/reeve do`, runbooks also by `/reeve run`. */
  left: string[];
}

/** Discord's limits on chat-input commands (CHAT.md; Discord API docs, "Application Command Object"). */
export const TREE_LIMITS = {
  /** Subcommands and groups below one command, subcommands of a group, options of a command. */
  children: 25,
  choices: 25,
  name: 32,
  description: 100,
  /** Names, descriptions and choice values of one command together. */
  characters: 8000,
  /** Commands of a guild, `/reeve` among them. */
  commands: 100,
} as const;

export const ROOT = 'reeve';
const NAME = /^[-_\p{Ll}\p{Lo}\p{N}]{1,32}$/u;
interface Lengths {
  /** Of a command's description, and of an option's, whose name says most of it. */
  command: number;
  option: number;
}
const WHOLE: Lengths = { command: TREE_LIMITS.description, option: TREE_LIMITS.description };
/** How long descriptions may be, tried in this order until everything fits below `/reeve`. */
const DESCRIPTIONS: readonly Lengths[] = [WHOLE, { command: 60, option: 40 }, { command: 50, option: 20 }];
/** Own names below `/reeve`. */
const KEPT = ['do', 'help'];
/** Most roots beside `/reeve`. */
const ROOTS = 4;
/** `/reeve-more`, `/reeve-more-2` … */
const moreName = (n: number): string => (n === 0 ? `${ROOT}-more` : `${ROOT}-more-${n + 1}`);

/**
 * The commands of a platform with a fixed tree, from the catalogue alone: the same catalogue is the same tree. What has no
 * room is left out from the end of the catalogue, which is in the order of importance.
 */
export function commandTree(catalogue: Catalogue): CommandTree {
  const fixed = catalogue.commands.filter((spec) => spec.runbook === undefined);
  const runbooks = catalogue.commands.filter((spec) => spec.runbook !== undefined);
  const batches = batchesOf(fixed);
  let grown = grow(batches, WHOLE);
  for (const description of DESCRIPTIONS.slice(1)) {
    if (grown.roots.length === 1 && grown.left.length === 0) break;
    grown = grow(batches, description);
  }
  const [first = emptyRoot(ROOT), ...more] = grown.roots;
  const taken = new Set([ROOT, ...Array.from({ length: ROOTS }, (_, n) => moreName(n))]);
  const own = runbooks
    .filter((spec) => NAME.test(spec.name) && !taken.has(spec.name))
    .slice(0, TREE_LIMITS.commands - 1 - more.length)
    .map((spec) => leafOf(spec.name, spec, WHOLE));
  const shown = new Set(own.map((leaf) => leaf.command));
  const left = runbooks.filter(({ name }) => !shown.has(name)).map(({ name }) => name);
  const menu = fixed.flatMap(({ name: command, menu: name }) =>
    name === undefined ? [] : [{ name, command }],
  );
  return { ...first, more, own, menu, left: [...grown.left, ...left] };
}

interface Entry {
  words: string[];
  spec: CommandSpec;
}
/** Entries that stay together: one command, or a whole group. */
interface Batch {
  group?: string;
  entries: Entry[];
}

/**
 * Every command under one name, in the order in which they get room: what runs a job and what is about a conversation first,
 * then as the catalogue has it, groups of two or fewer at the end. What runs a job is reached by an alias of one word where it has one: `/reeve run`.
 */
function batchesOf(specs: readonly CommandSpec[]): Batch[] {
  const batches: (Batch & { rank: number })[] = [];
  for (const spec of specs) {
    const privileged = spec.kind === 'privileged';
    const short = privileged ? spec.aliases.find((alias) => !alias.includes(' ')) : undefined;
    const words = (short ?? spec.name).split(' ');
    const entry = { words, spec };
    const group = words.length > 1 ? words[0] : undefined;
    const there = group === undefined ? undefined : batches.find((batch) => batch.group === group);
    if (there !== undefined) there.entries.push(entry);
    else if (group === undefined)
      batches.push({ entries: [entry], rank: privileged || spec.menu !== undefined ? 0 : 1 });
    else batches.push({ group, entries: [entry], rank: 1 });
  }
  const rank = (batch: Batch & { rank: number }): number =>
    batch.group !== undefined && batch.entries.length <= 2 ? 2 : batch.rank;
  return batches.toSorted((a, b) => rank(a) - rank(b));
}

const emptyRoot = (name: string): Root => ({
  name,
  leaves: name === ROOT ? KEPT.map((own) => ownLeaf(own)) : [],
  groups: [],
});

/** Each batch goes whole into the first root that has room for it. */
function grow(batches: readonly Batch[], longest: Lengths): { roots: Root[]; left: string[] } {
  const roots: (Root & { spent: number })[] = [];
  const left: string[] = [];
  const plant = (name: string): Root & { spent: number } => {
    const root = emptyRoot(name);
    const spent = root.leaves.reduce(
      (sum, leaf) => sum + sizeOf(leaf),
      name.length + TREE_LIMITS.description,
    );
    const planted = { ...root, spent };
    roots.push(planted);
    return planted;
  };
  plant(ROOT);
  for (const { group, entries } of batches) {
    const good = entries.filter(({ words }) => words.length <= 2 && words.every((word) => NAME.test(word)));
    left.push(...entries.filter((entry) => !good.includes(entry)).map(({ spec }) => spec.name));
    const leaves = good
      .slice(0, TREE_LIMITS.children)
      .map(({ words, spec }) => leafOf(words.at(-1) ?? '', spec, longest));
    left.push(...good.slice(TREE_LIMITS.children).map(({ spec }) => spec.name));
    const [first] = leaves;
    if (first === undefined) continue;
    const name = group ?? first.name;
    const description = `${name}: commands`;
    const base = group === undefined ? 0 : name.length + description.length;
    const size = leaves.reduce((sum, leaf) => sum + sizeOf(leaf), base);
    const fits = ({ spent, leaves: alone, groups }: Root & { spent: number }): boolean =>
      spent + size <= TREE_LIMITS.characters &&
      alone.length + groups.length < TREE_LIMITS.children &&
      ![...alone, ...groups].some((other) => other.name === name);
    const fresh = size + moreName(ROOTS).length + TREE_LIMITS.description <= TREE_LIMITS.characters;
    const root =
      roots.find(fits) ?? (fresh && roots.length <= ROOTS ? plant(moreName(roots.length - 1)) : undefined);
    if (root === undefined) left.push(...leaves.map(({ command }) => command));
    else {
      root.spent += size;
      if (group === undefined) root.leaves.push(first);
      else root.groups.push({ name, description, leaves });
    }
  }
  return { roots: roots.map(({ spent: _, ...root }) => root), left };
}

/** Characters that count against the limit of one command. */
export function sizeOf(leaf: Leaf): number {
  return leaf.options.reduce(
    (sum, o) => sum + o.name.length + o.description.length + (o.choices ?? []).join('').length * 2,
    leaf.name.length + leaf.description.length,
  );
}

function leafOf(name: string, spec: CommandSpec, longest: Lengths): Leaf {
  const taken = new Set<string>();
  const args = [...spec.args]
    .toSorted((a, b) => Number(b.required) - Number(a.required))
    .map((arg): Option => ({
      ...shapeOf(arg, longest.option),
      name: unused(arg.name, taken),
      required: arg.required,
    }));
  const more = extras(spec, longest.option).filter((option) => !taken.has(option.name));
  return {
    name,
    description: words(spec.summary, longest.command),
    command: spec.name,
    // Required ones stand first; beyond the limit the optional ones at the end are for `/reeve do`.
    options: [...args.slice(0, TREE_LIMITS.children - more.length), ...more],
  };
}

function shapeOf(arg: ArgSpec, longest: number): Omit<Option, 'name' | 'required'> {
  const description = words(arg.description, longest);
  const choices = (arg.choices ?? []).filter((choice) => choice.length <= 100);
  const fixed = choices.length > 0 && choices.length <= TREE_LIMITS.choices;
  return {
    description,
    type: arg.type === 'integer' || arg.type === 'boolean' ? arg.type : 'string',
    ...(fixed ? { choices } : {}),
    suggest: !fixed && SUGGESTED.has(arg.type),
    fills: { arg },
  };
}

/** Types whose values the daemon can suggest. */
export const SUGGESTED: ReadonlySet<ArgSpec['type']> = new Set([
  'project',
  'environment',
  'runbook',
  'job',
  'grant',
  'request',
  'person',
  'schedule',
  'enum',
]);

/** What every request can carry beside its arguments. */
function extras(spec: CommandSpec, longest: number): Option[] {
  const text = (name: string, description: string, fills: 'reason' | 'grant'): Option => ({
    name,
    description: words(description, longest),
    type: 'string',
    required: false,
    suggest: fills === 'grant',
    fills,
  });
  if (spec.kind === 'read') return [];
  const reason = text('reason', 'why, for the record', 'reason');
  return spec.kind === 'admin' ? [reason] : [reason, text('preauth_grant', 'a grant made ahead', 'grant')];
}

function ownLeaf(name: string): Leaf {
  const [option, fills, description] =
    name === 'do'
      ? (['line', 'line', 'Any command as one line, as in a terminal'] as const)
      : (['command', 'topic', 'What you may do here, and how'] as const);
  return {
    name,
    description,
    command: name,
    options: [
      {
        name: option,
        description: name === 'do' ? 'for example: schedule list' : 'a command to explain',
        type: 'string',
        required: name === 'do',
        suggest: true,
        fills,
      },
    ],
  };
}

/** Argument names are unique; cut to the platform's length they may not be. */
function unused(name: string, taken: Set<string>): string {
  let short = name.slice(0, TREE_LIMITS.name);
  for (let n = 2; taken.has(short); n++) short = `${name.slice(0, TREE_LIMITS.name - 3)}_${n}`;
  taken.add(short);
  return short;
}

/** Never empty: platforms refuse that. */
const words = (text: string, longest: number): string => cut(harmless(text).trim(), longest) || '–';
