import path from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { wholePlan } from '../../contracts/plan.ts';
import type { StartDeps } from '../admission/start.ts';
import { recordVersions, runbookVersion } from '../estate/index.ts';
import type { CallDeps } from '../jobs/call.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Config } from '../ports/config.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { StateView } from '../ports/state.ts';
import type { Zones } from '../zones/index.ts';

interface GateDeps {
  ledger: Ledger;
  state: StateView;
  artifacts: Artifacts;
  config: Config;
  runbooks: Runbooks;
  zones: Pick<Zones, 'checkWrite'>;
}

/** See `StartDeps.settleRunbook`. */
export const runbookGate =
  ({ config, runbooks, zones, ...versions }: GateDeps): StartDeps['settleRunbook'] =>
  async (plan, confirmed) => {
    const runbook = await runbooks.get(plan.runbook);
    if (runbook.digest !== plan.runbook_digest) throw fail('RUNBOOK_CHANGED', { id: plan.runbook });
    // What is called, too: who confirmed the plan has seen it, and without that it is refused before anything runs.
    for (const { outputs = [] } of wholePlan(plan))
      for (const file of outputs)
        await zones.checkWrite(path.resolve(config.current().root, file), { confirmed });
    await recordVersions(versions, [runbookVersion(runbook)]);
  };

/** The engine as called runbooks see it: they pass the same gate. */
export const settledJobs = (jobs: Jobs, settle: StartDeps['settleRunbook']): CallDeps['jobs'] => ({
  get: (id) => jobs.get(id),
  idOf: (plan, anchor) => jobs.idOf(plan, anchor),
  wait: (id, signal) => jobs.wait(id, signal),
  cancel: (id, by, reason) => jobs.cancel(id, by, reason),
  async submit(request) {
    await settle(request.plan, request.confirmed === true);
    return jobs.submit(request);
  },
});
