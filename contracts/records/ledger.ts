import { z } from 'zod';
import { Digest, KeyId } from '../ids.ts';

/** Bodies the ledger itself writes. */
export const ledgerRecords = {
  /** Record 0: names the log. `origin` is also the grants' audience and the checkpoints' first line. */
  'ledger.opened': z.strictObject({
    origin: z.string().min(1).max(200),
    checkpoint_key: z.string().max(300),
    key_id: KeyId,
    reeve: z.string().max(40),
  }),
  /** A torn tail was cut off at recovery; the bytes are kept beside the ledger. */
  'ledger.repaired': z.strictObject({
    segment: z.string().max(100),
    kept_bytes: z.int().min(0),
    cut_bytes: z.int().min(1),
    cut_digest: Digest,
    aside: z.string().max(300),
  }),
  /** The disk was full: this many sequenced records were refused and forgotten. */
  'ledger.disk_full': z.strictObject({ refused: z.int().min(1), resumed_in: z.string().max(100) }),
  /** A signed head was put somewhere outside this machine. */
  'ledger.anchored': z.strictObject({
    size: z.int().min(0),
    root: z.string().length(64),
    where: z.string().max(300),
  }),
} as const;
