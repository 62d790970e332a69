import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { Count, RpcError, type Rpc } from '../chain/rpc.ts';
import { chainKeys, chainProber, chainProblems, optional, type ChainDialect } from '../chain/run.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import { Trouble } from '../talk.ts';

const Base58 = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/, 'an address in base58');

const schema = z.strictObject({
  ...chainKeys,
  /** getGenesisHash of the cluster; absent: that of the references. */
  genesis: Base58.optional(),
  /** Finalised slots behind the references: more is down; `warn_lag` is degraded. 150 are about a minute. */
  max_lag: z.int().min(1).max(10_000_000).default(150),
  max_age: Duration.default(120_000),
  /** A validator's vote account that must not be delinquent. */
  vote_account: Base58.optional(),
});
type Options = z.infer<typeof schema>;

const FINALIZED = { commitment: 'finalized' };
/** Slots below the lowest head at which hashes are compared, and how many are looked through for one with a block. */
const DEPTH = 32;
const SPAN = 16;
/** getHealth of a node that knows it is behind. */
const NODE_UNHEALTHY = -32_005;

const EpochInfo = z.object({ absoluteSlot: Count, epoch: Count, blockHeight: Count.optional() });
const Votes = z.object({ delinquent: z.array(z.object({ votePubkey: z.string() })) });

/** A Solana node, measured against others instead of asked how it feels. */
export const solana = probeKind({
  kind: 'solana',
  summary:
    'Compares a Solana node with at least two others: age of the finalised slot, lag, fork, progress, delinquency.',
  schema,
  example:
    'url: http://validator.internal:8899\nreferences: [https://rpc.example, { secret: solana-rpc-url }]\nmax_lag: 150\nmax_age: 2m',
  check: chainProblems,
  open: (options, deps) => chainProber(options, deps, dialect(options)),
});

function dialect({ genesis, vote_account, max_lag }: Options): ChainDialect {
  const chain = (rpc: Rpc): Promise<string> => rpc.call(Base58, 'getGenesisHash');
  const head = async (rpc: Rpc) => {
    const height = await rpc.call(Count, 'getSlot', [FINALIZED]);
    const at = await optional(rpc.call(z.int().nullable(), 'getBlockTime', [height]));
    return { height, at: at === undefined || at === null ? null : at * 1000 };
  };
  return {
    unit: 'slot',
    chain,
    head,
    wrong: (got) =>
      genesis === undefined || got === genesis ? undefined : `it is on the cluster ${got}, not ${genesis}`,
    async node(rpc) {
      const [id, newest, epoch, healthy, votes] = await Promise.all([
        chain(rpc),
        head(rpc),
        rpc.call(EpochInfo, 'getEpochInfo', [FINALIZED]),
        health(rpc),
        vote_account === undefined
          ? undefined
          : rpc.call(Votes, 'getVoteAccounts', [{ votePubkey: vote_account, keepUnstakedDelinquents: true }]),
      ]);
      if (Math.abs(epoch.absoluteSlot - newest.height) > max_lag)
        throw new Trouble(`getSlot says ${newest.height}, getEpochInfo ${epoch.absoluteSlot}`);
      if (votes?.delinquent.some(({ votePubkey }) => votePubkey === vote_account) === true)
        throw new Trouble(`the validator ${vote_account ?? ''} is delinquent`);
      return { chain: id, ...newest, peers: null, claimsSync: healthy, figures: { epoch: epoch.epoch } };
    },
    async common(node, lowest) {
      const to = lowest - DEPTH;
      if (to < 0) return undefined;
      const slots = await node.call(z.array(Count), 'getBlocks', [Math.max(0, to - SPAN), to, FINALIZED]);
      return slots.at(-1);
    },
    async hash(rpc, slot) {
      const how = {
        ...FINALIZED,
        transactionDetails: 'none',
        rewards: false,
        maxSupportedTransactionVersion: 0,
      };
      return (await rpc.call(z.object({ blockhash: Base58 }), 'getBlock', [slot, how])).blockhash;
    },
  };
}

/** What the node thinks of itself; null when it does not say. */
async function health(rpc: Rpc): Promise<boolean | null> {
  try {
    return (await rpc.call(z.string(), 'getHealth')) === 'ok';
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return error.code === NODE_UNHEALTHY ? false : null;
  }
}
