import { daemonStatus } from '../../cli/local/doctor.ts';
import type { Reply } from '../../contracts/reply.ts';
import { doctor } from '../../daemon/compose/doctor.ts';
import type { Found } from '../../daemon/doctor/examine.ts';
import type { Clock } from '../../daemon/ports/clock.ts';
import type { World } from '../helpers/app.ts';
import { reeve } from '../helpers/cli.ts';

export interface Examined {
  reply: Reply;
  found: Found[];
  /** `level text → next` of a check. */
  of(check: string): string[];
  /** Everything that is not fine, as `level check`. */
  bad: string[];
}

/** The doctor in this process, against the home of a world; its daemon is asked by the CLI's own code. */
export async function examined(
  world: Pick<World, 'home' | 'root'>,
  env: Record<string, string> = {},
  options: { clock?: Clock } = {},
): Promise<Examined> {
  const reply = await doctor({
    home: world.home,
    config: `${world.root}/reeve.yaml`,
    status: () => daemonStatus(world.home),
    env: { PATH: process.env['PATH'], HOME: world.home, ...env },
    ...options,
  });
  return read(reply, (reply.data as unknown as { findings: Found[] }).findings);
}

function read(reply: Reply, found: Found[]): Examined {
  return {
    reply,
    found,
    of: (check) =>
      found
        .filter((one) => one.check === check)
        .map(({ level, text, next }) => `${level} ${text}${next === undefined ? '' : ` → ${next}`}`),
    bad: found.filter(({ level }) => level !== 'ok').map(({ level, check }) => `${level} ${check}`),
  };
}

/** The doctor as people run it. */
export const doctorCommand = (
  world: Pick<World, 'home' | 'root'>,
  args: string[] = [],
  env: Record<string, string> = {},
) => reeve(world.home, ['doctor', '--config', `${world.root}/reeve.yaml`, ...args], { env });
