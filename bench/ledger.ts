import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { mkdtemp, open as openFile, readdir, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../daemon/clock.ts';
import { nodeFs } from '../daemon/fs.ts';
import { openLedger, verifyLedger } from '../daemon/ledger/index.ts';
import type { CheckpointSigner } from '../daemon/ports/keys.ts';
import type { Ledger } from '../daemon/ports/ledger.ts';
import { StateHost } from '../daemon/state/host.ts';
import { lowdbSnapshots } from '../daemon/state/snapshots.ts';
import { step, tally, type Step } from './ledger-records.ts';
import type { Bench } from './types.ts';

// As the command line does, for the threads that a verification starts.
enableCompileCache();

export function newSigner(): CheckpointSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
  return {
    origin: 'bench',
    keyId: `key_${'0'.repeat(16)}`,
    publicKey: raw,
    sign: (bytes) => sign(null, bytes, privateKey),
  };
}

async function openIn(home: string, signer: CheckpointSigner): Promise<Ledger> {
  return openLedger({
    dir: join(home, 'ledger'),
    fs: nodeFs,
    clock: systemClock,
    signer,
    fold: new StateHost([tally]),
    snapshots: lowdbSnapshots(join(home, 'state.json')),
    version: 'bench',
  });
}

/** Appends per second of `clients` that each wait for their own record before the next. */
async function rate(
  clients: number,
  total: number,
  append: (step: Step) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < total) await append(step(next++));
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return (total / (performance.now() - start)) * 1000;
}

/**
 * The bare loop: one JSON line a record, one write and one fdatasync for all that waits, one flush in flight. No schema, no
 * canonical form, no hash, no state.
 */
class BareLog {
  readonly #file: FileHandle;
  #seq = 0;
  #lines = '';
  #waiting: (() => void)[] = [];
  #flushing = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  append({ type, body }: Step): Promise<void> {
    this.#lines += `${JSON.stringify({ body, seq: this.#seq++, ts: Date.now(), type, v: 1 })}\n`;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#flushing) void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    do {
      // Whoever waits gets on the same flush; without this every other flush would carry one record.
      await new Promise((resolve) => setImmediate(resolve));
      const data = Buffer.from(this.#lines);
      const waiting = this.#waiting;
      this.#lines = '';
      this.#waiting = [];
      await this.#file.write(data);
      await this.#file.datasync();
      for (const resolve of waiting) resolve();
    } while (this.#waiting.length > 0);
    this.#flushing = false;
  }
}

function appendBench(name: string, clients: number, total: number, goal: number): Bench {
  let home = '';
  let ledger: Ledger | undefined;
  let file: FileHandle | undefined;
  let bare: BareLog | undefined;
  return {
    name,
    unit: 'records/s',
    goal,
    better: 'higher',
    runs: 7,
    async setup() {
      home = await mkdtemp(join(tmpdir(), 'reeve-bench-'));
      ledger = await openIn(home, newSigner());
      file = await openFile(join(home, 'bare.jsonl'), 'a');
      bare = new BareLog(file);
      // A daemon runs for weeks: what is compared is the warmed-up pace of both.
      const [ours, reference] = [this.ours.bind(this), this.reference.bind(this)];
      for (let i = 0; i < 3; i++) {
        await ours();
        await reference();
      }
    },
    ours: () =>
      rate(
        clients,
        total,
        ({ type, body }) => ledger?.append(type, body) ?? Promise.reject(new Error('no setup')),
      ),
    reference: () => rate(clients, total, (s) => bare?.append(s) ?? Promise.reject(new Error('no setup'))),
    async teardown() {
      await ledger?.close();
      await file?.close();
      await rm(home, { recursive: true });
    },
  };
}

/** The big ledger that opening and verifying are measured on; made once for both. */
const RECORDS = Number(process.env['REEVE_BENCH_RECORDS'] ?? 1_000_000);
let big: Promise<{ home: string; seed: Buffer }> | undefined;
let users = 0;

async function makeBig(): Promise<{ home: string; seed: Buffer }> {
  const home = await mkdtemp(join(tmpdir(), 'reeve-bench-'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
  const signer = {
    ...newSigner(),
    publicKey: raw,
    sign: (bytes: Uint8Array) => sign(null, bytes, privateKey),
  };
  const ledger = await openIn(home, signer);
  await rate(2000, RECORDS, ({ type, body }) => ledger.append(type, body));
  await ledger.close();
  return { home, seed: privateKey.export({ format: 'der', type: 'pkcs8' }) };
}
const useBig = async (): Promise<void> => {
  users += 1;
  await (big ??= makeBig());
};
const leaveBig = async (): Promise<void> => {
  users -= 1;
  if (users > 0 || big === undefined) return;
  await rm((await big).home, { recursive: true });
  big = undefined;
};

/** Opens the big ledger in a process of its own; returns milliseconds and its peak memory. */
async function openBig(): Promise<{ ms: number; rssMiB: number }> {
  const { home, seed } = await (big ?? makeBig());
  const script = join(import.meta.dirname, 'ledger-open.ts');
  const child = spawn(process.execPath, [script, home, seed.toString('base64')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  for await (const chunk of child.stdout) out += String(chunk);
  return JSON.parse(out) as { ms: number; rssMiB: number };
}

const openTime: Bench = {
  name: 'ledger-open-1m',
  unit: 'ms',
  // The reference is the limit itself, 500 ms.
  goal: 1,
  better: 'lower',
  runs: 5,
  setup: useBig,
  ours: async () => (await openBig()).ms,
  reference: () => Promise.resolve(500),
  teardown: leaveBig,
};

const openMemory: Bench = {
  name: 'ledger-open-1m-rss',
  unit: 'MiB',
  // The reference is the limit itself, 120 MiB.
  goal: 1,
  better: 'lower',
  runs: 3,
  setup: useBig,
  ours: async () => (await openBig()).rssMiB,
  reference: () => Promise.resolve(120),
  teardown: leaveBig,
};

/** MB/s of verifying everything (lines, tree, checkpoints), as the command line does, against reading and hashing the same bytes in one stream. */
const verifyRate: Bench = {
  name: 'ledger-verify-1m',
  unit: 'MB/s',
  goal: 0.6,
  better: 'higher',
  runs: 5,
  setup: useBig,
  async ours() {
    const { home } = await (big ?? makeBig());
    const start = performance.now();
    const report = await verifyLedger(join(home, 'ledger'), { blocking: true });
    const ms = performance.now() - start;
    if (!report.ok || report.size < RECORDS)
      throw new Error(`the ledger does not verify: ${JSON.stringify(report)}`);
    return report.bytes / ms / 1000;
  },
  async reference() {
    const dir = join((await (big ?? makeBig())).home, 'ledger');
    const names = (await readdir(dir)).filter((name) => name.endsWith('.jsonl')).sort();
    const buffer = Buffer.alloc(1024 * 1024);
    const start = performance.now();
    const hash = createHash('sha256');
    let bytes = 0;
    for (const name of names) {
      const fd = openSync(join(dir, name), 'r');
      for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) {
        hash.update(got === buffer.length ? buffer : buffer.subarray(0, got));
        bytes += got;
      }
      closeSync(fd);
    }
    hash.digest();
    return bytes / (performance.now() - start) / 1000;
  },
  teardown: leaveBig,
};

export const benches: Bench[] = [
  appendBench('ledger-append-128', 128, 20_000, 0.7),
  appendBench('ledger-append-1', 1, 800, 0.8),
  openTime,
  openMemory,
  verifyRate,
];
