export { planDigest } from './digest.ts';
export { endStrays } from './exec/kill.ts';
export { loadRunbook } from './load.ts';
export { createRunbooks } from './runbooks.ts';
export { createStepRunner } from './runner.ts';
