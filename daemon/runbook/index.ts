export { planDigest } from './digest.ts';
export { endStrays } from '../process-group.ts';
export { loadRunbook } from './load.ts';
export { createRunbooks } from './runbooks.ts';
export { createStepRunner } from './runner.ts';
