import { z } from 'zod';
import { JsonObject, UtcTime } from './json.ts';
import type { LedgerRecord } from './record.ts';

/** Types of exported events are `dev.reeve.` and the record's type. */
const TYPE_PREFIX = 'dev.reeve.';

/**
 * Envelope of an exported ledger record: CloudEvents 1.0.2, JSON event format. `source` and `id` together name the record
 * for good, so a receiver can drop what it has seen. `sequence` is the extension of that name: sorts as text.
 */
export const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  /** `<ledger origin>/<seq>` */
  id: z.string().min(1).max(300),
  /** `urn:reeve:ledger:` and the origin, percent-encoded. */
  source: z.string().regex(/^urn:reeve:ledger:[A-Za-z0-9%._~!'()*-]+$/),
  type: z.string().startsWith(TYPE_PREFIX).max(100),
  time: UtcTime,
  datacontenttype: z.literal('application/json'),
  sequence: z.string().regex(/^\d{16}$/),
  data: JsonObject,
});
export type CloudEvent = z.infer<typeof CloudEvent>;

/** One ledger record as a CloudEvent. @param origin Name of the ledger, the first line of its checkpoints. */
export function toCloudEvent(record: LedgerRecord, origin: string): CloudEvent {
  return {
    specversion: '1.0',
    id: `${origin}/${record.seq}`,
    source: `urn:reeve:ledger:${encodeURIComponent(origin)}`,
    type: TYPE_PREFIX + record.type,
    time: new Date(record.ts).toISOString(),
    datacontenttype: 'application/json',
    sequence: String(record.seq).padStart(16, '0'),
    data: record.body,
  };
}
