import type { RecordBody, RecordType } from '../contracts/record.ts';
import type { Projection } from '../daemon/ports/state.ts';

/** One append. */
export interface Step {
  type: RecordType;
  body: RecordBody<RecordType>;
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
const AT = '2026-01-02T03:04:05.678Z';

/**
 * The nine records that one admitted command with a job of one step leaves (DESIGN §3: intent, effect, outcome), turn by
 * turn with changing ids.
 */
function turnOf(turn: number): Step[] {
  const gid = `gr_${hex(turn, 24)}`;
  const job_id = `job_${hex(turn, 32)}`;
  const attempt_id = `${job_id}.1`;
  const digest = `sha256:${hex(turn, 64)}`;
  const admin_event_id = `ae_${hex(turn, 24)}`;
  const actor = { person: 'ada', via: 'cli' as const, account: 'uid:1000' };
  const reason = 'the weekly release, after the staging drill passed';
  const attempt = { job_id, attempt_id, created_at_utc: AT, updated_at_utc: AT };
  const running = { fence: 1, owner: 'daemon 4711 on host-a' };
  const grant = {
    v: 1 as const,
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
    cls: 'std' as const,
    par: null,
    plan: digest,
    rsn: reason,
    apr: [],
    crit: [],
  };
  const job = {
    ...{
      job_id,
      action: 'deploy',
      runbook: 'deploy-service',
      runbook_digest: digest,
      config_version: digest,
    },
    plan_digest: digest,
    project: 'shop',
    env: 'staging',
    inputs: { ref: hex(turn * 7919, 40) },
    inputs_digest: digest,
    anchor: { kind: 'nonce' as const, id: hex(turn, 32) },
    requested_by: 'ada',
    ...{
      grant_id: gid,
      reason,
      plan: { ref: `artifact:${digest}`, digest, mediaType: 'application/json', size_bytes: 1834 },
    },
  };
  const args = { project: 'shop', env: 'staging', ref: hex(turn * 7919, 40) };
  const step = { job_id, attempt_id, fence: 1, step: 'restart-service' };
  return [
    { type: 'admin.intent', body: { admin_event_id, action_type: 'deploy', actor, reason, args } },
    { type: 'grant.issued', body: { grant, how: 'confirmed' } },
    {
      type: 'grant.used',
      body: {
        gid,
        n: 1,
        by: 'person:ada',
        cap: 'deploy:staging',
        project: 'shop',
        plan: digest,
        job: job_id,
      },
    },
    { type: 'job.queued', body: { job } },
    { type: 'job.attempt', body: { attempt: { ...attempt, status: 'RUNNING' }, ...running } },
    {
      type: 'job.step.started',
      body: {
        ...step,
        kind: 'sh',
        index: 0,
        on: 'normal' as const,
        source: 'runbooks/deploy-service.md:L42',
        digest,
        summary: 'sh: restart the service',
      },
    },
    {
      type: 'job.step.finished',
      body: { ...step, status: 'PASS', ms: 412, exit_code: 0, outputs: { version: '1.42.0' } },
    },
    { type: 'job.attempt', body: { attempt: { ...attempt, status: 'PASS' }, ...running } },
    {
      type: 'admin.event',
      body: {
        admin_event_id,
        action_type: 'deploy',
        actor,
        observed_at_utc: AT,
        reason,
        ...{
          targets: [{ kind: 'service', id: 'shop' }],
          before: { version: '1.41.3' },
          after: { version: '1.42.0' },
        },
        result: { status: 'done' },
      },
    },
  ];
}

const TURNS = 500;
const steps = Array.from({ length: TURNS }, (_, turn) => turnOf(turn)).flat();

/** The nth append, made ahead so that making it costs neither side. */
export function step(n: number): Step {
  const one = steps[n % steps.length];
  if (one === undefined) throw new RangeError('no step');
  return one;
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
