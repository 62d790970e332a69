import type { CommandSpec } from '../contracts/catalogue.ts';
import { fetchCatalogue, keepCatalogue, readCached } from './catalogue.ts';
import { peek } from './globals.ts';
import { homeFolder, version } from './io/home.ts';
import { Problem, usage } from './io/problem.ts';
import { Terminal } from './io/terminal.ts';
import { isLocal, LOCAL, LOCAL_SPECS } from './specs.ts';

/** What a command works with. */
export interface Context {
  terminal: Terminal;
  /** Absolute. */
  home: string;
}

interface Known {
  specs: readonly CommandSpec[];
  /** Why the daemon's own commands are not, or only from memory, among them. */
  missing?: unknown;
  /** The daemon's commands are among them, though perhaps from memory. */
  complete: boolean;
}

/** Runs a command line and answers its exit code. Shows every error itself. */
export async function run(argv: readonly string[]): Promise<number> {
  if (argv[0] === '__complete')
    return (await import('./completion/complete.ts')).answerCompletion(argv.slice(1));
  const { globals, rest } = peek(argv);
  const terminal = new Terminal(globals);
  const context = { terminal, home: homeFolder(globals.home) };
  try {
    if (rest.includes('--version') || rest.includes('-V')) return showVersion(terminal);
    const line = rest[0] === 'help' ? [...rest.slice(1), '--help'] : rest;
    return await dispatch(context, line, await known(context, line));
  } catch (error) {
    const words = rest.filter((word) => !word.startsWith('-'));
    return (await import('./render/problem.ts')).report(terminal, words.slice(0, 2).join(' '), error);
  }
}

function showVersion(terminal: Terminal): number {
  const data = { reeve: version(), node: process.versions.node };
  if (terminal.globals.json) terminal.document({ ok: true, command: 'version', data });
  else terminal.out(`reeve ${data.reeve} (node ${data.node})`);
  return 0;
}

/** The commands there are: the daemon's, else those it last had, and the CLI's own. */
async function known(context: Context, line: readonly string[]): Promise<Known> {
  const own = LOCAL.some((name) => `${line.join(' ')} `.startsWith(`${name} `));
  if (own) return { specs: LOCAL_SPECS, complete: true };
  let catalogue;
  let missing: unknown;
  try {
    catalogue = await fetchCatalogue(context.home);
    keepCatalogue(context.home, catalogue);
  } catch (error) {
    missing = error;
    catalogue = readCached(context.home);
  }
  const theirs = (catalogue?.commands ?? []).filter((spec) => !isLocal(spec.name));
  return {
    specs: [...LOCAL_SPECS, ...theirs],
    complete: catalogue !== undefined,
    ...(missing === undefined ? {} : { missing }),
  };
}

async function dispatch(context: Context, line: readonly string[], commands: Known): Promise<number> {
  const { missing } = commands;
  if (
    line.join(' ') === 'config check' &&
    missing instanceof Problem &&
    missing.code === 'DAEMON_UNREACHABLE'
  )
    return (await import('./local/check.ts')).checkOffline(context);
  const { parseLine } = await import('./program.ts');
  let intent;
  try {
    intent = parseLine(line, commands.specs);
  } catch (error) {
    // Without the daemon's commands nobody can say whether this one exists, unless it is nearly one of the CLI's own.
    const guess = error instanceof Problem && String(error.params['suggestion']).startsWith('Did you mean');
    throw commands.complete || guess || !foreign(line) ? error : commands.missing;
  }
  if (intent.kind === 'help') return help(context, intent.words, intent.asked, commands);
  const { spec, args, options } = intent;
  if (isLocal(spec.name)) {
    const { runLocal } = await import('./local/index.ts');
    return runLocal(context, spec.name, args, options);
  }
  if (commands.missing !== undefined) throw commands.missing;
  const { runRemote } = await import('./remote.ts');
  return runRemote(context, spec, args, options);
}

/** Not the beginning of a command of the CLI's own. */
const foreign = (line: readonly string[]): boolean => {
  const first = line.find((word) => !word.startsWith('-'));
  return first !== undefined && !LOCAL.some((name) => name.split(' ')[0] === first);
};

async function help(context: Context, words: string[], asked: boolean, commands: Known): Promise<number> {
  const { overview, groupHelp, commandHelp } = await import('./help.ts');
  const { terminal } = context;
  const name = words.join(' ');
  const group = commands.specs.some((s) => s.name.startsWith(`${name} `));
  const spec = commands.specs.find((s) => s.name === name || s.aliases.includes(name));
  const text =
    words.length === 0
      ? overview(terminal, commands.specs, version(), commands.complete)
      : spec === undefined || (group && spec.name !== name)
        ? groupHelp(terminal, words, commands.specs)
        : [
            commandHelp(terminal, spec),
            ...(group ? ['', groupHelp(terminal, words, commands.specs)] : []),
          ].join('\n');
  if (terminal.globals.json) {
    if (!asked && words.length > 0)
      throw usage(`${name} needs a word after it`, `See \`reeve ${name} --help\`.`);
    terminal.document({ ok: true, command: name, data: { help: text } });
  } else if (asked || words.length === 0) terminal.out(text);
  else terminal.err(text);
  return asked || words.length === 0 ? 0 : 2;
}
