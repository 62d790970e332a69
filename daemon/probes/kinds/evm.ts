import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { Quantity, type Rpc } from '../chain/rpc.ts';
import { chainKeys, chainProber, chainProblems, optional, type ChainDialect } from '../chain/run.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import { Trouble } from '../talk.ts';

const schema = z.strictObject({
  ...chainKeys,
  /** eth_chainId: 1 is Ethereum. */
  chain_id: z.int().min(1),
  /** More blocks behind the references than this is down; `warn_lag` is degraded. */
  max_lag: z.int().min(1).max(1_000_000).default(20),
  /** A head older than this is down, and halted when everybody's is. */
  max_age: Duration.default(180_000),
  /** 0 where the provider does not tell. */
  min_peers: z.int().min(0).max(10_000).default(1),
  /** Blocks below the head at which hashes are compared: deeper than reorganisations go. */
  confirmations: z.int().min(0).max(10_000).default(12),
});
type Options = z.infer<typeof schema>;

const Block = z.object({
  number: Quantity,
  timestamp: Quantity,
  hash: z.string().regex(/^0x[0-9a-f]{64}$/i),
});

/** A node of an EVM chain (Ethereum JSON-RPC), measured against others instead of asked how it feels. */
export const evm = probeKind({
  kind: 'evm',
  summary: 'Compares an EVM node with at least two others: age of the head, lag, fork, progress, peers.',
  schema,
  example:
    'url: http://node.internal:8545\nchain_id: 1\nreferences: [https://eth.example, { secret: rpc-url }]\nmax_lag: 20\nmax_age: 3m',
  check: chainProblems,
  open: (options, deps) => chainProber(options, deps, dialect(options)),
});

function dialect({ chain_id, confirmations, max_lag }: Options): ChainDialect {
  const latest = (rpc: Rpc) => rpc.call(Block, 'eth_getBlockByNumber', ['latest', false]);
  const chain = async (rpc: Rpc): Promise<string> => String(await rpc.call(Quantity, 'eth_chainId'));
  return {
    unit: 'block',
    chain,
    wrong: (got) => (got === String(chain_id) ? undefined : `it is on the chain ${got}, not ${chain_id}`),
    async node(rpc) {
      const [id, block, number, syncing, peers] = await Promise.all([
        chain(rpc),
        latest(rpc),
        rpc.call(Quantity, 'eth_blockNumber'),
        optional(rpc.call(z.unknown(), 'eth_syncing')),
        optional(rpc.call(Quantity, 'net_peerCount')),
      ]);
      if (Math.abs(number - block.number) > max_lag)
        throw new Trouble(`eth_blockNumber says ${number}, but its newest block is ${block.number}`);
      return {
        chain: id,
        height: Math.min(number, block.number),
        at: block.timestamp * 1000,
        peers: peers ?? null,
        claimsSync: syncing === undefined ? null : syncing === false,
        figures: {},
      };
    },
    async head(rpc) {
      const block = await latest(rpc);
      return { height: block.number, at: block.timestamp * 1000 };
    },
    common: (_node, lowest) => Promise.resolve(Math.max(0, lowest - confirmations)),
    async hash(rpc, height) {
      const block = await rpc.call(Block, 'eth_getBlockByNumber', [`0x${height.toString(16)}`, false]);
      if (block.number !== height) throw new Trouble('it answers with another block than it was asked for');
      return block.hash.toLowerCase();
    },
  };
}
