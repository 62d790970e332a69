import type { Finding } from '../../ports/probes.ts';
import { shownTime } from '../amount.ts';
import { found } from '../target.ts';
import { sentence } from '../talk.ts';

/** The newest block (or slot) that somebody has. */
export interface Head {
  height: number;
  /** When the block was made, ms, by its own timestamp; null when that is not told. */
  at: number | null;
}

export interface Reference extends Head {
  name: string;
}

export interface Limits {
  /** Blocks (slots). */
  max_lag: number;
  warn_lag?: number | undefined;
  /** ms */
  max_age: number;
  min_peers: number;
}

/** Everything one run has seen. */
export interface Look {
  /** Wall clock, ms. */
  now: number;
  unit: 'block' | 'slot';
  node: Head;
  references: readonly Reference[];
  /** Why the others cannot be used. */
  troubles: readonly string[];
  /** Whether the node has the references' block at a height that all of them have; null: it could not be compared. */
  same: boolean | null;
  peers: number | null;
  /** What the node says of itself: shown, never believed. */
  claimsSync: boolean | null;
  figures: Record<string, number>;
}

/** What earlier runs have seen: heights, and since when they stand, ms. */
export interface Past {
  node: { height: number; since: number };
  reference: { height: number; since: number };
}

/**
 * The newest height at which two references or more are, and who is there. One alone, however far ahead, is not enough:
 * it may be the one that is wrong.
 */
export function agreed<T extends Reference>(references: readonly T[], tolerance: number): T[] | undefined {
  const sorted = references.toSorted((a, b) => b.height - a.height);
  for (const top of sorted) {
    const near = sorted.filter(({ height }) => height <= top.height && height >= top.height - tolerance);
    if (near.length >= 2) return near;
  }
  return undefined;
}

/**
 * The references whose newest block can exist by now. When that of every one is in the future it is rather our own clock that
 * is wrong, and all of them stay.
 */
export function possible<T extends Head>(references: readonly T[], now: number): T[] {
  const future = ({ at }: T): boolean => at !== null && at > now + FUTURE_MS;
  return references.every((one) => one.at === null || future(one))
    ? [...references]
    : references.filter((one) => !future(one));
}

/**
 * The verdict about a node. It rests on what cannot be claimed: the timestamp of its head, its distance to the references,
 * its block at a common height, its progress. References that are missing or disagree make it inconclusive.
 */
export function judge(
  look: Look,
  past: Past | undefined,
  limits: Limits,
): { finding: Finding; past: Past | undefined } {
  const { node, now, unit, references } = look;
  const near = agreed(references, limits.max_lag);
  const figures: Record<string, number> = {
    ...look.figures,
    head: node.height,
    references: references.length,
  };
  if (node.at !== null) figures['head_age_ms'] = Math.max(0, now - node.at);
  if (look.peers !== null) figures['peers'] = look.peers;
  if (look.claimsSync !== null) figures['claims_sync'] = look.claimsSync ? 1 : 0;
  // Whoever is ahead is believed, since the stuck agree with one another, too; but not against more who stand by the node.
  const others = references.filter(
    (one) => near?.includes(one) !== true && Math.abs(one.height - node.height) <= limits.max_lag,
  );
  if (near === undefined || others.length > near.length)
    return { finding: { ...unproven(look), figures }, past };

  const top = Math.max(...near.map(({ height }) => height));
  const times = near.flatMap(({ at }) => (at === null ? [] : [at]));
  const lag = top - node.height;
  figures[`lag_${unit}s`] = lag;
  const next: Past = {
    node: standing(node.height, past?.node, now),
    reference: standing(top, past?.reference, now),
  };
  const finding = (verdict: Finding['verdict'], why: string): { finding: Finding; past: Past } => ({
    finding: { ...found(verdict, sentence(why)), figures },
    past: next,
  });
  const age = (at: number): string => shownTime(Math.max(0, now - at));
  const claim = look.claimsSync === true ? ', though it says that it is in sync' : '';
  const aged = node.at === null ? '' : `, its head is ${age(node.at)} old`;

  if (lag > limits.max_lag)
    return finding('down', `it is ${lag} ${unit}s behind the references${aged}${claim}`);
  if (look.same === false)
    return finding(
      'down',
      `its ${unit} below the head is another one than the references': it follows a fork${claim}`,
    );
  const newest = Math.max(...times);
  if (node.at !== null && node.at > now + FUTURE_MS && times.length > 0 && newest <= now + FUTURE_MS)
    return finding(
      'down',
      `its head is ${age(2 * now - node.at)} in the future, the references' is not${claim}`,
    );
  if (lag < -limits.max_lag)
    return finding(
      'inconclusive',
      `it is ${-lag} ${unit}s ahead of the references, which prove nothing then`,
    );
  if (times.length > 0 && newest > now + FUTURE_MS)
    return finding(
      'inconclusive',
      `the newest ${unit} is ${age(2 * now - newest)} in the future: is this machine's clock right?`,
    );
  if (times.length > 0 && now - newest > limits.max_age) {
    const all = `the newest ${unit} of all is ${age(newest)} old`;
    if (past === undefined)
      return finding('inconclusive', `${all}; the next run will tell whether the chain goes on`);
    if (top > past.reference.height || node.height > past.node.height)
      return finding('inconclusive', `${all}, but the chain goes on: is this machine's clock right?`);
    return finding('halted', `the chain makes no ${unit}s: ${all}, here and at ${near.length} references`);
  }
  if (node.at !== null && now - node.at > limits.max_age)
    return finding('down', `its head is ${age(node.at)} old, the references' ${age(newest)}${claim}`);
  const stood = now - next.node.since;
  if (stood > limits.max_age && next.reference.since > next.node.since)
    return finding('down', `its head has stood for ${shownTime(stood)} while the references went on${claim}`);
  if (look.peers !== null && look.peers < limits.min_peers)
    return finding('degraded', `it has ${look.peers} peers, not ${limits.min_peers}`);
  if (limits.warn_lag !== undefined && lag > limits.warn_lag)
    return finding('degraded', `it is ${lag} ${unit}s behind the references`);
  return finding('up', '');
}

/** Ethereum accepts blocks 15 s in the future; clocks of machines differ by less than a minute. */
const FUTURE_MS = 60_000;

const standing = (height: number, before: Past['node'] | undefined, now: number): Past['node'] =>
  before === undefined || height > before.height ? { height, since: now } : before;

function unproven({ references, troubles, unit }: Look): Finding {
  const [first = ''] = troubles;
  if (references.length < 2)
    return found(
      'inconclusive',
      sentence(
        `only ${references.length} of ${references.length + troubles.length} references can be used: ${first}`,
      ),
    );
  const heads = references.map(({ name, height }) => `${name} at ${height}`).join(', ');
  return found('inconclusive', sentence(`the references disagree about the newest ${unit}: ${heads}`));
}
