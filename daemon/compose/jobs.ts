import path from 'node:path';
import type { StartDeps } from '../admission/start.ts';
import { admitUnattended } from '../admission/unattended.ts';
import { Engine } from '../jobs/engine.ts';
import { planDigestOf } from '../jobs/identity.ts';
import type { Unattended } from '../ports/unattended.ts';
import { openDrivers } from './drivers.ts';
import type { Features } from './features.ts';
import type { Ground } from './ground.ts';
import { runbookGate, settledJobs } from './runbook-gate.ts';
import { endStrays, lazyStepRunner } from './runbooks.ts';
import { stepServices } from './services.ts';
import type { Store } from './store.ts';

/** What runs jobs, and how unattended work gets to be one. `features`: known only after it, and asked when a step needs one. */
export function openJobs(store: Store, ground: Ground, version: string, features: () => Features) {
  const { clock, ledger, state, artifacts, fs, home, hex } = store;
  const { config, grants, people, secrets, zones, clean, runbooks, trajectory, live, work, mandates } =
    ground;
  const { redactor, versions, warn } = ground;
  const dir = path.join(home.scratch, 'jobs');
  const drivers = openDrivers(store, config, secrets, version, home.attempts);
  const jobs: Engine = new Engine({
    ledger,
    state,
    clock,
    artifacts,
    config,
    runbooks,
    trajectory,
    live,
    steps: lazyStepRunner({ clock, config }),
    services: stepServices({
      ...versions,
      clock,
      config,
      grants,
      people,
      secrets,
      fs,
      keysIn: home.attempts,
      zones,
      clean,
      alerts: () => features().alerts,
      github: () => features().github,
      mirror: () => features().mirrorFiles(),
      linear: () => features().linear,
      practice: () => features().practice,
      drivers: drivers.deps,
      jobs: () => jobs,
      call: () => ({ jobs: settledJobs(jobs, settleRunbook), grants, runbooks, artifacts }),
    }),
    grants,
    work,
    redactor,
    dir,
    owner: `${store.origin}#${process.pid}`,
    endStrays: (attempt) => endStrays(attempt, clock, home.attempts),
    warn,
  });
  const integrity: StartDeps['integrity'] = () => zones.integrity();
  const settleRunbook = runbookGate({ ...versions, config, runbooks, zones });

  const admit = (ask: Unattended): Promise<{ job_id: string }> =>
    admitUnattended(
      {
        clock,
        grants,
        jobs,
        ledger,
        hex,
        integrity,
        mandates,
        runbooks,
        settleRunbook,
        work,
        planDigest: planDigestOf,
      },
      ask,
    );
  return { jobs, drivers, integrity, settleRunbook, admit };
}
