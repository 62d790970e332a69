import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { SentinelSpec } from '../../contracts/estate/drills.ts';
import { canonical } from '../../daemon/canonical.ts';
import { digestOf } from '../../daemon/digest.ts';
import type { BootedCopy, DriverContext, DriverDeps } from '../../daemon/drills/driver.ts';
import { leftoversIn } from '../../daemon/drills/leftovers.ts';
import { drills, provenBackups } from '../../daemon/drills/projection.ts';
import { sentinelMemory } from '../../daemon/drills/sentinels/memory.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { initKeys } from '../../daemon/keys/store.ts';
import { formatVkey, readLedger, verifyLedger } from '../../daemon/ledger/index.ts';
import { addLeaf, leafHash, rootOf, toHex, type Peaks } from '../../daemon/ledger/merkle.ts';
import { openLedger } from '../../daemon/ledger/open.ts';
import type { Artifacts } from '../../daemon/ports/artifacts.ts';
import type { Clock } from '../../daemon/ports/clock.ts';
import type { Head } from '../../daemon/ports/ledger.ts';
import type { Projection } from '../../daemon/ports/state.ts';
import { openSecrets } from '../../daemon/secrets/store.ts';
import { StateHost } from '../../daemon/state/host.ts';
import { counts, openTest } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

export const JOB = `job_${'a'.repeat(32)}`;
export const SECRET = 'correct-horse-battery-staple';
const projections: readonly Projection[] = [counts, drills];
const ORIGIN = 'test.example/ledger';

/** Artifacts in memory, by digest. */
export class MemoryArtifacts implements Pick<Artifacts, 'put' | 'get'> {
  readonly stored = new Map<string, Buffer>();
  async put(
    data: Uint8Array | AsyncIterable<Uint8Array>,
    meta: { mediaType: string; name?: string },
  ): Promise<ArtifactRef> {
    if (!(data instanceof Uint8Array)) throw new TypeError('only whole bytes here');
    const digest = digestOf(data);
    this.stored.set(digest, Buffer.from(data));
    return { ref: `artifact:${digest}`, digest, size: data.length, ...meta };
  }
  async get(digest: string): Promise<Uint8Array> {
    const bytes = this.stored.get(digest);
    if (bytes === undefined) throw fail('ARTIFACT_NOT_FOUND', { digest });
    return bytes;
  }
}

export interface HomeOptions {
  clock?: Clock;
  passphrase?: string;
  /** Records beyond the first. */
  records?: number;
  segmentBytes?: number;
  keep?: number;
  sentinels?: Record<string, SentinelSpec>;
}

/** A home with a real ledger, key store and secrets, and the drivers' view of it. */
export async function makeHome(home: string, options: HomeOptions = {}) {
  const clock = options.clock ?? new ManualClock();
  const keyOptions = {
    fs: nodeFs,
    clock,
    folder: join(home, 'keys'),
    random: (n: number) => randomBytes(n),
    passphrase: options.passphrase,
  };
  const keys = await initKeys(keyOptions);
  const secrets = await openSecrets({
    fs: nodeFs,
    clock,
    sealer: keys.sealer,
    path: join(home, 'secrets.json'),
  });
  await secrets.set('DB_PASSWORD', SECRET);
  const signer = keys.checkpointSigner(ORIGIN);
  const { ledger, state } = await openTest(join(home, 'ledger'), signer, {
    clock,
    projections,
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
  });
  const more = async (n: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: n }, (_, i) =>
        ledger.append('daemon.stopped', { why: `record ${i}`, uptime_ms: i }),
      ),
    );
  };
  await more(options.records ?? 50);
  const scratchRoot = join(home, 'jobs', 'scratch');
  const scratch = join(scratchRoot, 'attempt-1');
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const artifacts = new MemoryArtifacts();
  const notes: string[] = [];
  const sentinels = sentinelMemory({
    fs: nodeFs,
    dir: join(home, 'drills', 'sentinels'),
    specs: () => options.sentinels ?? {},
  });
  const vkey = formatVkey(ORIGIN, signer.publicKey);
  const deps: DriverDeps = {
    fs: nodeFs,
    clock,
    ledger,
    artifacts,
    home,
    scratchRoot,
    sentinels,
    leftovers: leftoversIn(nodeFs, join(home, 'drills', 'leftovers')),
    version: '0.0.0-test',
    publicKeys: () => keys.list(),
    captureState: () => digestOf(canonical(state.capture())),
    rootAt: (size) => rootAt(join(home, 'ledger'), size),
    verify: (dir) => verify(dir, vkey),
    replay,
    boot: (dir) => boot(dir, signer, clock),
    proven: () => provenBackups(state.get(drills)),
    note: (message, fields) => notes.push(`${message} ${JSON.stringify(fields)}`),
    ...(options.keep === undefined ? {} : { keep: options.keep }),
  };
  const context: DriverContext = {
    scratch,
    job_id: JOB,
    attempt_id: `${JOB}.1`,
    signal: new AbortController().signal,
    root: home,
    secret: (name) => secrets.get(name),
    log: async () => {},
  };
  return {
    home,
    clock,
    keys,
    keyOptions,
    secrets,
    sentinels,
    ledger,
    state,
    more,
    deps,
    context,
    artifacts,
    notes,
    scratch,
    vkey,
  };
}
export type TestHome = Awaited<ReturnType<typeof makeHome>>;

async function verify(dir: string, vkey: string): Promise<Head> {
  const { problems, size, root } = await verifyLedger(dir, { publicKeys: [vkey] });
  const [problem] = problems;
  if (problem !== undefined) throw fail(problem.code, {}, { cause: new Error(problem.message) });
  return { size, root };
}

async function rootAt(dir: string, size: number): Promise<string> {
  let peaks: Peaks | null = null;
  for await (const record of readLedger(dir, 0, size)) peaks = addLeaf(peaks, leafHash(canonical(record)));
  return toHex(rootOf(peaks));
}

async function replay(dir: string, size: number): Promise<string> {
  const fold = new StateHost(projections);
  for await (const record of readLedger(dir, 0, size)) fold.apply(record);
  return digestOf(canonical(fold.capture()));
}

async function boot(dir: string, signer: Parameters<typeof openTest>[1], clock: Clock): Promise<BootedCopy> {
  const fold = new StateHost(projections);
  return openLedger({ dir, fs: nodeFs, clock, signer, fold, version: '0.0.0-test' });
}
