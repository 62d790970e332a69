import { fail } from '../../contracts/errors.ts';
import { isTerminal } from '../../contracts/job.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { asReeve } from './core.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Run } from './run.ts';

/** Time's own doing ends no step that runs: the check before the next one does. */
const OF_TIME: ReadonlySet<string> = new Set(['GRANT_EXPIRED', 'GRANT_NOT_YET_VALID', 'CLOCK_BEHIND_LEDGER']);

/** Brings what happens elsewhere to running attempts and to the queue; the returned function ends it. */
export function listen(on: Dispatcher): () => void {
  const { ledger, work, config } = on.core.options;
  const leave = [
    ledger.subscribe((record) => heard(on, record)),
    work.onHalt(() => recheck(on)),
    config.onChange(() => on.pump()),
  ];
  return () => leave.forEach((off) => off());
}

/** Called for each durable record, in order. */
function heard(on: Dispatcher, record: LedgerRecord): void {
  switch (record.type) {
    case 'job.attempt':
      if (isTerminal(record.body.attempt.status)) on.waiters.notify(record.body.attempt.job_id);
      break;
    case 'job.cancel_requested': {
      const { job_id, by, reason } = record.body;
      for (const run of on.core.running.values()) {
        if (run.parts.spec.job_id === job_id) run.cancel(fail('JOB_CANCELLED', { by, reason }));
      }
      break;
    }
    case 'halt.set':
    case 'grant.revoked':
    case 'key.retired':
      recheck(on);
      break;
    case 'lock.stolen': {
      const { lock, from, by, reason } = record.body;
      on.core.running.get(from)?.kill(fail('LOCK_STOLEN', { lock, by, reason }));
      on.pump();
      break;
    }
    case 'job.step.started':
      // From now on it is in no heal's way.
      if (record.body.kind === 'approve') on.pump();
      break;
    case 'lock.released':
    case 'halt.lifted':
    case 'work.resumed':
      on.pump();
      break;
    default:
  }
}

/** Stops every attempt that may not go on: halted, or its grant (or a parent, a key, a subject) revoked. */
function recheck(on: Dispatcher): void {
  for (const run of on.core.running.values()) {
    if (isHalted(on, run)) continue;
    try {
      on.core.check(run.parts.spec, run.parts.childId);
    } catch (error) {
      const reeve = asReeve(error);
      if (!OF_TIME.has(reeve.code)) run.kill(reeve);
    }
  }
}

/** A halt counts whatever else is wrong with the grant. */
function isHalted(on: Dispatcher, run: Run): boolean {
  try {
    on.core.options.work.admit(run.parts.spec.project);
  } catch (error) {
    const reeve = asReeve(error);
    if (reeve.code === 'HALTED') {
      run.kill(reeve);
      return true;
    }
  }
  return false;
}
