import { randomBytes, verify, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeyFromRaw } from '../daemon/ed25519.ts';
import { nodeFs } from '../daemon/fs.ts';
import { grantsProjection } from '../daemon/grants/projection.ts';
import { grantService } from '../daemon/grants/service.ts';
import { parseToken, type ParsedToken } from '../daemon/grants/token.ts';
import { initKeys } from '../daemon/keys/store.ts';
import type { Grants } from '../daemon/ports/grants.ts';
import { ManualClock } from '../test/helpers/manual-clock.ts';
import { MemoryLedger } from '../test/helpers/memory-ledger.ts';
import type { Bench } from './types.ts';

const TOKENS = 256;
const ROUNDS = 12;

interface Prepared {
  dir: string;
  grants: Grants;
  tokens: string[];
  bare: ParsedToken[];
  key: KeyObject;
}
let prepared: Prepared | undefined;

function ready(): Prepared {
  if (prepared === undefined) throw new Error('setup() has not run');
  return prepared;
}

/** Calls per second. */
function rate(run: (index: number) => boolean): number {
  const start = process.hrtime.bigint();
  for (let n = 0; n < TOKENS * ROUNDS; n++) {
    if (!run(n % TOKENS)) throw new Error('a good grant was refused');
  }
  return (TOKENS * ROUNDS) / (Number(process.hrtime.bigint() - start) / 1e9);
}

/** The whole verification of different tokens (form, key, signature, schema, canonical form, state, scope) against OpenSSL alone. */
export const grantVerification: Bench = {
  name: 'grant-verify',
  unit: 'verifications/s',
  goal: 0.8,
  better: 'higher',
  runs: 7,
  async setup() {
    const dir = await mkdtemp(join(tmpdir(), 'reeve-bench-'));
    const clock = new ManualClock();
    const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
    const keys = await initKeys({ folder: join(dir, 'keys'), fs: nodeFs, clock, random });
    const ledger = new MemoryLedger(clock, [grantsProjection]);
    const halted = (): undefined => undefined;
    const origin = 'bench.reeve/home';
    const grants = grantService({ ledger, state: ledger, keys, clock, random, origin, halted });
    await grants.enrolKeys('bench');
    const tokens: string[] = [];
    for (let n = 0; n < TOKENS; n++) {
      const { token } = await grants.issue({
        how: 'confirmed',
        iss: 'alice',
        sub: 'person:alice',
        prj: ['shop'],
        cap: ['deploy:prod', 'rollback:prod'],
        lifetime_ms: 300_000,
        uses: 1,
        plan: `sha256:${Buffer.from(random(32)).toString('hex')}`,
        reason: `release ${n}`,
      });
      tokens.push(token);
    }
    const key = publicKeyFromRaw(keys.signer('grant').publicKey);
    prepared = { dir, grants, tokens, bare: tokens.map(parseToken), key };
  },
  async ours() {
    const { grants, tokens } = ready();
    const wanted = { project: 'shop', cap: 'deploy:prod', sub: 'person:alice' };
    return rate((i) => grants.verify(tokens[i] ?? '', wanted).v === 1);
  },
  async reference() {
    const { bare, key } = ready();
    return rate((i) => {
      const token = bare[i];
      return token !== undefined && verify(null, token.signed, key, token.signature);
    });
  },
  async teardown() {
    if (prepared !== undefined) await rm(prepared.dir, { recursive: true, force: true });
    prepared = undefined;
  },
};
export const benches: Bench[] = [grantVerification];
