import { readFileSync } from 'node:fs';
import { usage } from '../io/problem.ts';
import type { Context } from '../run.ts';

const FILES: Record<string, string> = { bash: 'reeve.bash', zsh: 'reeve.zsh', fish: 'reeve.fish' };

/** Prints the script of a shell. It asks `reeve __complete` for every word, so it never grows old. */
export function printScript({ terminal }: Context, shell: string): number {
  const file = FILES[shell];
  if (file === undefined)
    throw usage(`there is no completion for ${shell}`, 'There is one for bash, zsh and fish.');
  const script = readFileSync(new URL(file, import.meta.url), 'utf8');
  if (terminal.globals.json) terminal.document({ ok: true, command: 'completion', data: { shell, script } });
  else terminal.out(script.trimEnd());
  return 0;
}
