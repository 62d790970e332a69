import { createHash } from 'node:crypto';
import { RpcFailure, rpcServer, type RpcServer } from './server.ts';

export const BLOCK_MS = 12_000;
const GENESIS = Date.UTC(2026, 0, 1);

/** A chain that everybody sees the same way: a block every twelve seconds. Tests move its head. */
export class EvmChain {
  head = 1_000_000;
  /** The wall clock when the head is `after` ms old. */
  now = (after = 5000): number => GENESIS + this.head * BLOCK_MS + after;
}

/** One node, and how it sees the chain. */
export interface EvmNode extends RpcServer {
  behind: number;
  /** From this height on it has blocks of its own. */
  forkAt: number | null;
  chainId: number;
  peers: number | null;
  /** What eth_syncing says, true or not. */
  syncing: unknown;
  /** How much younger its blocks claim to be, ms. */
  younger: number;
  /** What eth_blockNumber says when it is not the head. */
  blockNumber: number | null;
}

const hex = (n: number): string => `0x${n.toString(16)}`;

export async function evmNode(chain: EvmChain, over: Partial<EvmNode> = {}): Promise<EvmNode> {
  const own = Math.random().toString();
  const head = (): number => chain.head - node.behind;
  const server = await rpcServer({
    eth_chainId: () => hex(node.chainId),
    eth_blockNumber: () => hex(node.blockNumber ?? head()),
    eth_syncing: () => node.syncing,
    net_peerCount: () => {
      if (node.peers === null) throw new RpcFailure(-32_601, 'the method net_peerCount does not exist');
      return hex(node.peers);
    },
    eth_getBlockByNumber: ([which]) => {
      const number = which === 'latest' ? head() : Number(which);
      if (number > head()) return null;
      const branch = node.forkAt !== null && number >= node.forkAt ? own : 'main';
      return {
        number: hex(number),
        timestamp: hex((GENESIS + number * BLOCK_MS + node.younger) / 1000),
        hash: `0x${createHash('sha256').update(`${branch} ${number}`).digest('hex')}`,
        transactions: [],
      };
    },
  });
  const node: EvmNode = Object.assign(server, {
    behind: 0,
    forkAt: null,
    chainId: 1,
    peers: 25,
    syncing: false,
    younger: 0,
    blockNumber: null,
    ...over,
  });
  return node;
}
