import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { nodeFs } from '../../daemon/fs.ts';
import type { FileLedger } from '../../daemon/ledger/ledger.ts';
import { openLedger, type LedgerOptions } from '../../daemon/ledger/open.ts';
import type { CheckpointSigner } from '../../daemon/ports/keys.ts';
import type { Projection } from '../../daemon/ports/state.ts';
import { StateHost } from '../../daemon/state/host.ts';
import { counts } from './ledger-basics.ts';
import { ManualClock } from './manual-clock.ts';

export { counts, stopped } from './ledger-basics.ts';

/** A signer with a fresh key. */
export function newSigner(origin = 'test.example/ledger'): CheckpointSigner & { key: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
  const keyId = `key_${createHash('sha256').update(raw).digest('hex').slice(0, 16)}`;
  return { origin, keyId, publicKey: raw, key: privateKey, sign: (bytes) => sign(null, bytes, privateKey) };
}

/** A folder that is removed when the test ends. */
export async function tempDir(prefix = 'reeve-'): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), prefix));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 20 }));
  return dir;
}

export interface Opened {
  ledger: FileLedger;
  state: StateHost;
  clock: ManualClock;
  warnings: string[];
}

/** Opens a ledger with the counting projection on the real file system, unless told otherwise. */
export async function openTest(
  dir: string,
  signer: CheckpointSigner,
  options: Partial<LedgerOptions> & { projections?: readonly Projection[] } = {},
): Promise<Opened> {
  const { projections = [counts], ...rest } = options;
  const state = new StateHost(projections);
  const clock = new ManualClock();
  const warnings: string[] = [];
  const ledger = await openLedger({
    dir,
    fs: nodeFs,
    clock,
    signer,
    fold: state,
    version: '0.0.0-test',
    warn: (what, error) =>
      warnings.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
    ...rest,
  });
  return { ledger, state, clock, warnings };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
