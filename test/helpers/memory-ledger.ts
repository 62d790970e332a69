import { fail } from '../../contracts/errors.ts';
import { recordBodies, type LedgerRecord, type RecordBody, type RecordType } from '../../contracts/record.ts';
import { canonical } from '../../daemon/canonical.ts';
import { sha256Hex } from '../../daemon/digest.ts';
import type { Clock } from '../../daemon/ports/clock.ts';
import type { AppendResult, Head, Ledger } from '../../daemon/ports/ledger.ts';
import type { Projection, StateView } from '../../daemon/ports/state.ts';

/**
 * The ledger port in memory: synchronous sequencing, guard at that instant, projections folded inside the call, and
 * "durable" a turn of the event loop later. Its root is a hash over the one before and the newest line, not a Merkle tree.
 */
export class MemoryLedger implements Ledger, StateView {
  readonly lines: string[] = [];
  readonly #clock: Clock;
  readonly #projections: readonly Projection[];
  #states = new Map<string, unknown>();
  #listeners = new Set<(record: LedgerRecord) => void>();
  #last = 0;
  #root = '';
  /** Set to refuse every further append, as after a failed fsync. */
  broken: string | undefined;
  /** Set to hold appends before they are sequenced, as after a full disk. */
  blocked: Promise<void> | undefined;

  constructor(clock: Clock, projections: readonly Projection[], lines: readonly string[] = []) {
    this.#clock = clock;
    this.#projections = projections;
    for (const projection of projections) this.#states.set(projection.name, projection.initial());
    for (const line of lines) this.#fold(line);
  }

  async append<T extends RecordType>(
    type: T,
    body: RecordBody<T>,
    options: { guard?: () => void } = {},
  ): Promise<AppendResult<T>> {
    if (this.broken !== undefined) throw fail('LEDGER_UNWRITABLE', { why: this.broken });
    const parsed = recordBodies[type].safeParse(body);
    if (!parsed.success) throw fail('RECORD_INVALID', { type, why: parsed.error.message });
    if (this.blocked !== undefined) await this.blocked;
    options.guard?.();
    const ts = Math.max(this.#clock.now(), this.#last);
    this.#fold(canonical({ v: 1, seq: this.lines.length, ts, type, body }));
    const head = this.head();
    const line = this.lines[head.size - 1] ?? '';
    await new Promise((resolve) => setImmediate(resolve));
    for (const listener of this.#listeners) listener(JSON.parse(line));
    const record: LedgerRecord<T> = JSON.parse(line);
    return { record, head };
  }

  get<S>(projection: Projection<S>): S {
    // The map holds under each name what that projection made.
    return this.#states.get(projection.name) as S;
  }
  async settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
  head(): Head {
    return {
      size: this.lines.length,
      root: this.#root,
    };
  }
  lastTs(): number {
    return this.#last;
  }
  async *read(from: number, { limit = Infinity } = {}): AsyncIterable<LedgerRecord> {
    for (const line of this.lines.slice(from, from + limit)) yield JSON.parse(line);
  }
  records(): LedgerRecord[] {
    return this.lines.map((line): LedgerRecord => JSON.parse(line));
  }
  subscribe(listener: (record: LedgerRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  async checkpoint(): Promise<string> {
    throw new Error('the memory ledger signs nothing');
  }
  health(): { writable: true } | { writable: false; code: string; why: string } {
    return this.broken === undefined
      ? { writable: true }
      : { writable: false, code: 'LEDGER_UNWRITABLE', why: this.broken };
  }
  async close(): Promise<void> {}

  #fold(line: string): void {
    const record: LedgerRecord = JSON.parse(line);
    this.lines.push(line);
    this.#root = sha256Hex(`${this.#root}\n${line}`);
    this.#last = record.ts;
    for (const projection of this.#projections) {
      this.#states.set(projection.name, projection.apply(this.#states.get(projection.name), record));
    }
  }
}
