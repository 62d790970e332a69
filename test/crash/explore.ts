import { SimFs, random, type Fault, type Loss, type Op } from './simfs.ts';

/**
 * Runs a workload once for every way it can be broken and checks what is left. A workload is any async function over an Fs
 * that reports what was acknowledged by mutating `log`; it must end by itself, whatever fails.
 */
export interface Exploration<L> {
  /** Fresh log of what the outside world was told. */
  log(): L;
  workload(fs: SimFs, log: L): Promise<void>;
  /** The next start, on the disk as the crash left it. Throws when an invariant is broken. */
  check(fs: SimFs, log: L): Promise<void>;
}

/** How a run was broken, in words that reproduce it. */
export interface Break {
  name: string;
  faults: Fault[];
  loss: Loss;
}

const LOSSES: readonly Loss[] = ['none', 'drop', 'tear', 'hole'];

/** Stops the process at one operation, before or in the middle of it or right after, with or without a power cut. */
export const crashesAt = (at: number): Break[] =>
  LOSSES.flatMap((loss) =>
    [false, true].map((after) => ({
      name: `crash ${after ? 'after' : 'in'} operation ${at}, loss: ${loss}`,
      faults: [{ at, kind: 'crash' as const, after }],
      loss,
    })),
  );

/** Lets one operation fail with an error the process sees, goes on to the end, then cuts the power. */
export const errorsAt = (
  at: number,
  codes: readonly string[],
  ops?: readonly Op[],
  until?: number,
): Break[] =>
  codes.map((code) => ({
    name: `${code} at operation ${at}${until === undefined ? '' : ` to ${until}`}`,
    faults: [
      {
        at,
        kind: 'error' as const,
        code,
        ...(ops === undefined ? {} : { ops }),
        ...(until === undefined ? {} : { until }),
      },
    ],
    loss: at % 2 === 0 ? 'drop' : 'tear',
  }));

/** Number of operations of the undisturbed workload. Throws when even that one fails its check. */
export async function countOperations<L>(exploration: Exploration<L>): Promise<number> {
  const fs = new SimFs();
  const log = exploration.log();
  await exploration.workload(fs, log);
  const count = fs.trace.length;
  await exploration.check(fs.reboot('none', 1), log);
  return count;
}

/** Runs one break. The thrown error names it, its seed and the operations before the end. */
export async function runBreak<L>(exploration: Exploration<L>, broken: Break, seed: number): Promise<void> {
  const fs = new SimFs({ faults: broken.faults, seed });
  const log = exploration.log();
  await Promise.race([exploration.workload(fs, log), fs.crashed]);
  // What was under way when the process died gets its rejections before the disk is looked at.
  await new Promise((resolve) => setImmediate(resolve));
  const rebooted = fs.reboot(broken.loss, seed);
  try {
    await exploration.check(rebooted, log);
  } catch (error) {
    const trace = fs.trace.slice(-12).join('\n  ');
    throw new Error(`${broken.name}, seed ${seed}\n  …${trace}\n${String(error)}`, { cause: error });
  }
}

/** Every break of every operation. Returns how many were run. */
export async function explore<L>(
  exploration: Exploration<L>,
  breaksAt: (at: number) => Break[],
  seed = 1,
): Promise<number> {
  const count = await countOperations(exploration);
  const rng = random(seed);
  let runs = 0;
  for (let at = 0; at < count; at++) {
    for (const broken of breaksAt(at)) {
      await runBreak(exploration, broken, Math.floor(rng() * 2 ** 31));
      runs += 1;
    }
  }
  return runs;
}
