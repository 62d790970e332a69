import { z } from 'zod';
import { adminRecords } from './records/admin.ts';
import { alertRecords } from './records/alert.ts';
import { chatRecords } from './records/chat.ts';
import { configRecords } from './records/config.ts';
import { daemonRecords } from './records/daemon.ts';
import { githubRecords } from './records/github.ts';
import { grantRecords } from './records/grant.ts';
import { incidentRecords } from './records/incident.ts';
import { jobRecords } from './records/job.ts';
import { ledgerRecords } from './records/ledger.ts';
import { linearRecords } from './records/linear.ts';
import { probeRecords } from './records/probe.ts';
import { ruleRecords } from './records/rule.ts';
import { scheduleRecords } from './records/schedule.ts';
import { releaseRecords } from './records/release.ts';
import { syncRecords } from './records/sync.ts';
import { webhookRecords } from './records/webhook.ts';

/** Record type → schema of its body. Adding a type is one entry in the file of its area. */
export const recordBodies = {
  ...ledgerRecords,
  ...daemonRecords,
  ...configRecords,
  ...grantRecords,
  ...jobRecords,
  ...scheduleRecords,
  ...probeRecords,
  ...alertRecords,
  ...incidentRecords,
  ...adminRecords,
  ...chatRecords,
  ...webhookRecords,
  ...ruleRecords,
  ...githubRecords,
  ...syncRecords,
  ...linearRecords,
  ...releaseRecords,
} as const;

export type RecordType = keyof typeof recordBodies;
export type RecordBody<T extends RecordType> = z.infer<(typeof recordBodies)[T]>;

/** Largest line, bytes without the newline. Larger things are artifacts. */
export const MAX_RECORD_BYTES = 64 * 1024 - 1;

/**
 * One line of the ledger: RFC 8785 JSON of `{v, seq, ts, type, body}`. `seq` from 0 without gaps, `ts` milliseconds since
 * the epoch. The exact line (without the newline) is the RFC 6962 Merkle leaf.
 */
export type LedgerRecord<T extends RecordType = RecordType> = {
  [K in T]: { v: 1; seq: number; ts: number; type: K; body: RecordBody<K> };
}[T];

/** The envelope alone; the body is checked with `recordBodies[type]`. */
export const RecordEnvelope = z.strictObject({
  v: z.literal(1),
  seq: z.int().min(0),
  ts: z.int().min(0),
  type: z.string().max(64),
  body: z.record(z.string(), z.unknown()),
});

export const isRecordType = (type: string): type is RecordType => Object.hasOwn(recordBodies, type);
