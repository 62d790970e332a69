import type { Globals } from './io/terminal.ts';

const SWITCHES: Record<string, keyof Pick<Globals, 'json' | 'wide' | 'quiet' | 'verbose'>> = {
  '--json': 'json',
  '--wide': 'wide',
  '--quiet': 'quiet',
  '-q': 'quiet',
  '--verbose': 'verbose',
  '-v': 'verbose',
};

/**
 * Reads the global options without a full parse: how to show a mistake must be known before the parse can fail. `rest` is
 * everything that is none of them.
 */
export function peek(argv: readonly string[]): { globals: Globals; rest: string[] } {
  const globals: Globals = {
    json: false,
    wide: false,
    quiet: false,
    verbose: false,
    color: true,
    home: undefined,
    logFile: undefined,
  };
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    const name = SWITCHES[word];
    if (word === '--') {
      rest.push(...argv.slice(i));
      break;
    }
    if (name !== undefined) globals[name] = true;
    else if (word === '--no-color') globals.color = false;
    else if (word === '--home' && argv[i + 1] !== undefined) globals.home = argv[++i];
    else if (word.startsWith('--home=')) globals.home = word.slice(7);
    else if (word === '--log-file' && argv[i + 1] !== undefined) globals.logFile = argv[++i];
    else if (word.startsWith('--log-file=')) globals.logFile = word.slice(11);
    else rest.push(word);
  }
  return { globals, rest };
}
