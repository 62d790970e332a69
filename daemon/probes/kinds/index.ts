import type { ProbeKind } from '../../ports/probe-kinds.ts';
import { command } from './command.ts';
import { disk } from './disk.ts';
import { dns } from './dns.ts';
import { evm } from './evm.ts';
import { grpc } from './grpc.ts';
import { heartbeat } from './heartbeat.ts';
import { http } from './http.ts';
import { icmp } from './icmp.ts';
import { postgres } from './postgres.ts';
import { process } from './process.ts';
import { redis } from './redis.ts';
import { solana } from './solana.ts';
import { tcp } from './tcp.ts';
import { tls } from './tls.ts';
import { websocket } from './websocket.ts';

/** Every kind of probe. A new one is a file in this folder and a line here. */
export const kinds = [
  command,
  disk,
  dns,
  evm,
  grpc,
  heartbeat,
  http,
  icmp,
  postgres,
  process,
  redis,
  solana,
  tcp,
  tls,
  websocket,
] as const satisfies readonly ProbeKind[];
