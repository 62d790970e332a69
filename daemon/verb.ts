import type { Verb } from '../contracts/estate.ts';

const DEPLOY_VERB = new Set(['deploy', 'rollback', 'promote', 'patch', 'heal']);

/** What a role must allow for an action of a runbook. */
export const verbFor = (action: string): Verb => (DEPLOY_VERB.has(action) ? 'deploy' : 'run');
