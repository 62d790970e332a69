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
export interface CommandTree {
  /** `/reeve …` */
  leaves: Leaf[];
  groups: Group[];
  /** Runbooks with `command: true`: commands of their own. */
  own: Leaf[];
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
/** How long descriptions may be, tried in this order until everything fits. */
const DESCRIPTIONS = [TREE_LIMITS.description, 60, 40, 28];
/** Own names below `/reeve`. */
const KEPT = ['do', 'help'];
/** The group of what has none. */
const MORE = 'more';

/**
 * The commands of a platform with a fixed tree, from the catalogue alone: the same catalogue is the same tree. What has no
 * room is left out from the end of the catalogue, which is in the order of importance.
 */
export function commandTree(catalogue: Catalogue): CommandTree {
  const fixed = catalogue.commands.filter((spec) => spec.runbook === undefined);
  const runbooks = catalogue.commands.filter((spec) => spec.runbook !== undefined);
  const names = entries(fixed);
  let tree: CommandTree = { leaves: [], groups: [], own: [], left: [] };
  for (const description of DESCRIPTIONS) {
    tree = grow(names, description);
    if (tree.left.length === 0) break;
  }
  const fits = runbooks.filter((spec) => NAME.test(spec.name) && spec.name !== ROOT);
  tree.own = fits
    .slice(0, TREE_LIMITS.commands - 1)
    .map((spec) => leafOf(spec.name, spec, TREE_LIMITS.description));
  const shown = new Set(tree.own.map((leaf) => leaf.command));
  tree.left.push(...runbooks.filter((spec) => !shown.has(spec.name)).map((spec) => spec.name));
  return tree;
}

interface Entry {
  words: string[];
  spec: CommandSpec;
}

/**
 * Every command under one name. What runs a job is reached by an alias of one word where it has one: `/reeve run`. What
 * has a group of two or fewer, or no slot of its own, stands in the group `more`.
 */
function entries(specs: readonly CommandSpec[]): Entry[] {
  const named = specs.map((spec): Entry => {
    const short = spec.kind === 'privileged' ? spec.aliases.find((alias) => !alias.includes(' ')) : undefined;
    return { words: (short ?? spec.name).split(' '), spec };
  });
  const members = Map.groupBy(named, ({ words }) => (words.length > 1 ? words[0] : undefined));
  const sizeOfGroup = (name: string): number => members.get(name)?.length ?? 0;
  const single = named.filter(({ words }) => words.length === 1);
  const slots = [
    ...single.filter(({ spec }) => spec.kind === 'privileged').map(({ words }) => words[0] ?? ''),
    ...[...members.keys()].filter((name) => name !== undefined && sizeOfGroup(name) > 2),
    ...single.filter(({ spec }) => spec.kind !== 'privileged').map(({ words }) => words[0] ?? ''),
  ];
  // A name that is both a command and a group is the command.
  const kept = new Set(slots.slice(0, TREE_LIMITS.children - KEPT.length - 1));
  const alone = new Set(single.map(({ words }) => words[0]));
  return named.map(({ words, spec }) =>
    kept.has(words[0]) && (words.length === 1 || !alone.has(words[0]))
      ? { words, spec }
      : { words: [MORE, words.join('-')], spec },
  );
}

function grow(named: readonly Entry[], longest: number): CommandTree {
  const tree: CommandTree = { leaves: KEPT.map((name) => ownLeaf(name)), groups: [], own: [], left: [] };
  let spent = tree.leaves.reduce((sum, leaf) => sum + sizeOf(leaf), ROOT.length + TREE_LIMITS.description);
  // What runs jobs first: everything else can be asked as a line, too.
  for (const { words, spec } of named.toSorted((a, b) => rank(a) - rank(b))) {
    const [first = '', second] = words;
    const leaf = leafOf(second ?? first, spec, longest);
    const group = second === undefined ? undefined : tree.groups.find(({ name }) => name === first);
    const fresh: Group | undefined =
      second === undefined || group !== undefined
        ? undefined
        : { name: first, description: `${first}: commands`, leaves: [] };
    const size = sizeOf(leaf) + (fresh === undefined ? 0 : fresh.name.length + fresh.description.length);
    const fits =
      words.length <= 2 &&
      words.every((word) => NAME.test(word)) &&
      (group?.leaves.length ?? 0) < TREE_LIMITS.children &&
      spent + size <= TREE_LIMITS.characters;
    if (!fits) {
      tree.left.push(spec.name);
      continue;
    }
    spent += size;
    if (fresh !== undefined) tree.groups.push(fresh);
    (group?.leaves ?? fresh?.leaves ?? tree.leaves).push(leaf);
  }
  return tree;
}

const rank = ({ spec, words }: Entry): number =>
  words[0] === MORE ? 3 : spec.kind === 'privileged' ? 0 : words.length === 1 ? 1 : 2;

/** Characters that count against the limit of one command. */
export function sizeOf(leaf: Leaf): number {
  return leaf.options.reduce(
    (sum, o) => sum + o.name.length + o.description.length + (o.choices ?? []).join('').length * 2,
    leaf.name.length + leaf.description.length,
  );
}

function leafOf(name: string, spec: CommandSpec, longest: number): Leaf {
  const taken = new Set<string>();
  const args = [...spec.args]
    .toSorted((a, b) => Number(b.required) - Number(a.required))
    .map((arg): Option => ({
      ...shapeOf(arg, longest),
      name: unused(arg.name, taken),
      required: arg.required,
    }));
  const more = extras(spec, longest).filter((option) => !taken.has(option.name));
  return {
    name,
    description: words(spec.summary, longest),
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
