import type { ServerResponse } from 'node:http';
import type { StreamEvent } from '../../../contracts/api.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import type { LiveEvent } from '../../ports/live.ts';
import type { Context } from '../context.ts';
import { jobOf } from './place.ts';
import type { Sight } from './sight.ts';

export interface StreamOptions {
  /** First seq to send. */
  from: number;
  /** Only this job. */
  job: string | undefined;
  /** Lines of running steps too. */
  logs: boolean;
}

/** Records read from the ledger at a time while catching up. */
const BATCH = 256;
/** A bunch of lines larger than this (characters of JSON) is left out of the stream; the stored log has it. */
const MAX_LINES = 256 * 1024;

/**
 * One reader of /v1/events (server-sent events, WHATWG HTML §9.2). Records are never buffered here: a reader that is
 * behind, or whose connection is full, gets them from the ledger when it can take more. So memory per reader is bounded by
 * one record over the connection's own buffer, and nothing is skipped. Live lines are dropped meanwhile, and counted.
 */
export class EventStream {
  readonly #context: Context;
  readonly #response: ServerResponse;
  readonly #sight: Sight;
  readonly #options: StreamOptions;
  readonly #releases = new Set<() => void>();
  #next: number;
  #pumping = false;
  #full = false;
  #ended = false;
  #dropped = 0;

  constructor(context: Context, response: ServerResponse, sight: Sight, options: StreamOptions) {
    this.#context = context;
    this.#response = response;
    this.#sight = sight;
    this.#options = options;
    this.#next = options.from;
  }

  /** Writes the header and begins. `release` is called once, when the stream is over. */
  start(release: () => void): void {
    const { ledger, live } = this.#context;
    this.#releases.add(release);
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    this.#response.on('close', () => this.#release());
    this.#response.on('error', () => this.#release());
    // The id alone: a reader cut off before the first record still knows where to go on.
    this.#response.write(`retry: 1000\nid: ${this.#next - 1}\n\n`);
    this.#releases.add(ledger.subscribe((record) => this.#onRecord(record)));
    if (this.#options.logs) this.#releases.add(live.subscribe((event) => this.#onLines(event)));
    this.#beat();
    void this.#pump();
  }

  /** Says goodbye and closes; what the reader lacks it gets by resuming. */
  end(): void {
    if (this.#ended) return;
    this.#release();
    this.#response.end(': the daemon is stopping\n\n');
  }

  #onRecord(record: LedgerRecord): void {
    if (this.#pumping || this.#full || this.#ended) return;
    if (record.seq !== this.#next) return void this.#pump();
    const visible = this.#sees(record);
    if (typeof visible !== 'boolean') return void this.#pump();
    this.#next = record.seq + 1;
    if (visible) this.#send(record);
  }

  /** Sends what the ledger has beyond `#next`. One at a time. */
  async #pump(): Promise<void> {
    if (this.#pumping || this.#full) return;
    this.#pumping = true;
    try {
      while (!this.#ended && this.#next < this.#context.ledger.head().size) {
        const before = this.#next;
        for await (const record of this.#context.ledger.read(this.#next, { limit: BATCH })) {
          if (this.#full) await this.#drained();
          if (this.#ended) return;
          const visible = await this.#sees(record);
          this.#next = record.seq + 1;
          if (visible) this.#send(record);
        }
        if (this.#next === before) break;
      }
    } catch (error) {
      this.#context.log.warn('an event stream broke off', { error });
      this.#response.destroy();
    } finally {
      this.#pumping = false;
    }
  }

  #sees(record: LedgerRecord): boolean | Promise<boolean> {
    if (this.#options.job !== undefined && jobOf(record) !== this.#options.job) return false;
    return this.#sight.record(record);
  }

  #send(record: LedgerRecord): void {
    const { seq, type, ts, body } = record;
    this.#write(
      `id: ${seq}\nevent: record\ndata: ${JSON.stringify({ event: 'record', seq, type, ts, body })}\n\n`,
    );
  }

  #onLines(event: LiveEvent): void {
    if (this.#options.job !== undefined && event.job_id !== this.#options.job) return;
    const visible = this.#sight.lines(event.job_id);
    if (typeof visible === 'boolean') this.#lines(event, visible);
    else void visible.then((sees) => this.#lines(event, sees));
  }

  #lines(event: LiveEvent, visible: boolean): void {
    if (!visible || this.#ended) return;
    const text = JSON.stringify(event satisfies StreamEvent);
    if (this.#full || text.length > MAX_LINES) {
      this.#dropped += event.lines.length;
      return;
    }
    if (this.#dropped > 0) {
      const { at: _, ...rest } = event;
      const note: StreamEvent = { ...rest, stream: 'reeve', lines: [`(${this.#dropped} lines not shown)`] };
      this.#dropped = 0;
      this.#write(`event: log\ndata: ${JSON.stringify(note)}\n\n`);
    }
    this.#write(`event: log\ndata: ${text}\n\n`);
  }

  #write(text: string): void {
    if (this.#ended || this.#response.write(text)) return;
    if (this.#full) return;
    this.#full = true;
    const giveUp = this.#context.clock.after(this.#context.limits.stallMs, () => this.#response.destroy());
    this.#releases.add(giveUp);
    this.#response.once('drain', () => {
      giveUp();
      this.#releases.delete(giveUp);
      this.#full = false;
      if (!this.#ended) void this.#pump();
    });
  }

  /** Resolves when the connection takes more, or is over. */
  #drained(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#response.off('drain', done).off('close', done);
        resolve();
      };
      this.#response.on('drain', done).on('close', done);
    });
  }

  #beat(): void {
    const cancel = this.#context.clock.after(this.#context.limits.heartbeatMs, () => {
      this.#releases.delete(cancel);
      if (this.#ended) return;
      if (!this.#full) this.#write(': alive\n\n');
      this.#beat();
    });
    this.#releases.add(cancel);
  }

  #release(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const release of this.#releases) release();
    this.#releases.clear();
  }
}
