import path from 'node:path';
import type { LedgerRecord } from '../../../contracts/record.ts';
import { readWhole, replaceDurably } from '../../durable.ts';
import { sha256 } from '../../digest.ts';
import type { Fs } from '../../ports/fs.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { KeySet, keysOf, Seen } from './seen.ts';

const MAGIC = Buffer.from('RVSEEN02');
/** Magic, records of the ledger that are in it, keys; then 8 bytes a key, then the SHA-256 of all that. */
const HEADER = 8 + 8 + 8;
const MAX_FILE = 1024 * 1024 * 1024;

/** What came, and up to which record of the ledger that is known. */
export interface Remembered {
  seen: Seen;
  /** Records folded. */
  upto: number;
}

/**
 * What ever came, out of the ledger; `file` keeps what was worked out of it, and on any doubt all is read again. Nothing
 * is forgotten: GitHub signs no time, so what it signed once is right for ever.
 */
export async function remember(fs: Fs, file: string, ledger: Ledger): Promise<Remembered> {
  const { size } = ledger.head();
  const kept = await load(fs, file);
  const known = kept !== undefined && kept.upto <= size ? kept : { seen: new Seen(), upto: 0 };
  for await (const record of ledger.read(known.upto)) note(known, record);
  return known;
}

/** Folds one record. */
export function note(known: Remembered, record: LedgerRecord): void {
  known.upto = record.seq + 1;
  if (record.type !== 'webhook.received') return;
  const { source, delivery, payload } = record.body;
  // A delivery is called after the hash of its id.
  if (payload.digest !== undefined)
    known.seen.add(
      keysOf({
        source,
        id: delivery.slice('dlv_'.length),
        body: payload.digest.slice('sha256:'.length),
      }),
    );
}

export async function keep(fs: Fs, file: string, { seen, upto }: Remembered): Promise<void> {
  const body = Buffer.alloc(HEADER + seen.keys.size * 8);
  MAGIC.copy(body);
  body.writeBigUInt64LE(BigInt(upto), 8);
  body.writeBigUInt64LE(BigInt(seen.keys.size), 16);
  seen.keys.writeTo(body, HEADER);
  await fs.mkdir(path.dirname(file), 0o700);
  await replaceDurably(fs, file, Buffer.concat([body, sha256(body)]));
}

/** Undefined on any doubt. */
async function load(fs: Fs, file: string): Promise<Remembered | undefined> {
  const all = await readWhole(fs, file, MAX_FILE).catch(() => undefined);
  if (all === undefined || all.length < HEADER + 32 || !all.subarray(0, 8).equals(MAGIC)) return undefined;
  const body = all.subarray(0, -32);
  if (!sha256(body).equals(all.subarray(-32))) return undefined;
  const count = Number(body.readBigUInt64LE(16));
  if (body.length !== HEADER + count * 8) return undefined;
  let capacity = 1024;
  while (capacity < count * 4) capacity *= 2;
  const keys = new KeySet(capacity);
  for (let at = HEADER; at < body.length; at += 8)
    keys.add([body.readUInt32LE(at), body.readUInt32LE(at + 4)]);
  return { seen: new Seen(keys), upto: Number(body.readBigUInt64LE(8)) };
}
