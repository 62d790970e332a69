import { z } from 'zod';
import type { ProberDeps } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { found } from '../target.ts';
import { Trouble, sentence } from '../talk.ts';
import { agreed, judge, possible, type Head, type Past } from './judge.ts';
import { Endpoint, Rpc, endpointProblem, nameOf } from './rpc.ts';

/** Keys that all chains have. */
export const chainKeys = {
  url: Endpoint,
  /** Independent nodes of other people to compare with. */
  references: z.array(Endpoint).min(2).max(10),
  warn_lag: z.int().min(1).max(1_000_000).optional(),
};

export interface ChainOptions {
  url: Endpoint;
  references: Endpoint[];
  max_lag: number;
  warn_lag?: number | undefined;
  max_age: number;
  min_peers?: number;
}

export function chainProblems({ url, references, warn_lag, max_lag }: ChainOptions): string[] {
  const problems: string[] = [];
  for (const [key, endpoint] of [
    ['url', url] as const,
    ...references.map((one) => ['references', one] as const),
  ]) {
    const why = endpointProblem(endpoint);
    if (why !== undefined) problems.push(`${key}: ${nameOf(endpoint)}: ${why}`);
  }
  const all = [url, ...references].map((one) =>
    typeof one === 'string' && URL.canParse(one) ? new URL(one).href : JSON.stringify(one),
  );
  if (new Set(all).size < all.length) problems.push('references: the same address twice proves nothing');
  if (warn_lag !== undefined && warn_lag >= max_lag) problems.push('warn_lag is not below max_lag');
  return problems;
}

/** What a kind of chain knows: how to ask. All reject Trouble. */
export interface ChainDialect {
  unit: 'block' | 'slot';
  /** The node itself: its head and what it says. */
  node(rpc: Rpc): Promise<
    Head & {
      chain: string;
      peers: number | null;
      claimsSync: boolean | null;
      figures: Record<string, number>;
    }
  >;
  /** What a reference must have in common with the node. */
  chain(rpc: Rpc): Promise<string>;
  /** Why a node on that chain is the wrong one; undefined when it is right. */
  wrong(chain: string): string | undefined;
  head(rpc: Rpc): Promise<Head>;
  /** The height to compare blocks at, below these heads. */
  common(node: Rpc, lowest: number): Promise<number | undefined>;
  hash(rpc: Rpc, height: number): Promise<string>;
}

/** Runs a chain probe: it keeps what earlier runs saw, and which chain each reference is on. */
export function chainProber(
  options: ChainOptions,
  deps: ProberDeps,
  dialect: ChainDialect,
): { run(signal: AbortSignal): Promise<Finding>; close(): void } {
  let past: Past | undefined;
  /** By the place in the list: the address that was asked, and its chain. Nobody moves without a new address. */
  const chains = new Map<number, { at: string; chain: string }>();

  /** @param before the addresses of the node and of the references before this one */
  const reference = async (rpc: Rpc, i: number, before: readonly Promise<string | undefined>[]) => {
    const at = await rpc.address();
    const twin = (await Promise.all(before)).indexOf(at);
    if (twin >= 0)
      throw new Trouble(twin === 0 ? 'it is the node itself' : 'it is the same as another reference');
    const known = chains.get(i);
    const chain = known?.at === at ? known.chain : await dialect.chain(rpc);
    chains.set(i, { at, chain });
    return { ...(await dialect.head(rpc)), name: rpc.name, chain, rpc };
  };

  const look = async (signal: AbortSignal): Promise<Finding> => {
    const started = deps.clock.monotonic();
    const rpc = new Rpc(options.url, deps, signal);
    const rpcs = options.references.map((endpoint) => new Rpc(endpoint, deps, signal));
    let ms = 0;
    const asked = dialect.node(rpc).finally(() => (ms = deps.clock.monotonic() - started));
    const addresses = [rpc, ...rpcs].map((one) => one.address().catch(() => undefined));
    const [node, ...others] = await Promise.allSettled([
      asked,
      ...rpcs.map((one, i) => reference(one, i, addresses.slice(0, i + 1))),
    ]);
    if (node.status === 'rejected') return nodeTrouble(node.reason, rpc.name);
    const { chain } = node.value;
    const troubles: string[] = [];
    const answered = others.flatMap((one, i) => {
      if (one.status === 'fulfilled') return [one.value];
      troubles.push(`${rpcs[i]?.name ?? ''}: ${messageOf(one.reason)}`);
      return [];
    });
    const wrong = dialect.wrong(chain) ?? elsewhere(chain, answered);
    if (wrong !== undefined) return found('down', sentence(wrong), ms);
    const now = deps.clock.now();
    const here = answered.filter((one) => one.chain === chain);
    for (const one of answered)
      if (one.chain !== chain) troubles.push(`${one.name}: it is on another chain (${one.chain})`);
    const usable = possible(here, now);
    for (const { name } of here.filter((one) => !usable.includes(one)))
      troubles.push(`${name}: its newest ${dialect.unit} is in the future`);
    const near = agreed(usable, options.max_lag);
    const same = near === undefined ? null : await sameBlock(dialect, rpc, node.value.height, near);
    const judged = judge(
      {
        now,
        unit: dialect.unit,
        node: node.value,
        references: usable,
        troubles,
        same,
        ...told(node.value),
      },
      past,
      {
        max_lag: options.max_lag,
        warn_lag: options.warn_lag,
        max_age: options.max_age,
        min_peers: options.min_peers ?? 0,
      },
    );
    past = judged.past;
    return { ...judged.finding, ms };
  };

  return {
    async run(limit) {
      // Whatever is still under way when the verdict is known ends with the run.
      const over = new AbortController();
      try {
        return await look(AbortSignal.any([limit, over.signal]));
      } finally {
        over.abort();
      }
    },
    close: () => undefined,
  };
}

const told = ({ peers, claimsSync, figures }: Awaited<ReturnType<ChainDialect['node']>>) => ({
  peers,
  claimsSync,
  figures,
});

/** Two references or more that are on one chain, and nobody on the node's: it is the node that is elsewhere. */
function elsewhere(chain: string, references: readonly { chain: string }[]): string | undefined {
  const [first, ...rest] = references.map((one) => one.chain);
  if (first === undefined || rest.length === 0 || first === chain || rest.some((one) => one !== first))
    return undefined;
  return `it is on the chain ${chain}, the references on ${first}`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function nodeTrouble(error: unknown, name: string): Finding {
  if (error instanceof Trouble) return found(error.verdict, sentence(`${name}: ${error.message}`));
  return found('inconclusive', sentence(`${name}: ${messageOf(error)}`));
}

/**
 * Whether the node has the block that two references or more have, and none of them another. Null when that cannot be
 * found out.
 */
async function sameBlock(
  dialect: ChainDialect,
  node: Rpc,
  newest: number,
  references: readonly { rpc: Rpc; height: number }[],
): Promise<boolean | null> {
  try {
    const height = await dialect.common(node, Math.min(newest, ...references.map((one) => one.height)));
    if (height === undefined) return null;
    const [own, ...theirs] = await Promise.all(
      [node, ...references.map((one) => one.rpc)].map((rpc) =>
        dialect.hash(rpc, height).catch(() => undefined),
      ),
    );
    const known = theirs.filter((hash) => hash !== undefined);
    if (own === undefined || known.length < 2 || new Set(known).size > 1) return null;
    return own === known[0];
  } catch {
    return null;
  }
}

/** What an optional method says; undefined when the node does not offer or tell it. */
export async function optional<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  }
}
