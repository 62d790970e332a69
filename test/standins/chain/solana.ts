import { createHash } from 'node:crypto';
import { RpcFailure, rpcServer, type RpcServer } from './server.ts';

export const SLOT_MS = 400;
const GENESIS_MS = Date.UTC(2026, 0, 1);
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** 44 characters of base58 made from a text. */
export const base58 = (text: string): string =>
  [...createHash('sha512').update(text).digest()]
    .slice(0, 44)
    .map((byte) => ALPHABET[byte % 58])
    .join('');

export class SolanaCluster {
  /** The newest finalised slot. Every fifth slot has no block. */
  slot = 250_000_001;
  genesis = base58('mainnet');
  now = (after = 2000): number => GENESIS_MS + this.slot * SLOT_MS + after;
}

const hasBlock = (slot: number): boolean => slot % 5 !== 0;

export interface SolanaNode extends RpcServer {
  behind: number;
  forkAt: number | null;
  genesis: string | null;
  /** What getHealth says. */
  health: 'ok' | 'behind';
  delinquent: string[];
}

export async function solanaNode(
  cluster: SolanaCluster,
  over: Partial<SolanaNode> = {},
): Promise<SolanaNode> {
  const own = Math.random().toString();
  const newest = (): number => cluster.slot - node.behind;
  const known = (slot: unknown): number => {
    if (typeof slot !== 'number' || slot > newest())
      throw new RpcFailure(-32_004, `Block not available for slot ${String(slot)}`);
    if (!hasBlock(slot)) throw new RpcFailure(-32_007, `Slot ${slot} was skipped`);
    return slot;
  };
  const server = await rpcServer({
    getGenesisHash: () => node.genesis ?? cluster.genesis,
    getHealth: () => {
      if (node.health === 'behind') throw new RpcFailure(-32_005, 'Node is behind by 900 slots');
      return 'ok';
    },
    getSlot: newest,
    getBlockTime: ([slot]) => Math.floor((GENESIS_MS + known(slot) * SLOT_MS) / 1000),
    getEpochInfo: () => ({
      absoluteSlot: newest(),
      blockHeight: newest() - 1000,
      epoch: Math.floor(newest() / 432_000),
    }),
    getBlocks: ([from, to]) => {
      const first = Number(from);
      return Array.from({ length: Number(to) - first + 1 }, (_, i) => first + i).filter(hasBlock);
    },
    getBlock: ([slot]) => {
      const number = known(slot);
      const branch = node.forkAt !== null && number >= node.forkAt ? own : 'main';
      return { blockhash: base58(`${branch} ${number}`), parentSlot: number - 1, blockTime: 0 };
    },
    getVoteAccounts: () => ({
      current: [],
      delinquent: node.delinquent.map((votePubkey) => ({ votePubkey, lastVote: 1 })),
    }),
  });
  const node: SolanaNode = Object.assign(server, {
    behind: 0,
    forkAt: null,
    genesis: null,
    health: 'ok' as const,
    delinquent: [],
    ...over,
  });
  return node;
}
