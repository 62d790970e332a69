import type { RecordBody, RecordType } from '../contracts/record.ts';
import type { Projection } from '../daemon/ports/state.ts';

/** One append. */
export interface Step {
  type: RecordType;
  body: RecordBody<RecordType>;
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

/** The records that one admitted command leaves, over and over, with changing ids: about 400 bytes a line. */
export function step(n: number): Step {
  const turn = Math.floor(n / 5);
  const gid = `gr_${hex(turn, 24)}`;
  const job_id = `job_${hex(turn, 32)}`;
  const plan = `sha256:${hex(turn, 64)}`;
  const make: readonly (() => Step)[] = [
    () => ({
      type: 'admin.intent',
      body: {
        admin_event_id: `ae_${hex(turn, 24)}`,
        action_type: 'deploy',
        actor: { person: 'ada', via: 'cli', account: 'uid:1000' },
        reason: 'the weekly release, after the staging drill passed',
        args: { project: 'shop', env: 'staging', ref: hex(turn * 7919, 40) },
      },
    }),
    () => ({
      type: 'grant.issued',
      body: {
        grant: {
          v: 1,
          gid,
          kid: `key_${'0'.repeat(16)}`,
          iss: 'ada',
          sub: 'person:ada',
          aud: 'bench',
          prj: ['shop'],
          cap: ['deploy:staging'],
          iat: 1_767_000_000_000,
          nbf: 1_767_000_000_000,
          exp: 1_767_000_300_000,
          uses: 1,
          cls: 'std',
          par: null,
          plan,
          rsn: 'confirmed at the terminal',
          apr: [],
          crit: [],
        },
        how: 'confirmed',
      },
    }),
    () => ({
      type: 'grant.used',
      body: { gid, n: 1, by: 'person:ada', cap: 'deploy:staging', project: 'shop', plan, job: job_id },
    }),
    () => ({
      type: 'job.step.started',
      body: {
        job_id,
        attempt_id: `${job_id}.1`,
        fence: 1,
        step: 'restart-service',
        kind: 'sh',
        index: turn % 9,
        on: 'normal',
        source: 'runbooks/deploy-service.md:L42',
        digest: plan,
      },
    }),
    () => ({
      type: 'schedule.slot',
      body: {
        schedule: 'nightly-restore',
        slot: 1_767_000_000_000 + turn,
        outcome: 'ran',
        late_ms: 3,
        job_id,
      },
    }),
  ];
  const one = make[n % make.length];
  if (one === undefined) throw new RangeError('no step');
  return one();
}

/** A fold of the kind the daemon has. */
export const tally: Projection<{ types: Record<string, number> }> = {
  name: 'tally',
  version: 1,
  initial: () => ({ types: {} }),
  apply(state, record) {
    state.types[record.type] = (state.types[record.type] ?? 0) + 1;
    return state;
  },
};
