import type { z } from 'zod';
import type { Json } from '../../contracts/json.ts';
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
  /** Rejects when a person must accept this probe first: it runs code of the estate. */
  accepted(): Promise<void>;
  /** A little that must outlive a restart: the last call of a heartbeat, the progress of a chain. */
  memo: ProbeMemo;
}

/** One JSON value of one probe (or kind), under 4 KiB. It is forgotten when the probe's kind changes or it is removed. */
export interface ProbeMemo {
  /** Undefined when nothing, or nothing legible, was saved. */
  load(): Promise<Json | undefined>;
  /** Durable when it resolves; rejects as the disk does. Not for every run: for what changes seldom. */
  save(value: Json): Promise<void>;
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
  /**
   * Heartbeats only: somebody called its push URL. Durable (memo) when it resolves; the probe is run right after, and that
   * run finds what the call means.
   */
  push?(event: PushEvent, text: string): Promise<void>;
  close(): Promise<void> | void;
}

export type PushEvent = 'start' | 'ping' | 'fail';

/** One kind of probe: a file in daemon/probes/kinds and a line in its index. */
export interface ProbeKind<S extends z.ZodObject = z.ZodObject> {
  kind: string;
  summary: string;
  /** The kind's own keys, strict; the common ones are taken off before. */
  schema: S;
  /** A YAML example of the kind's own keys, shown by `reeve probe kinds`. */
  example: string;
  /** It looks at this machine alone (disk, process …): a dead uplink explains none of its findings. */
  local?: boolean;
  /** What no schema can see. One line for people each. */
  check?(options: z.infer<S>): string[] | Promise<string[]>;
  /** Opens it; connects to nothing yet. Heavy libraries are imported in the first run. */
  open(options: z.infer<S>, deps: ProberDeps): Prober;
}

/** Keeps the types of one kind together while it is written down; a list of kinds forgets them. */
export const probeKind = <S extends z.ZodObject>(kind: ProbeKind<S>): ProbeKind => kind;
