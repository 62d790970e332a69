import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ReeveError, fail, type ErrorCode } from '../../contracts/errors.ts';
import { EstateConfig } from '../../contracts/estate.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Plan, PlanStep } from '../../contracts/plan.ts';
import { systemClock } from '../../daemon/clock.ts';
import { digestOf } from '../../daemon/digest.ts';
import { nodeFs } from '../../daemon/fs.ts';
import type { Config, Estate } from '../../daemon/ports/config.ts';
import type { PlanRequest, Runbooks } from '../../daemon/ports/runbooks.ts';
import type { StepContext, StepResult, StepRunner, StepServices } from '../../daemon/ports/steps.ts';
import { createRunbooks, createStepRunner, planDigest } from '../../daemon/runbook/index.ts';

export interface World {
  /** Random: stopping a step ends every process of its attempt, whichever test started it. */
  job: string;
  root: string;
  config: Config;
  runbooks: Runbooks;
  runner: StepRunner;
  artifacts: { bytes: Buffer; name?: string; mediaType: string }[];
  notified: object[];
  calls: object[];
  /** Writes a runbook file; `steps` is what comes after the front matter. */
  write(id: string, steps: string, front?: string): Promise<void>;
  plan(id: string, request?: Partial<PlanRequest>): Promise<Plan>;
  context(plan: Plan, over?: Partial<StepContext>): Promise<TestContext>;
  run(id: string, inputs?: JsonObject, over?: Partial<StepContext>): Promise<RunResult>;
}
export interface TestContext extends StepContext {
  /** Everything logged, by stream. */
  logged: { stdout: string; stderr: string; reeve: string };
}
export interface RunResult {
  status: string;
  results: Record<string, StepResult>;
  outputs: Record<string, Record<string, string>>;
  log: string;
  plan: Plan;
}

const ESTATE = {
  version: 1,
  estate: { name: 'test' },
  projects: {
    reeve: { environments: { dev: {}, staging: {}, prod: {} } },
    shop: { path: 'shop', environments: { dev: {} }, runbooks: { deploy: 'mapped' } },
  },
};

/** An estate in a temporary folder, with the real loader, planner and step runner. */
export async function makeWorld(
  over: { estate?: object; root?: string; services?: Partial<StepServices> } = {},
): Promise<World> {
  const root = over.root ?? (await mkdtemp(join(tmpdir(), 'reeve-runbook-')));
  if (over.root === undefined)
    onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 20 }));
  await mkdir(join(root, 'runbooks'), { recursive: true });
  const estate: Estate = {
    config: EstateConfig.parse({ ...ESTATE, ...over.estate }),
    digest: digestOf('estate'),
    root,
    file: join(root, 'reeve.yaml'),
  };
  const config = configOf(estate);
  const runbooks = createRunbooks({ config, fs: nodeFs });
  const runner = createStepRunner({ clock: systemClock, config });
  const world: World = {
    job: `job_${randomBytes(16).toString('hex')}`,
    root,
    config,
    runbooks,
    runner,
    artifacts: [],
    notified: [],
    calls: [],
    write: (id, steps, front = '') =>
      writeFile(
        join(root, 'runbooks', `${id}.md`),
        `---\nrunbook: ${id}\ntitle: ${id}\n${front}---\n${steps}\n`,
      ),
    plan: (id, request = {}) =>
      runbooks.plan({ runbook: id, project: 'reeve', env: 'dev', inputs: {}, ...request }),
    async context(plan, more = {}) {
      const scratch = await mkdtemp(join(tmpdir(), 'reeve-scratch-'));
      onTestFinished(() => rm(scratch, { recursive: true, force: true, maxRetries: 20 }));
      const logged = { stdout: '', stderr: '', reeve: '' };
      const decoder = new TextDecoder();
      return {
        spec: specOf(plan, world.job),
        plan,
        attempt_id: `${world.job}.1`,
        fence: 1,
        scratch,
        root,
        outputs: {},
        failed: false,
        signal: new AbortController().signal,
        log: async (stream, chunk) => {
          logged[stream] += typeof chunk === 'string' ? chunk : decoder.decode(chunk);
        },
        grant_id: `gr_${'2'.repeat(24)}`,
        services: servicesOf(world, over.services),
        logged,
        ...more,
      };
    },
    async run(id, inputs = {}, more = {}) {
      const plan = await world.plan(id, { inputs });
      return runPlan(runner, plan, await world.context(plan, more));
    },
  };
  return world;
}

function configOf(estate: Estate): Config {
  const project: Config['project'] = (id) => {
    const found = estate.config.projects[id];
    if (found === undefined) throw fail('PROJECT_UNKNOWN', { project: id, known: '' });
    return found;
  };
  return {
    current: () => estate,
    project,
    environment: (id, env) => {
      const found = project(id).environments[env];
      if (found === undefined) throw fail('ENVIRONMENT_UNKNOWN', { project: id, env, known: '' });
      return found;
    },
    onChange: () => () => {},
  };
}

const specOf = (plan: Plan, job: string): StepContext['spec'] => ({
  job_id: job,
  action: plan.action,
  runbook: plan.runbook,
  runbook_digest: plan.runbook_digest,
  config_version: plan.config_version,
  plan_digest: planDigest(plan),
  project: plan.project,
  env: plan.env,
  inputs: plan.inputs,
  inputs_digest: digestOf(''),
  anchor: { kind: 'nonce', id: 'test' },
  requested_by: 'tester',
  grant_id: `gr_${'2'.repeat(24)}`,
  reason: 'test',
  plan: { ref: 'artifact:test' },
});

function servicesOf(world: World, over: Partial<StepServices> = {}): StepServices {
  const none = (what: string) => () => Promise.reject(new Error(`no ${what} in this test`));
  return {
    secrets: none('secrets'),
    putArtifact: async (data, meta) => {
      const bytes = Buffer.from(data);
      world.artifacts.push({ bytes, ...meta });
      const digest = digestOf(bytes);
      return { ref: `artifact:${digest}`, digest, size: bytes.length, ...meta };
    },
    call: none('call'),
    approve: none('approve'),
    notify: async (message) => {
      world.notified.push(message);
      return { sent: [message.channel] };
    },
    backup: none('backup'),
    restore: none('restore'),
    report: none('report'),
    head: none('head'),
    sync: none('sync'),
    release: none('release'),
    push: none('push'),
    publish: none('publish'),
    announce: none('announce'),
    allowedHosts: () => world.config.current().config.network.allow,
    ...over,
  };
}

/** One step after the other; rollback steps after a failure, `always` steps at the end. */
export async function runPlan(runner: StepRunner, plan: Plan, context: TestContext): Promise<RunResult> {
  const results: Record<string, StepResult> = {};
  const outputs = context.outputs;
  let status = 'PASS';
  const one = async (step: PlanStep): Promise<void> => {
    const result = await runner.run(step, { ...context, failed: status !== 'PASS' });
    results[step.name] = result;
    if (result.outputs !== undefined) outputs[step.name] = result.outputs;
    if (status === 'PASS' && result.status !== 'PASS') status = result.status;
  };
  for (const step of plan.steps) if (step.on === 'normal' && status === 'PASS') await one(step);
  for (const step of plan.steps) if (step.on === 'failure' && status !== 'PASS') await one(step);
  for (const step of plan.steps) if (step.on === 'always') await one(step);
  const { stdout, stderr, reeve } = context.logged;
  return { status, results, outputs, log: stdout + stderr + reeve, plan };
}

/** The error a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<ReeveError & { code: ErrorCode }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ReeveError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
