export { planDigest } from './digest.ts';
export { endStrays } from './exec/kill.ts';
export { loadRunbook, type Loaded } from './load.ts';
export { createRunbooks, type RunbooksOptions } from './runbooks.ts';
export { createStepRunner, type StepRunnerOptions } from './runner.ts';
export { stepKinds } from './steps/index.ts';
