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
export { rootAt } from './root-at.ts';
export { verifyLedger, type VerifyReport } from './verify.ts';
