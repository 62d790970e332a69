import { fail } from '../../contracts/errors.ts';
import {
  MAX_RECORD_BYTES,
  RecordEnvelope,
  isRecordType,
  type LedgerRecord,
  type RecordBody,
  type RecordType,
} from '../../contracts/record.ts';
import { NotCanonical, canonicalIntegers, parseCanonical } from '../canonical.ts';
import { parseBody } from './bodies.ts';

/** A body that passed its schema, as a reader of the line will see it, with its canonical text. */
export interface CheckedBody<T extends RecordType> {
  body: RecordBody<T>;
  text: string;
}

/** @throws RECORD_INVALID */
export function checkBody<T extends RecordType>(type: T, body: RecordBody<T>): CheckedBody<T> {
  if (!isRecordType(type)) throw fail('RECORD_INVALID', { type: String(type), why: 'no such type' });
  const checked = parseBody(type, body);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const why = issue === undefined ? 'it is invalid' : `${issue.path.join('.')}: ${issue.message}`;
    throw fail('RECORD_INVALID', { type, why }, { cause: checked.error });
  }
  try {
    const { value, text } = canonicalIntegers(checked.data, checked.ordered);
    return { body: value as RecordBody<T>, text };
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    throw fail('RECORD_INVALID', { type, why: error.message }, { cause: error });
  }
}

/**
 * The record's line without the newline: RFC 8785 orders the envelope's keys body, seq, ts, type, v.
 *
 * @throws LEDGER_RECORD_TOO_LARGE
 */
export function formatLine(type: RecordType, bodyText: string, seq: number, ts: number): string {
  const line = `{"body":${bodyText},"seq":${seq},"ts":${ts},"type":"${type}","v":1}`;
  // UTF-8 has at most three bytes for each UTF-16 unit, so short lines need no count.
  if (line.length > MAX_RECORD_BYTES / 3) {
    const bytes = Buffer.byteLength(line);
    if (bytes > MAX_RECORD_BYTES) throw fail('LEDGER_RECORD_TOO_LARGE', { bytes, max: MAX_RECORD_BYTES });
  }
  return line;
}

/** Why a line is not the record that should stand there. */
export class BadLine extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'BadLine';
  }
}

/**
 * Reads one line as record `seq`. `strict` re-serialises it as well, which refuses anything but the one canonical form;
 * lines that a signed checkpoint covers need it not, since their very bytes are signed.
 *
 * @throws {BadLine}
 */
export function parseLine(line: Buffer, seq: number, strict: boolean): LedgerRecord {
  const text = line.toString('utf8');
  let value: unknown;
  try {
    value = strict ? parseCanonical(text) : JSON.parse(text);
  } catch (error) {
    throw new BadLine(`it is not canonical JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (strict && !Buffer.from(text).equals(line)) throw new BadLine('it is not UTF-8');
  const envelope = strict ? RecordEnvelope.safeParse(value).data : quickEnvelope(value);
  if (envelope === undefined) throw new BadLine('it is not a record {v, seq, ts, type, body}');
  if (envelope.seq !== seq) throw new BadLine(`it says seq ${envelope.seq}`);
  // The body was checked by the schema of the version that wrote it; a type of a newer version is kept and ignored.
  return envelope as LedgerRecord;
}

type Envelope = { v: 1; seq: number; ts: number; type: string; body: Record<string, unknown> };

function quickEnvelope(value: unknown): Envelope | undefined {
  const envelope = value as Partial<Envelope> | null;
  const fits =
    typeof envelope === 'object' &&
    envelope?.v === 1 &&
    typeof envelope.type === 'string' &&
    typeof envelope.seq === 'number' &&
    typeof envelope.ts === 'number' &&
    typeof envelope.body === 'object';
  return fits ? (envelope as Envelope) : undefined;
}
