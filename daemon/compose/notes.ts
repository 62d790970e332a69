import type { AdminActionType } from '../../contracts/admin.ts';
import type { LedgerRecord, RecordType } from '../../contracts/record.ts';
import type { Clock } from '../ports/clock.ts';
import type { Grants } from '../ports/grants.ts';
import type { Incidents } from '../ports/incidents.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Mandates } from '../ports/mandates.ts';
import type { Trajectory } from '../ports/trajectory.ts';
import type { Work } from '../ports/work.ts';

export interface NotesDeps {
  clock: Clock;
  ledger: Ledger;
  trajectory: Trajectory;
  work: Work;
  jobs: Jobs;
  mandates: Mandates;
  grants: Grants;
  incidents: Pick<Incidents, 'list'>;
  warn(what: string, error: unknown): void;
}

/** What stands in the Decision Log: where a person decided, not where work merely ran. */
const DECISIONS: ReadonlySet<AdminActionType> = new Set([
  'halt',
  'resume',
  'pause',
  'drain',
  'create_grant',
  'approve_grant',
  'deny_grant',
  'revoke_grant',
  'enrol_key',
  'revoke_key',
  'close_review',
  'accept_config',
  'change_config',
  'steal_lock',
  'resolve_unknown',
  'rotate_secret',
  'init_keys',
  'accept_zone',
  'cancel',
  'resolve_incident',
  'review_incident',
  'reset_breaker',
]);

/** Records after which something else may block, or nothing any more. */
const MAY_BLOCK: ReadonlySet<RecordType> = new Set([
  'halt.set',
  'halt.lifted',
  'work.paused',
  'work.resumed',
  'job.attempt',
  'job.resolved',
  'mandate.accepted',
  'mandate.suspended',
  'review.opened',
  'review.closed',
  'grant.requested',
  'grant.approved',
  'grant.denied',
  'grant.lapsed',
  'grant.expired',
  'incident.opened',
  'incident.reopened',
  'incident.resolved',
]);

/** NOTES.md is rewritten at most this often, ms. */
const PAUSE_MS = 1000;

/** Keeps the sections of NOTES.md in step with the ledger: decisions, debt, blockers. Returns stop. */
export function keepNotes(deps: NotesDeps): { stop(): Promise<void> } {
  const { clock, ledger, trajectory, warn } = deps;
  let due: (() => void) | undefined;
  let busy: Promise<void> = Promise.resolve();
  const say = (what: string, work: Promise<void>): void =>
    void work.catch((error: unknown) => warn(what, error));
  const refresh = (): void => {
    due ??= clock.after(PAUSE_MS, () => {
      due = undefined;
      busy = busy
        .then(() => writeBlockers(deps))
        .catch((error: unknown) => warn('blockers in NOTES.md', error));
    });
  };
  const unsubscribe = ledger.subscribe((record) => {
    const decision = decisionOf(record);
    if (decision !== undefined) say('decision in NOTES.md', trajectory.decision(decision));
    if (record.type === 'drill.result' && record.body.verdict === 'FAIL')
      say(
        'debt in NOTES.md',
        trajectory.debt(
          `Drill ${record.body.drill} failed: ${record.body.why ?? 'no reason recorded'} (ledger ${record.seq})`,
        ),
      );
    if (MAY_BLOCK.has(record.type)) refresh();
  });
  refresh();
  return {
    async stop() {
      unsubscribe();
      due?.();
      await busy;
      await writeBlockers(deps).catch((error: unknown) => warn('blockers in NOTES.md', error));
    },
  };
}

function decisionOf(record: LedgerRecord): string | undefined {
  if (record.type !== 'admin.event') return undefined;
  const { action_type, actor, reason, targets = [], result } = record.body;
  if (!DECISIONS.has(action_type) || result?.status !== 'done') return undefined;
  const on = targets
    .slice(0, 3)
    .map((t) => `${t.kind} ${t.id}`)
    .join(', ');
  return `${actor.person}: ${action_type.replaceAll('_', ' ')}${on === '' ? '' : ` (${on})`}: ${reason} (ledger ${record.seq})`;
}

async function writeBlockers({
  work,
  jobs,
  mandates,
  grants,
  incidents,
  trajectory,
}: NotesDeps): Promise<void> {
  const pause = work.paused();
  const unknown = jobs.list({ status: 'UNKNOWN' }).filter((j) => j.resolved === undefined);
  const open = [...incidents.list({ state: 'open' }), ...incidents.list({ state: 'acknowledged' })];
  const requests = await grants.requests();
  const lines = [
    ...work.halts().map((h) => `${h.scope} is halted by ${h.by}: ${h.reason}`),
    ...(pause === undefined
      ? []
      : [`new work is ${pause.drain ? 'draining' : 'paused'} by ${pause.by}: ${pause.reason}`]),
    ...open
      .slice(0, 20)
      .map((i) => `${i.title} (${i.project}/${i.env}, ${i.severity}); \`reeve incidents show ${i.id}\``),
    ...unknown.map(
      (j) => `${j.title} (${j.spec.job_id}) has an unknown outcome; look, then \`reeve jobs resolve\``,
    ),
    ...(await mandates.list())
      .filter((m) => m.state !== 'accepted')
      .map((m) => `${m.id} does not run: ${m.why ?? m.state}; \`reeve config diff\``),
    ...requests
      .filter((r) => r.state === 'open')
      .map((r) => `${r.id} waits for approval: ${r.cap} on ${r.project} by ${r.by}`),
    ...requests
      .filter((r) => r.state === 'lapsed')
      .map(
        (r) =>
          `${r.id} was approved but did not run: ${r.lapsed?.why ?? ''} Ask anew; \`reeve grant deny ${r.id}\` closes it`,
      ),
    ...(await grants.reviews({ openOnly: true })).map(
      (r) => `${r.id} waits for a review of a broken glass: ${r.reason}`,
    ),
  ];
  await trajectory.blockers(lines);
}
