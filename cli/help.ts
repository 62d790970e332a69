import type { ArgSpec, CommandSpec } from '../contracts/catalogue.ts';
import { harmless, harmlessLines } from './io/harmless.ts';
import type { Terminal } from './io/terminal.ts';
import { pad, widthOf, wrap } from './io/width.ts';
import { COMMON_OPTIONS, GLOBAL_OPTIONS } from './options.ts';
import { pairLines } from './render/table.ts';
import { nameOf } from './values.ts';

const COLUMNS = 98;
/** Lines the command groups of the first screen may take; more groups than that share the last one. */
const GROUP_LINES = 18;

const FIRST_FIVE = [
  ['reeve up', 'start the daemon here; Ctrl-C stops it'],
  ['reeve status', 'what runs, what is halted, the last drill'],
  ['reeve runbook list', 'what can be run; `reeve runbook plan NAME` shows what it would do'],
  ['reeve drill run self-restore', "restore Reeve's own ledger, prove it, measure RPO and RTO"],
  ['reeve ledger verify', 'check every record, with or without a daemon'],
] as const;

/** `reeve --help`: one screen. */
export function overview(
  terminal: Terminal,
  specs: readonly CommandSpec[],
  version: string,
  complete: boolean,
): string {
  const bold = (text: string): string => terminal.style('bold', text);
  return [
    `${bold('reeve')} ${version}: everything that changes anything goes through one door, and is written down first.`,
    'A signed grant allows it, a runbook does it, the ledger proves it, and drills show it can be undone.',
    '',
    `${bold('Usage')}  reeve COMMAND [ARGUMENTS] [OPTIONS]      reeve COMMAND --help shows its examples`,
    '',
    bold('First'),
    ...pairLines(FIRST_FIVE, '  '),
    '',
    bold('Commands'),
    ...groupLines(terminal, specs),
    ...(complete ? [] : [terminal.dim('  The rest comes from the daemon: start it with `reeve up`.')]),
    '',
    bold('Options of every command'),
    ...optionSummary(),
    '',
    terminal.dim('Exit codes: 0 done, 1 the run failed, 2 usage, 3 refused, 4 no daemon, 5 integrity broken'),
  ].join('\n');
}

function optionSummary(): string[] {
  const flags = [
    ...COMMON_OPTIONS.map(([flag]) => flag),
    ...GLOBAL_OPTIONS.map((o) => o.flags.replace(/<(\w+)>/, (_, name: string) => name.toUpperCase())),
  ];
  return wrap(flags.map((flag) => flag.replaceAll(' ', '\u00a0')).join('  '), COLUMNS - 2).map(
    (line) => `  ${line.replaceAll('\u00a0', ' ')}`,
  );
}

/** `  Jobs      jobs list · show · logs`: the words after a shared first one are joined. */
function groupLines(terminal: Terminal, specs: readonly CommandSpec[]): string[] {
  const groups = new Map<string, CommandSpec[]>();
  for (const spec of specs) groups.set(spec.group, [...(groups.get(spec.group) ?? []), spec]);
  const label = Math.min(26, Math.max(...[...groups.keys()].map((g) => widthOf(harmless(g)))));
  const full = [...groups].flatMap(([group, members]) =>
    wrap(families(members, true), COLUMNS - label - 4).map(
      (line, i) =>
        `  ${terminal.dim(pad(i === 0 ? harmless(group) : '', label))}  ${line.replaceAll('\u00a0', ' ')}`,
    ),
  );
  if (full.length <= GROUP_LINES) return full;
  return wrap(families(specs, false), COLUMNS - 2)
    .map((line) => `  ${line}`)
    .slice(0, GROUP_LINES);
}

function families(specs: readonly CommandSpec[], whole: boolean): string {
  const byFirst = new Map<string, string[]>();
  for (const { name } of specs) {
    const [first = '', ...rest] = harmless(name).split(' ');
    byFirst.set(first, [...(byFirst.get(first) ?? []), ...(rest.length === 0 ? [] : [rest.join(' ')])]);
  }
  return [...byFirst]
    .map(([first, rest]) => (rest.length === 0 || !whole ? first : `${first}\u00a0${rest.join('|')}`))
    .join('  ');
}

/** `reeve jobs --help`. */
export function groupHelp(
  terminal: Terminal,
  words: readonly string[],
  specs: readonly CommandSpec[],
): string {
  const prefix = `${words.join(' ')} `;
  const rows = specs
    .filter((s) => s.name.startsWith(prefix))
    .map((s) => [`reeve ${harmless(s.name)}`, harmless(s.summary)] as const);
  return [
    `${terminal.style('bold', 'Usage')}  reeve ${prefix}COMMAND [ARGUMENTS] [OPTIONS]`,
    '',
    ...pairLines(rows, '  '),
    '',
    terminal.dim('Each has its examples under --help.'),
  ].join('\n');
}

/** `reeve deploy --help`. */
export function commandHelp(terminal: Terminal, spec: CommandSpec): string {
  const bold = (text: string): string => terminal.style('bold', text);
  const places = spec.args.filter((a) => a.position !== undefined);
  const flags = spec.args.filter((a) => a.position === undefined);
  const needed = flags.filter((a) => a.required).map((a) => ` ${usageOf(a)}`);
  const width = (terminal.width ?? 100) - 2;
  const said = harmlessLines(spec.description ?? '').flatMap((line) => wrap(line, width));
  const section = (title: string, lines: string[]): string[] =>
    lines.length === 0 ? [] : ['', bold(title), ...lines];
  return [
    harmless(spec.summary),
    ...(said.join('') === '' ? [] : ['', ...said]),
    '',
    `${bold('Usage')}  reeve ${harmless(spec.name)}${places.map((a) => ` ${placeOf(a)}`).join('')}${needed.join('')} [OPTIONS]`,
    ...section(
      'Arguments',
      pairLines(
        places.map((a) => [harmless(nameOf(a)), about(a)]),
        '  ',
      ),
    ),
    ...section(
      'Options',
      pairLines(
        flags.map((a) => [usageOf(a), about(a)]),
        '  ',
      ),
    ),
    ...section(
      'Examples',
      spec.examples.map((example) => `  reeve ${harmless(example)}`),
    ),
    ...(spec.aliases.length === 0
      ? []
      : ['', `Also: ${spec.aliases.map((a) => `reeve ${harmless(a)}`).join(', ')}`]),
    ...section('Options of every command', pairLines(everyOption(spec), '  ')),
  ].join('\n');
}

function everyOption(spec: CommandSpec): [string, string][] {
  const acts = spec.kind !== 'read';
  const shown = GLOBAL_OPTIONS.filter((o) => acts || ['--output'].includes(o.long)).filter(
    (o) => !spec.args.some((a) => `--${a.flag}` === o.long),
  );
  return [
    ...shown.map((o): [string, string] => [
      o.flags.replace(/<(\w+)>/, (_, n: string) => n.toUpperCase()),
      o.about,
    ]),
    ...COMMON_OPTIONS.map(([flag, text]): [string, string] => [flag, text]),
  ];
}

function placeOf(arg: ArgSpec): string {
  const name = harmless(arg.flag.toUpperCase()) + (arg.type === 'list' ? '…' : '');
  return arg.required ? name : `[${name}]`;
}

function usageOf(arg: ArgSpec): string {
  const flag = harmless(arg.flag);
  if (arg.type !== 'boolean') return `--${flag} ${arg.type === 'list' ? 'A,B' : harmless(valueName(arg))}`;
  return arg.default === true || arg.negatable === true ? `--[no-]${flag}` : `--${flag}`;
}

const valueName = (arg: ArgSpec): string =>
  arg.type === 'enum' ? (arg.choices ?? []).join('|') : arg.type === 'integer' ? 'N' : arg.type.toUpperCase();

function about(arg: ArgSpec): string {
  const notes = [
    ...(arg.required ? ['required'] : []),
    ...(arg.type === 'enum' && arg.position !== undefined ? [(arg.choices ?? []).join(', ')] : []),
    ...(arg.default === undefined || typeof arg.default === 'boolean'
      ? []
      : [`default ${String(arg.default)}`]),
  ];
  return harmless(arg.description + (notes.length === 0 ? '' : ` (${notes.join('; ')})`));
}
