import type { z } from 'zod';
import type { Clock } from './clock.ts';
import type { Finding } from './probes.ts';
import type { Secrets } from './secrets.ts';

/** What a prober may use of the daemon. */
export interface ProberDeps {
  clock: Clock;
  /** Values of secrets that the estate names. Never put one into a Finding. */
  secrets: Pick<Secrets, 'get'>;
  /** Entries of network.allow as they are now: what `addressProblem` (daemon/address.ts) takes. */
  allowed(): readonly string[];
  /** Root of the estate. */
  root: string;
  /** Name of the probe. */
  probe: string;
}

/** One probe, opened: it may keep connections and what it saw before. */
export interface Prober {
  /**
   * One run. Never rejects: whatever happens is a finding, and a person can read its `why` (what was expected, what came;
   * no stack, no secret, at most 300 characters, one line). Ends soon after `signal` aborts (its time is over) and leaves
   * nothing open that is not kept for the next run. Trouble on our own side (no address family, out of file descriptors,
   * resolver unreachable, no route) is `inconclusive`, never `down`.
   */
  run(signal: AbortSignal): Promise<Finding>;
  close(): Promise<void> | void;
}

/** One kind of probe: a file in daemon/probes/kinds and a line in its index. */
export interface ProbeKind<S extends z.ZodObject = z.ZodObject> {
  kind: string;
  summary: string;
  /** The kind's own keys, strict; the common ones are taken off before. */
  schema: S;
  /** A YAML example of the kind's own keys, shown by `reeve probe kinds`. */
  example: string;
  /** What no schema can see. One line for people each. */
  check?(options: z.infer<S>): string[];
  /** Opens it; connects to nothing yet. Heavy libraries are imported in the first run. */
  open(options: z.infer<S>, deps: ProberDeps): Prober;
}

/** Keeps the types of one kind together while it is written down; a list of kinds forgets them. */
export const probeKind = <S extends z.ZodObject>(kind: ProbeKind<S>): ProbeKind => kind;
