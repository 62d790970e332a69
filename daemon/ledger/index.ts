export { openLedger, type LedgerOptions } from './open.ts';
export { formatVkey, parseCheckpoint, parseVkey, verifyCheckpoint, type VerifierKey } from './note.ts';
export {
  checkProof,
  ledgerSize,
  proveConsistency,
  proveInclusion,
  readCheckpoint,
  readLedger,
  showRecord,
  tailLedger,
} from './offline.ts';
export { rootAt } from './root-at.ts';
export { verifyLedger, type Problem, type VerifyOptions, type VerifyReport } from './verify.ts';
