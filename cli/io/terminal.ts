import { styleText } from 'node:util';
import type { Tone } from '../../contracts/reply.ts';
import { harmlessJson } from './harmless.ts';

type Style = Parameters<typeof styleText>[0];

/** Options that every command has. */
export interface Globals {
  json: boolean;
  wide: boolean;
  quiet: boolean;
  verbose: boolean;
  /** False: `--no-color`. */
  color: boolean;
  /** As given with --home. */
  home: string | undefined;
  logFile: string | undefined;
}

const TONE: Record<Tone, Style> = { good: 'green', bad: 'red', warn: 'yellow', info: 'cyan' };

/** Where output goes and how it may look. Results go to stdout, everything about them to stderr. */
export class Terminal {
  readonly globals: Globals;
  readonly now: number = Date.now();
  /** Columns to keep to; undefined when stdout is a file or a pipe, where nothing is cut. */
  readonly width: number | undefined;
  readonly #color: { out: boolean; err: boolean };

  constructor(globals: Globals) {
    this.globals = globals;
    // A terminal without a size (`docker run -t`, script(1)) says 0, and prompts would stand one letter to a line.
    for (const end of [process.stdout, process.stderr])
      if (end.isTTY && !(end.columns > 0)) Object.assign(end, { columns: 80, rows: end.rows || 24 });
    this.width = process.stdout.isTTY ? Math.max(40, process.stdout.columns) : undefined;
    this.#color = { out: colored(globals, process.stdout), err: colored(globals, process.stderr) };
  }

  /** Both ends are a terminal: a person can be asked. */
  get asks(): boolean {
    // Undefined where it is no terminal, whatever its type says.
    return Boolean(process.stdin.isTTY && process.stderr.isTTY) && !this.globals.json;
  }
  /** A step list may be redrawn in place. */
  get live(): boolean {
    return Boolean(process.stdout.isTTY) && process.env['TERM'] !== 'dumb' && !this.globals.json;
  }

  out(text: string): void {
    process.stdout.write(`${text}\n`);
  }
  err(text: string): void {
    process.stderr.write(`${text}\n`);
  }
  /** The one document of `--json`. */
  document(value: unknown): void {
    this.out(harmlessJson(value));
  }

  style(style: Style, text: string, to: 'out' | 'err' = 'out'): string {
    return this.#color[to] ? styleText(style, text, { validateStream: false }) : text;
  }
  tone(tone: Tone, text: string): string {
    return this.style(TONE[tone], text);
  }
  dim(text: string): string {
    return this.style('dim', text);
  }
}

/** Ends the process when the reader of its output (`| head`) has gone: nothing is left to say. */
export function leaveWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

/** no-color.org and force-color.org; otherwise only on a terminal. */
function colored(globals: Globals, stream: { isTTY: boolean }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (!globals.color) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return stream.isTTY && TERM !== 'dumb';
}
