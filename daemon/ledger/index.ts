export { openLedger, type LedgerOptions } from './open.ts';
export { formatVkey, parseCheckpoint, parseVkey, verifyCheckpoint, type VerifierKey } from './note.ts';
