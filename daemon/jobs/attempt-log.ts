import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { errno } from '../durable.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Live, LiveEvent } from '../ports/live.ts';
import type { Redactor } from '../ports/steps.ts';
import { LogFile, readLog, readLogFile, type LogLine } from './log-file.ts';
import { safeLine, splitLines } from './log-line.ts';

type Stream = LogLine['stream'];

/** Lines go to watchers when this many are there, or this much later, ms. */
const BATCH_LINES = 100;
const BATCH_MS = 50;

const LOG_MEDIA_TYPE = 'application/jsonl';

interface Channel {
  step: string;
  stream: Stream;
  decoder: StringDecoder;
  redact: ReturnType<Redactor['stream']>;
  rest: string;
}

export interface LogOptions {
  path: string;
  jobId: string;
  attemptId: string;
  clock: Clock;
  /** Takes the whole log at the end. */
  artifacts: Artifacts;
  live: Pick<Live, 'publish'>;
  redactor: Redactor;
  /** Bytes that one step may print. */
  maxBytes: number;
  /** A step printed more; the rest of its output is dropped. */
  overflow(step: string): void;
}

/**
 * The log of one attempt: what its steps print, redacted, line by line, into a file and to whoever watches. The file is
 * JSONL, one `{t, step, stream, line}` a line, and becomes an artifact at the end.
 */
export class AttemptLog {
  readonly #options: LogOptions;
  readonly #file: LogFile;
  readonly #channels = new Map<string, Channel>();
  readonly #bytes = new Map<string, number>();
  /** Lines on their way to watchers, in the order of the file. */
  #batch: Omit<LogLine, 't'>[] = [];
  #published = 0;
  #timer: (() => void) | undefined;
  #closed = false;
  /** Where the lines are once the file is not. */
  #stored: string | undefined;

  private constructor(options: LogOptions, file: LogFile) {
    this.#options = options;
    this.#file = file;
  }

  static async open(options: LogOptions): Promise<AttemptLog> {
    return new AttemptLog(options, await LogFile.create(options.path));
  }

  /** Goes on with the log of an attempt that another process began. */
  static async resume(options: LogOptions): Promise<AttemptLog> {
    return new AttemptLog(options, await LogFile.resume(options.path));
  }

  /** Resolves when there is room for more. Output that comes after the attempt's end is dropped. */
  async write(step: string, stream: Stream, chunk: string | Uint8Array): Promise<void> {
    if (this.#closed) return;
    if (stream !== 'reeve' && !this.#count(step, chunk)) return;
    const channel = this.#channel(step, stream);
    // A string may end within a surrogate pair; StringDecoder holds back what is not whole.
    const text = typeof chunk === 'string' ? chunk : channel.decoder.write(Buffer.from(chunk));
    await this.#emit(channel, channel.redact.push(text), false);
  }

  /** A line of the engine's own. */
  say(step: string, line: string): Promise<void> {
    return this.write(step, 'reeve', `${line}\n`);
  }

  /** Lets out what redaction and line splitting held back for this step. */
  async endStep(step: string): Promise<void> {
    for (const [key, channel] of this.#channels) {
      if (channel.step !== step) continue;
      const text = channel.redact.push(channel.decoder.end()) + channel.redact.end();
      await this.#emit(channel, text, true);
      this.#channels.delete(key);
    }
  }

  /** What was printed so far, also while the file becomes an artifact. */
  async lines(): Promise<LogLine[]> {
    await this.#file.flushed();
    try {
      if (this.#stored === undefined) return await readLogFile(this.#options.path);
    } catch (error) {
      // The file may go between the look and the open.
      if (errno(error) !== 'ENOENT' || this.#stored === undefined) throw error;
    }
    return readLog(this.#options.artifacts.stream(this.#stored));
  }

  /** Stores the log. `problem` says what kept it from being complete. The file is removed only when it is stored. */
  async finish(): Promise<{ ref?: ArtifactRef; problem?: unknown }> {
    for (const { step } of [...this.#channels.values()]) await this.endStep(step);
    await this.close();
    const problem = this.#file.failed;
    try {
      const { artifacts, path, attemptId } = this.#options;
      const ref = await storeLog(artifacts, path, attemptId, (digest) => (this.#stored = digest));
      return { ref, ...(problem === undefined ? {} : { problem }) };
    } catch (error) {
      return { problem: error };
    }
  }

  /** Leaves the file as it is, for the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#file.close();
  }

  /** Nothing was logged that anyone needs. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.#options.path, { force: true });
  }

  #count(step: string, chunk: string | Uint8Array): boolean {
    const before = this.#bytes.get(step) ?? 0;
    if (before > this.#options.maxBytes) return false;
    const now = before + Buffer.byteLength(chunk);
    this.#bytes.set(step, now);
    if (now > this.#options.maxBytes) {
      this.#options.overflow(step);
      return false;
    }
    return true;
  }

  #channel(step: string, stream: Stream): Channel {
    const key = `${stream} ${step}`;
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const redact = this.#options.redactor.stream();
    const made: Channel = { step, stream, decoder: new StringDecoder(), redact, rest: '' };
    this.#channels.set(key, made);
    return made;
  }

  async #emit(channel: Channel, text: string, end: boolean): Promise<void> {
    const { lines, rest } = splitLines(channel.rest + text);
    channel.rest = end ? '' : rest;
    if (end && rest !== '') lines.push(rest.endsWith('\r') ? rest.slice(0, -1) : rest);
    if (lines.length > 0) {
      const { step, stream } = channel;
      const t = this.#options.clock.now();
      const safe = lines.map(safeLine);
      const written = this.#file.add(
        safe.map((line) => `${JSON.stringify({ t, step, stream, line } satisfies LogLine)}\n`).join(''),
      );
      this.#batch.push(...safe.map((line) => ({ step, stream, line })));
      await written;
    }
    if (this.#batch.length >= BATCH_LINES || end) this.#publish();
    else if (this.#batch.length > 0) this.#later();
  }

  #later(): void {
    this.#timer ??= this.#options.clock.after(BATCH_MS, () => {
      this.#timer = undefined;
      this.#publish();
    });
  }

  /** In the order of the file, as runs of one step's stream, each with the number of its first line. */
  #publish(): void {
    const { jobId: job_id, attemptId: attempt_id, live } = this.#options;
    const batch = this.#batch;
    this.#batch = [];
    for (let from = 0, to = 0; from < batch.length; from = to) {
      const { step = '', stream = 'reeve' } = batch[from] ?? {};
      while (to < batch.length && to - from < BATCH_LINES && isOf(batch[to], step, stream)) to += 1;
      const lines = batch.slice(from, to).map(({ line }) => line);
      const at = this.#published;
      this.#published += lines.length;
      live.publish({ event: 'log', job_id, attempt_id, step, stream, at, lines } satisfies LiveEvent);
    }
  }
}

const isOf = (line: Omit<LogLine, 't'> | undefined, step: string, stream: Stream): boolean =>
  line?.step === step && line.stream === stream;

/** Stores a log file as an artifact, says so, then removes it. */
export async function storeLog(
  artifacts: Artifacts,
  path: string,
  attemptId: string,
  stored?: (digest: string) => void,
): Promise<ArtifactRef> {
  const meta = { mediaType: LOG_MEDIA_TYPE, name: `${attemptId}.log.jsonl` };
  const ref = await artifacts.put(createReadStream(path), meta);
  if (ref.digest !== undefined) stored?.(ref.digest);
  await rm(path, { force: true });
  return ref;
}
