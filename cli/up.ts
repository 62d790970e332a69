import { parseArgs } from 'node:util';
import { peek } from './globals.ts';
import { homeFolder } from './io/home.ts';
import { Terminal } from './io/terminal.ts';
import type { Loaded } from './local/up.ts';

/**
 * `reeve up`, when its command line is plainly right, without the parser and the commands of the daemon (18 ms). Undefined
 * for everything else, also for what is wrong: the parser explains it. `loaded`: the daemon, when it need not be loaded.
 */
export async function quickUp(argv: readonly string[], loaded?: Loaded): Promise<number | undefined> {
  const { globals, rest } = peek(argv);
  const args = rest[0] === 'up' ? plain(rest.slice(1)) : undefined;
  if (args === undefined) return undefined;
  const terminal = new Terminal(globals);
  try {
    const { up } = await import('./local/up.ts');
    return await up({ terminal, home: homeFolder(globals.home) }, args, loaded);
  } catch (error) {
    return (await import('./render/problem.ts')).report(terminal, 'up', error);
  }
}

function plain(args: string[]): { port?: number; config?: string; drill?: boolean } | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: { port: { type: 'string' }, config: { type: 'string' }, drill: { type: 'boolean' } },
      allowNegative: true,
    });
    const { port, ...others } = values;
    if (port === undefined) return others;
    return /^\d{1,5}$/.test(port) ? { ...others, port: Number(port) } : undefined;
  } catch {
    return undefined;
  }
}
