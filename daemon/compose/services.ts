import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { DriverDeps } from '../drills/driver.ts';
import { STEP_APPROVAL } from '../../contracts/runbook.ts';
import { callRunbook, type CallDeps } from '../jobs/call.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Fs } from '../ports/fs.ts';
import type { Github } from '../ports/github.ts';
import type { Grants } from '../ports/grants.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Linear } from '../ports/linear.ts';
import type { People } from '../ports/people.ts';
import type { Practice } from '../ports/practice.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { StateView } from '../ports/state.ts';
import type { StepServices } from '../ports/steps.ts';
import type { GithubMirror } from '../sync/github/mirror.ts';
import type { Zones } from '../zones/index.ts';
import { writeReport } from './reports.ts';
import { lazyDrivers } from './runbooks.ts';

export interface ServiceDeps {
  artifacts: Artifacts;
  clock: Clock;
  config: Config;
  grants: Grants;
  ledger: Ledger;
  people: People;
  secrets: Secrets;
  state: StateView;
  drivers: DriverDeps;
  fs: Fs;
  /** Folder for a key while it is used. */
  keysIn: string;
  zones: Pick<Zones, 'checkWrite'>;
  /** Hides what is secret in a text. */
  clean(text: string): string;
  /** Known only after the services, as is the engine. */
  alerts(): Pick<Alerts, 'send'>;
  github(): Github;
  linear(): Linear;
  mirror(): Promise<GithubMirror>;
  call(): CallDeps;
  jobs(): Pick<Jobs, 'list' | 'wait'>;
  practice(): Practice;
}

/** What domain steps get from the rest of the daemon. */
export function stepServices(deps: ServiceDeps): StepServices {
  const { artifacts, config, secrets } = deps;
  return {
    async secrets(names) {
      const pairs = await Promise.all(
        names.map(async (name) => [variable(name), await secrets.get(name)] as const),
      );
      return Object.fromEntries(pairs);
    },
    putArtifact: (data, meta) => artifacts.put(data, meta),
    call: (request) => callRunbook(deps.call(), request),
    async approve(request) {
      try {
        return await approveStep(deps, request);
      } finally {
        if (!request.signal.aborted) await healed(deps, request);
      }
    },
    async notify({ job_id, ...message }) {
      const { sent } = await deps.alerts().send({ ...message, job: job_id });
      return { sent: sent.length > 0 ? sent : ['reeve.log'] };
    },
    async report(request) {
      const { reportStep } = await import('./weekly-report.ts');
      const write = (name: string, text: string): Promise<string> =>
        writeReport({ ...deps, root: config.current().root }, name, text);
      return reportStep({ ...deps, write }, request);
    },
    async sync(request) {
      const { syncStep } = await import('./sync.ts');
      return syncStep(deps, request);
    },
    async release(request) {
      const { releaseStep } = await import('./release.ts');
      return releaseStep(deps, request);
    },
    async push(request) {
      const { pushStep } = await import('./release-stages.ts');
      return pushStep(deps, request);
    },
    async publish(request) {
      const { publishStep } = await import('./release-stages.ts');
      return publishStep(deps, request);
    },
    async announce(request) {
      const { announceStep } = await import('./release-stages.ts');
      return announceStep(deps, request);
    },
    async head(request) {
      const { postHead } = await import('./post-head.ts');
      return postHead(deps, request);
    },
    ...lazyDrivers(deps.drivers),
    allowedHosts: () => [...config.current().config.network.allow],
  };
}

/** A secret `registry_token` or `registry-token` is seen as REGISTRY_TOKEN. */
const variable = (name: string): string => name.replaceAll('-', '_').toUpperCase();

/** Whatever the answer is: what began to heal the place while people were asked comes to its end first. */
async function healed({ call, jobs }: ServiceDeps, { job_id, signal }: Ask): Promise<void> {
  const { project, env } = (await call().jobs.get(job_id)).spec;
  const heals = jobs()
    .list({ status: 'RUNNING', project })
    .filter(({ spec }) => spec.env === env && spec.anchor.kind === 'incident');
  for (const { spec } of heals) await jobs().wait(spec.job_id, signal);
}

type Ask = Parameters<StepServices['approve']>[0];

/** Opens a request bound to the running plan and waits for its approvals, its refusal or its end. */
async function approveStep(deps: ServiceDeps, ask: Ask): Promise<{ by: string[] }> {
  const { artifacts, clock, grants, ledger, people } = deps;
  const job = await deps.call().jobs.get(ask.job_id);
  const { project, env, requested_by, plan_digest } = job.spec;
  const approvers = people.approversFor(project, env).filter((person) => person !== requested_by);
  const args: JsonObject = {
    job: ask.job_id,
    attempt: ask.attempt_id,
    step: ask.step,
    question: ask.question,
  };
  const question = await artifacts.put(await artifacts.get(plan_digest), {
    mediaType: 'application/json',
    name: 'plan.json',
  });
  const { request } = await grants.request({
    by: requested_by,
    cap: `${STEP_APPROVAL}:${env}`,
    project,
    env,
    plan: plan_digest,
    plan_ref: question,
    command: STEP_APPROVAL,
    args,
    needs: ask.approvals,
    approvers,
    break_glass: false,
    uses: 1,
    lifetime_ms: 60_000,
    reason: ask.question,
    expires: clock.now() + ask.timeout_ms,
    ...(deps.config.environment(project, env).cosign ? { cosign: true as const } : {}),
  });
  return new Promise((resolve, reject) => {
    const by: string[] = [];
    const end = (): void => {
      unsubscribe();
      cancel();
      ask.signal.removeEventListener('abort', aborted);
    };
    const aborted = (): void => {
      end();
      reject(ask.signal.reason);
    };
    const unsubscribe = ledger.subscribe((record) => {
      if (record.type === 'grant.approved' && record.body.id === request.id) {
        by.push(record.body.by);
        if (by.length < ask.approvals) return;
        end();
        resolve({ by });
      } else if (record.type === 'grant.denied' && record.body.id === request.id) {
        end();
        reject(
          fail('REQUEST_CLOSED', {
            id: request.id,
            state: `denied by ${record.body.by}: ${record.body.reason}`,
          }),
        );
      }
    });
    const cancel = clock.after(ask.timeout_ms, () => {
      end();
      reject(fail('REQUEST_CLOSED', { id: request.id, state: 'expired' }));
    });
    ask.signal.addEventListener('abort', aborted, { once: true });
    if (ask.signal.aborted) aborted();
  });
}
