import { Command, CommanderError, Option } from 'commander';
import type { ArgSpec, CommandSpec } from '../contracts/catalogue.ts';
import type { JsonObject } from '../contracts/json.ts';
import { GLOBAL_OPTIONS } from './options.ts';
import { parseValue, piped } from './values.ts';
import { usage } from './io/problem.ts';
import { meant, nearest } from './suggest.ts';

/** What a command line asks for. */
export type Intent =
  | { kind: 'run'; spec: CommandSpec; args: JsonObject; options: Options }
  | { kind: 'help'; words: string[]; asked: boolean };

/** Global options, by their commander names. */
export interface Options {
  reason?: string;
  force?: boolean;
  confirm?: string;
  typed?: string;
  preauthGrant?: string;
  nonce?: string;
  dryRun?: boolean;
  output?: string;
  /** Undefined: as the daemon says. */
  follow?: boolean;
}

const FLAG = /^[a-z][a-z0-9-]*$/;
const SHORT: Record<string, string> = { lines: '-n', limit: '-n' };

/** Parses a command line against the commands there are. Throws USAGE. */
export function parseLine(argv: readonly string[], specs: readonly CommandSpec[]): Intent {
  let intent: Intent | undefined;
  const root = quiet(new Command('reeve'));
  for (const option of GLOBAL_OPTIONS) root.addOption(new Option(option.flags, option.about));
  root.option('-h, --help');
  const names = new Map<Command, string[]>([[root, []]]);
  for (const [name, spec] of byName(specs)) {
    const command = place(root, names, name.split(' '));
    declare(command, spec);
    command.action(() => {
      const options: Options & { help?: boolean } = root.opts();
      intent =
        options.help === true
          ? { kind: 'help', words: name.split(' '), asked: true }
          : { kind: 'run', spec, args: collect(command, spec, root, specs), options };
    });
  }
  for (const [command, words] of names)
    if (command.commands.length > 0 && !hasAction(command))
      command.action(() => {
        const { help } = root.opts<{ help?: boolean }>();
        const stray = command.args[0];
        if (stray !== undefined) throw unknownCommand(words, stray, command, specs);
        intent = { kind: 'help', words, asked: help === true };
      });
  try {
    root.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw explained(error, argv, root, names, specs);
    throw error;
  }
  return intent ?? { kind: 'help', words: [], asked: true };
}

/** Every name a command answers to. The first to claim a name has it. */
function byName(specs: readonly CommandSpec[]): Map<string, CommandSpec> {
  const all = new Map<string, CommandSpec>();
  for (const spec of specs) if (!all.has(spec.name)) all.set(spec.name, spec);
  for (const spec of specs) for (const alias of spec.aliases) if (!all.has(alias)) all.set(alias, spec);
  return all;
}

const acting = new WeakSet<Command>();
const hasAction = (command: Command): boolean => acting.has(command);

function quiet(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .helpOption(false)
    .helpCommand(false)
    .allowExcessArguments(true)
    .showSuggestionAfterError(false);
}

function place(root: Command, names: Map<Command, string[]>, words: readonly string[]): Command {
  let at = root;
  words.forEach((word, depth) => {
    let next = at.commands.find((c) => c.name() === word);
    if (next === undefined) {
      next = quiet(new Command(word));
      at.addCommand(next);
      names.set(next, words.slice(0, depth + 1));
    }
    at = next;
  });
  acting.add(at);
  return at;
}

/** Options under names of their own, so that `--x` and `--no-x` stay two things that can both be given. */
function declare(command: Command, spec: CommandSpec): void {
  for (const arg of spec.args) {
    if (!FLAG.test(arg.flag) || isGlobal(arg.flag)) continue;
    add(command, arg, `--${arg.flag}`, `on:${arg.name}`);
    if (arg.type === 'boolean' && (arg.negatable === true || arg.default === true))
      add(command, arg, `--no-${arg.flag}`, `off:${arg.name}`);
  }
  command.argument('[words...]');
}

function add(command: Command, arg: ArgSpec, long: string, attribute: string): void {
  if (command.options.some((o) => o.long === long)) return;
  const wanted = SHORT[arg.flag];
  const short = command.options.some((o) => o.short === wanted) ? undefined : wanted;
  const flags = short === undefined ? long : `${short}, ${long}`;
  const option = new Option(arg.type === 'boolean' ? flags : `${flags} <value>`);
  option.negate = false;
  option.attributeName = () => attribute;
  if (arg.type !== 'boolean')
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  command.addOption(option);
}

const isGlobal = (flag: string): boolean => GLOBAL_OPTIONS.some((o) => o.long === `--${flag}`);

function collect(
  command: Command,
  spec: CommandSpec,
  root: Command,
  specs: readonly CommandSpec[],
): JsonObject {
  const given = ownOptions(command, root, spec);
  const globals = root.opts<Record<string, unknown>>();
  const args: JsonObject = {};
  const put = (arg: ArgSpec, texts: readonly string[]): void => {
    const values = texts.map((text) =>
      parseValue(spec.name, arg, arg.concealed === true && text === '-' ? piped(arg) : text),
    );
    if (arg.type !== 'list' && values.length > 1)
      throw usage(`--${arg.flag} is given ${values.length} times`, 'Give it once.');
    args[arg.name] = arg.type === 'list' ? values.flat() : (values[0] ?? null);
  };

  for (const arg of spec.args) {
    const value = isGlobal(arg.flag) ? globals[camel(arg.flag)] : given[`on:${arg.name}`];
    const off = given[`off:${arg.name}`] === true;
    if (off && value === true)
      throw usage(`--${arg.flag} and --no-${arg.flag} exclude each other`, 'Give one of them.');
    if (off) args[arg.name] = false;
    else if (typeof value === 'boolean') args[arg.name] = value;
    else if (Array.isArray(value)) put(arg, value.map(String));
    else if (typeof value === 'string') put(arg, [value]);
  }
  const [first] = command.args;
  const places = spec.args.filter((a) => a.position !== undefined).length;
  if (first !== undefined && places === 0 && command.commands.length > 0)
    throw unknownCommand([command.name()], first, command, specs);
  positional(command.args, spec, args, put);
  for (const arg of spec.args)
    if (arg.required && args[arg.name] === undefined)
      throw usage(
        `${spec.name} needs ${arg.position === undefined ? `--${arg.flag}` : arg.flag.toUpperCase()}`,
        exampleOf(spec),
      );
  return args;
}

/** With those that a command above has taken, which is one in its own right and has options of the same names. */
function ownOptions(command: Command, root: Command, spec: CommandSpec): Record<string, unknown> {
  const given = { ...command.opts<Record<string, unknown>>() };
  for (let above = command.parent; above !== null && above !== root; above = above.parent)
    for (const [name, value] of Object.entries(above.opts<Record<string, unknown>>())) {
      const { long = '' } = above.options.find((o) => o.attributeName() === name) ?? {};
      if (!command.options.some((o) => o.attributeName() === name))
        throw noOption(spec.name, long ?? name, command);
      const before = given[name];
      given[name] = Array.isArray(before) && Array.isArray(value) ? [...value, ...before] : (before ?? value);
    }
  return given;
}

function noOption(where: string, flag: string, command: Command): Error {
  const near = meant(
    flag,
    command.options.flatMap((o) => (o.long == null ? [] : [o.long])),
  );
  const hint = near === undefined ? `See \`reeve ${where} --help\`.` : `Did you mean ${near}?`;
  return usage(`${where} has no option ${flag}`, hint);
}

function positional(
  words: readonly string[],
  spec: CommandSpec,
  args: JsonObject,
  put: (arg: ArgSpec, texts: readonly string[]) => void,
): void {
  const places = spec.args
    .filter((a) => a.position !== undefined)
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
  let left = [...words];
  for (const arg of places) {
    if (left.length === 0) break;
    if (args[arg.name] !== undefined)
      throw usage(
        `${arg.flag.toUpperCase()} is given twice, as --${arg.flag} and as "${left[0] ?? ''}"`,
        exampleOf(spec),
      );
    const take = arg.type === 'list' ? left.length : 1;
    put(arg, left.slice(0, take));
    left = left.slice(take);
  }
  if (left.length > 0)
    throw usage(
      `${spec.name} does not know what to do with "${left.join(' ').slice(0, 80)}"`,
      exampleOf(spec),
    );
}

const exampleOf = (spec: CommandSpec): string =>
  `For example: reeve ${spec.examples[0] ?? `${spec.name} --help`}`;
const camel = (flag: string): string => flag.replace(/-(.)/g, (_, c: string) => c.toUpperCase());

function unknownCommand(
  path: readonly string[],
  word: string,
  at: Command | undefined,
  specs: readonly CommandSpec[],
): Error {
  const full = [...path, word].join(' ');
  const names = [...byName(specs).keys()];
  const groups = new Set(names.map((name) => name.split(' ')[0] ?? name));
  const sibling =
    at === undefined
      ? undefined
      : nearest(
          word,
          at.commands.map((c) => c.name()),
        );
  const near = sibling === undefined ? nearest(full, [...names, ...groups]) : [...path, sibling].join(' ');
  const see = path.length === 0 ? 'reeve --help' : `reeve ${path.join(' ')} --help`;
  return usage(
    `There is no command ${full.slice(0, 80)}`,
    near === undefined ? `See \`${see}\`.` : `Did you mean \`reeve ${near}\`?`,
  );
}

function explained(
  error: CommanderError,
  argv: readonly string[],
  root: Command,
  names: Map<Command, string[]>,
  specs: readonly CommandSpec[],
): Error {
  const message = error.message.replace(/^error: /, '');
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? '';
  const { at, stray } = walk(root, argv);
  const path = names.get(at) ?? [];
  if (error.code === 'commander.unknownCommand') return unknownCommand(path, quoted, at, specs);
  if (error.code === 'commander.unknownOption' && stray !== undefined)
    return unknownCommand(path, stray, at, specs);
  const see = `See \`reeve ${[...path, '--help'].join(' ')}\`.`;
  if (error.code === 'commander.unknownOption') {
    const flag = quoted.split('=')[0] ?? '';
    const known = [...at.options, ...root.options].flatMap((o) => (o.long == null ? [] : [o.long]));
    // What skips a confirmation is nobody's typing mistake.
    const near = meant(
      flag,
      known.filter((long) => long !== '--force'),
    );
    const input = at.options.some(({ long }) => long === '--input');
    const where = path.length === 0 ? 'reeve' : path.join(' ');
    return usage(
      `${where} has no option ${flag.slice(0, 80)}`,
      near !== undefined
        ? `Did you mean ${near}?`
        : input
          ? `An input of the runbook is given as --input ${flag.replace(/^-+/, '').slice(0, 40)}=VALUE.`
          : see,
    );
  }
  if (error.code === 'commander.optionMissingArgument')
    return usage(`${quoted.replace(' <value>', '')} needs a value`, see);
  return usage(message.replace(/\.$/, ''), see);
}

/** The command that the words of a line lead to, and the word after them that leads nowhere. */
function walk(root: Command, argv: readonly string[]): { at: Command; stray: string | undefined } {
  let at = root;
  for (const word of argv) {
    if (word.startsWith('-')) continue;
    const next = at.commands.find((c) => c.name() === word);
    if (next === undefined) return { at, stray: at.commands.length > 0 ? word : undefined };
    at = next;
  }
  return { at, stray: undefined };
}
