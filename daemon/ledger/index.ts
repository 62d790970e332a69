export { openLedger } from './open.ts';
export { formatVkey } from './note.ts';
export {
  checkProof,
  proveConsistency,
  proveInclusion,
  readCheckpoint,
  readLedger,
  showRecord,
  tailLedger,
} from './offline.ts';
export { holdsText, readTypes } from './read-types.ts';
export { rootAt } from './root-at.ts';
export { verifyLedger, type VerifyReport } from './verify.ts';
