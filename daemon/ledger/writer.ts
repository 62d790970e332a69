import { ReeveError, fail } from '../../contracts/errors.ts';
import type { LedgerRecord, RecordBody, RecordType } from '../../contracts/record.ts';
import { isNoFiles, isNoSpace } from '../durable.ts';
import type { AppendResult } from '../ports/ledger.ts';
import { hashFlight, launch, type Flight } from './flight.ts';
import { checkBody, formatLine, type CheckedBody } from './line.ts';
import type { Peaks } from './merkle.ts';
import { TreeHead } from './tree-head.ts';
import { Queue, Waiters, type Batch, type Pending } from './queue.ts';
import { SegmentFile } from './segment-file.ts';
import { MAX_FLUSH_BYTES, type Place } from './walk.ts';
import type { WriterOptions } from './writer-types.ts';

/** Lets everything that waited for a flush run first, so that it joins the next one; not a timer. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Sequencing and group commit: one flush (write + fdatasync) in flight, the rest queues. */
export class Writer {
  readonly #options: WriterOptions;
  #segment: SegmentFile;
  readonly #queue = new Queue(MAX_FLUSH_BYTES);
  readonly #waiters = new Waiters();
  #flushing: Promise<void> | undefined;
  /** Set for good by the first failure that leaves the disk in doubt. */
  #broken: ReeveError | undefined;
  /** While state is rebuilt or the disk probed; appends wait for it. */
  #blocked: Promise<void> | undefined;
  /** Records refused since the disk was found full; 0 when it is not. */
  #refused = 0;
  #full: ReeveError | undefined;
  #closed = false;
  /** Records that have a seq, that are folded, that are durable. */
  #size: number;
  #folded: number;
  #durable: number;
  #maxTs: number;
  #durableMaxTs: number;
  #peaks: Peaks | null;

  constructor(options: WriterOptions, place: Place, segment: SegmentFile) {
    this.#options = options;
    this.#segment = segment;
    this.#size = this.#folded = this.#durable = place.size;
    this.#maxTs = this.#durableMaxTs = place.maxTs;
    this.#peaks = place.peaks;
  }

  /** Records that have a seq, durable or not. */
  get sequenced(): number {
    return this.#size;
  }
  get lastTs(): number {
    return this.#maxTs;
  }
  durable(): { size: number; peaks: Peaks | null; maxTs: number } {
    return { size: this.#durable, peaks: this.#peaks, maxTs: this.#durableMaxTs };
  }
  /** Nothing more will be written, and what is on the disk is in doubt. */
  get broken(): boolean {
    return this.#broken !== undefined;
  }
  /** Where the next record will stand when nothing is in flight. */
  get end(): { segment: number; offset: number } {
    return { segment: this.#segment.first, offset: this.#segment.bytes };
  }

  health(): { writable: true } | { writable: false; code: string; why: string } {
    const error = this.#broken ?? this.#full;
    if (error !== undefined) return { writable: false, code: error.code, why: error.message };
    if (this.#closed) return { writable: false, code: 'LEDGER_UNWRITABLE', why: 'The ledger is closed.' };
    return { writable: true };
  }

  append<T extends RecordType>(
    type: T,
    body: RecordBody<T>,
    options: { guard?: () => void } = {},
  ): Promise<AppendResult<T>> {
    try {
      this.#mustBeOpen();
      const checked = checkBody(type, body);
      if (this.#blocked !== undefined || this.#refused > 0) return this.#later(type, checked, options.guard);
      options.guard?.();
      return this.#sequence(type, checked, false);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #later<T extends RecordType>(
    type: T,
    checked: CheckedBody<T>,
    guard: (() => void) | undefined,
  ): Promise<AppendResult<T>> {
    while (this.#blocked !== undefined || this.#refused > 0) {
      await (this.#blocked ?? this.#block(this.#probe()));
      this.#mustBeOpen();
    }
    guard?.();
    return this.#sequence(type, checked, false);
  }

  /** Resolves when all that is folded is durable; rejects when that will not be. */
  async settled(): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#folded > this.#durable) await this.#waiters.wait(this.#folded);
  }

  /** Waits for the flush in flight and the queue; later appends are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#blocked !== undefined || this.#flushing !== undefined)
      await Promise.allSettled([this.#blocked, this.#flushing]);
    await this.#segment.close();
  }

  #mustBeOpen(): void {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#closed) throw fail('LEDGER_UNWRITABLE', { why: 'it is closed' });
  }

  /** Synchronous: seq, fold (unless `late`), queue. */
  #sequence<T extends RecordType>(type: T, checked: CheckedBody<T>, late: boolean): Promise<AppendResult<T>> {
    const seq = this.#size;
    const ts = this.#options.clock.now();
    const line = formatLine(type, checked.text, seq, ts);
    // The type and the body belong together; TypeScript cannot see that through the union of all records.
    const record = { v: 1, seq, ts, type, body: checked.body } as unknown as LedgerRecord<T>;
    this.#size += 1;
    if (ts > this.#maxTs) this.#maxTs = ts;
    if (!late) this.#fold(record as LedgerRecord);
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        record: record as LedgerRecord,
        leaf: '',
        segment: 0,
        offset: 0,
        end: 0,
        peaks: null,
        bytes: 0,
        late,
        resolve: () => resolve({ record, head: new TreeHead(seq + 1, pending.peaks) }),
        refuse: reject,
      };
      this.#queue.push(pending, line);
      this.#flushing ??= this.#flushAll();
    });
  }

  async #flushAll(): Promise<void> {
    await breathe();
    for (let batch = this.#queue.take(); batch !== undefined; batch = this.#queue.take()) {
      try {
        if (this.#segment.bytes >= this.#options.segmentBytes) await this.#rotate(false);
        const flight = await launch(batch, this.#segment);
        const peaks = hashFlight(flight, this.#peaks);
        await flight.synced;
        this.#land(flight, peaks);
      } catch (error) {
        this.#failed(batch.records, error);
        break;
      }
      this.#queue.reuse(batch);
      this.#tell(batch);
      // Those who were told queue again before the next flush, so that it carries them all.
      await breathe();
      if (this.#broken !== undefined) break;
    }
    this.#flushing = undefined;
  }

  /** It is durable. */
  #land({ batch, segment }: Flight, peaks: Peaks | null): void {
    segment.bytes += batch.end - 1;
    this.#durable += batch.records.length;
    this.#peaks = peaks;
    for (const { record, late } of batch.records) {
      if (record.ts > this.#durableMaxTs) this.#durableMaxTs = record.ts;
      if (late) this.#fold(record);
    }
  }

  #tell({ records }: Batch): void {
    this.#options.written(records);
    for (const pending of records) pending.resolve();
    this.#waiters.reached(this.#durable);
    if (this.#segment.bytes >= this.#options.segmentBytes) this.#options.sealed();
  }

  #fold(record: LedgerRecord): void {
    try {
      this.#options.fold.apply(record);
    } catch (error) {
      const why = `a projection failed at record ${record.seq}`;
      throw this.#break(fail('LEDGER_UNWRITABLE', { why }, { cause: error }));
    }
    this.#folded += 1;
  }

  /** Goes on in a new segment. Out of file descriptors is no reason to stop: then the old one grows on, unless `must`. */
  async #rotate(must: boolean): Promise<void> {
    const old = this.#segment;
    if (old.bytes === 0) return;
    try {
      this.#segment = await SegmentFile.open(this.#options.fs, this.#options.dir, this.#durable, 0);
    } catch (error) {
      if (must || !isNoFiles(error)) throw error;
      this.#options.warn('new segment', error);
      return;
    }
    await old.close();
  }

  /** A flush failed: what was sequenced and is not durable will never be. */
  #failed(batch: readonly Pending[], error: unknown): void {
    const cut = [...batch, ...this.#queue.drain()];
    if (!isNoSpace(error)) {
      const known = error instanceof ReeveError ? error : undefined;
      const why = error instanceof Error ? error.message : String(error);
      const broken = this.#break(known ?? fail('LEDGER_UNWRITABLE', { why }, { cause: error }));
      for (const pending of cut) pending.refuse(broken);
      return;
    }
    this.#refused += cut.length;
    this.#full = fail('LEDGER_DISK_FULL', { path: this.#options.dir }, { cause: error });
    // Blocked from this instant on, so that nothing is sequenced after records that are about to be forgotten.
    this.#block(this.#forget(cut, this.#full)).catch(() => {});
  }

  #break(error: ReeveError): ReeveError {
    this.#broken ??= error;
    this.#options.warn('the ledger', error);
    for (const pending of this.#queue.drain()) pending.refuse(this.#broken);
    this.#waiters.refuse(this.#broken);
    return this.#broken;
  }

  #block(work: Promise<void>): Promise<void> {
    const blocked = work.finally(() => {
      if (this.#blocked === blocked) this.#blocked = undefined;
    });
    this.#blocked = blocked;
    return blocked;
  }

  /** Cuts the file back to the last durable byte and the projections back to the last durable record. */
  async #forget(cut: readonly Pending[], refusal: ReeveError): Promise<void> {
    let answer = refusal;
    try {
      await this.#segment.rollback();
      if (cut.some((pending) => !pending.late)) {
        const aside = this.#options.fold.fork();
        await this.#options.refold(aside, this.#durable);
        this.#options.fold.adopt(aside);
      }
      this.#size = this.#folded = this.#durable;
      this.#maxTs = this.#durableMaxTs;
    } catch (error) {
      const why = `after the disk was full: ${error instanceof Error ? error.message : String(error)}`;
      answer = this.#break(fail('LEDGER_UNWRITABLE', { why }, { cause: error }));
    }
    for (const pending of cut) pending.refuse(answer);
    this.#waiters.refuse(answer);
  }

  /** The disk was full: one record, written before anything is sequenced behind it, shows whether it still is. */
  async #probe(): Promise<void> {
    try {
      await this.#rotate(true);
    } catch (error) {
      if (isNoFiles(error)) throw fail('LEDGER_NO_FILES', { what: 'the record' }, { cause: error });
      if (isNoSpace(error)) throw fail('LEDGER_DISK_FULL', { path: this.#options.dir }, { cause: error });
      throw this.#break(fail('LEDGER_UNWRITABLE', { why: String(error) }, { cause: error }));
    }
    const refused = this.#refused;
    this.#refused = 0;
    const body = checkBody('ledger.disk_full', { refused, resumed_in: this.#segment.name });
    try {
      await this.#sequence('ledger.disk_full', body, true);
      this.#full = undefined;
    } catch (error) {
      // The probe itself is no record that anyone asked for.
      this.#refused = refused;
      throw error;
    }
  }
}
