import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { ReeveError, fail } from '../../contracts/errors.ts';
import { EstateConfig, type EnvironmentSpec, type ProjectSpec } from '../../contracts/estate.ts';
import type { Plan, PlanStep } from '../../contracts/plan.ts';
import { RunbookFrontMatter, type Runbook } from '../../contracts/runbook.ts';
import { digestOf } from '../../daemon/digest.ts';
import type { Artifacts } from '../../daemon/ports/artifacts.ts';
import type { Config, Estate } from '../../daemon/ports/config.ts';
import type { Redactor, StepContext, StepResult, StepRunner } from '../../daemon/ports/steps.ts';

/** Content-addressed files, re-hashed on read. */
export class FileArtifacts implements Artifacts {
  readonly dir: string;
  constructor(dir: string) {
    this.dir = dir;
  }
  async put(
    data: Uint8Array | AsyncIterable<Uint8Array>,
    { mediaType, name }: { mediaType: string; name?: string },
  ): Promise<ArtifactRef> {
    const parts: Uint8Array[] = [];
    if (data instanceof Uint8Array) parts.push(data);
    else for await (const part of data) parts.push(part);
    const bytes = Buffer.concat(parts);
    const digest = digestOf(bytes);
    await mkdir(this.dir, { recursive: true });
    await writeFile(join(this.dir, digest.slice(7)), bytes);
    return {
      ref: `artifact:${digest}`,
      digest,
      size: bytes.length,
      mediaType,
      ...(name === undefined ? {} : { name }),
    };
  }
  async get(digest: string): Promise<Uint8Array> {
    let bytes: Buffer;
    try {
      bytes = await readFile(join(this.dir, digest.slice(7)));
    } catch (cause) {
      throw fail('ARTIFACT_NOT_FOUND', { digest }, { cause });
    }
    if (digestOf(bytes) !== digest) throw fail('ARTIFACT_CORRUPT', { digest });
    return bytes;
  }
  async *stream(digest: string): AsyncIterable<Uint8Array> {
    yield await this.get(digest);
  }
  async has(digest: string): Promise<boolean> {
    return access(join(this.dir, digest.slice(7))).then(
      () => true,
      () => false,
    );
  }
}

/** Steps of kind `sh` run a real shell in its own process group; of kind `fn`, the function of that name. */
export class TestRunner implements StepRunner {
  readonly ran: string[] = [];
  readonly fns: Record<string, (context: StepContext, step: PlanStep) => Promise<StepResult> | StepResult>;
  constructor(fns: TestRunner['fns'] = {}) {
    this.fns = fns;
  }
  async run(step: PlanStep, context: StepContext): Promise<StepResult> {
    this.ran.push(step.name);
    if (step.kind === 'fn') {
      const fn = this.fns[step.name];
      return fn === undefined ? { status: 'PASS' } : fn(context, step);
    }
    const { script } = step.spec;
    return shell(typeof script === 'string' ? script : 'exit 99', context);
  }
}

async function shell(script: string, context: StepContext): Promise<StepResult> {
  const env = { PATH: '/usr/bin:/bin', REEVE_SCRATCH: context.scratch };
  const child = spawn('sh', ['-c', script], { detached: true, cwd: context.scratch, env });
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  context.signal.addEventListener('abort', kill, { once: true });
  const pipe = async (stream: 'stdout' | 'stderr'): Promise<void> => {
    for await (const chunk of child[stream]) await context.log(stream, chunk as Buffer);
  };
  const closed = once(child, 'close');
  await Promise.all([pipe('stdout'), pipe('stderr')]);
  const [code] = (await closed) as [number | null];
  context.signal.removeEventListener('abort', kill);
  if (context.signal.aborted) return { status: 'CANCELLED', why: 'killed' };
  if (code === 0) return { status: 'PASS', exit_code: 0 };
  const why = `exit ${code}`;
  return { status: 'FAIL', error_code: 'STEP_FAILED', why, ...(code === null ? {} : { exit_code: code }) };
}

/** Replaces whole secrets, also across chunks: enough to see that all output goes through it. */
export function redactor(values: string[]): Redactor {
  const text = (value: string): string => values.reduce((t, v) => t.replaceAll(v, '[redacted]'), value);
  const keep = Math.max(0, ...values.map((v) => v.length - 1));
  return {
    text,
    stream() {
      let held = '';
      return {
        push(chunk) {
          held = text(held + chunk);
          const cut = Math.max(0, held.length - keep);
          const out = held.slice(0, cut);
          held = held.slice(cut);
          return out;
        },
        end: () => text(held),
      };
    },
  };
}

export const CONFIG_DIGEST = digestOf('reeve.yaml');

export class TestConfig implements Config {
  estate: Estate;
  constructor(root: string, limits: Partial<EstateConfig['limits']> = {}) {
    const config = EstateConfig.parse({
      version: 1,
      estate: { name: 'test' },
      projects: { shop: { environments: { staging: {} } } },
      limits,
    });
    this.estate = { config, digest: CONFIG_DIGEST, root, file: join(root, 'reeve.yaml') };
  }
  current(): Estate {
    return this.estate;
  }
  project(id: string): ProjectSpec {
    const project = this.estate.config.projects[id];
    if (project === undefined) throw fail('PROJECT_UNKNOWN', { project: id, known: 'shop' });
    return project;
  }
  environment(project: string, env: string): EnvironmentSpec {
    const found = this.project(project).environments[env];
    if (found === undefined) throw fail('ENVIRONMENT_UNKNOWN', { project, env, known: 'staging' });
    return found;
  }
  onChange(): () => void {
    return () => {};
  }
}

export interface StepDraft {
  name: string;
  kind?: string;
  on?: PlanStep['on'];
  script?: string;
  timeout_ms?: number;
}

/** A runbook as loaded and the plan made of it. */
export function book(
  steps: readonly StepDraft[],
  over: Partial<Plan> & { retry_delay?: string; secrets?: string[] } = {},
): { runbook: Runbook; plan: Plan } {
  const { retry_delay = '250ms', secrets = [], ...rest } = over;
  const id = rest.runbook ?? `run-${steps[0]?.name ?? 'nothing'}`;
  const text = JSON.stringify([id, steps]);
  const runbook_digest = digestOf(text);
  const source = `runbooks/${id}.md`;
  const front = RunbookFrontMatter.parse({ runbook: id, title: `Run ${id}`, retry_delay, secrets });
  const full = steps.map(({ name, kind = 'sh', on = 'normal', script = 'true', timeout_ms = 60_000 }, i) => ({
    name,
    kind,
    on,
    script,
    timeout_ms,
    line: 10 + i * 5,
  }));
  const runbook: Runbook = {
    front,
    source,
    digest: runbook_digest,
    steps: full.map(({ script, ...step }) => ({ ...step, heading: 'Steps', attributes: {}, text: script })),
    prose: [],
    text,
  };
  const plan: Plan = {
    v: 1,
    action: 'deploy',
    runbook: id,
    runbook_digest,
    source,
    title: front.title,
    project: 'shop',
    env: 'staging',
    inputs: {},
    targets: {},
    environment_names: [],
    config_version: CONFIG_DIGEST,
    timeout_ms: 600_000,
    retries: 0,
    idempotent: false,
    lock: null,
    on_conflict: 'queue',
    needs: [],
    steps: full.map(({ script, ...step }) => ({ ...step, summary: `does ${step.name}`, spec: { script } })),
    calls: {},
    ...rest,
  };
  return { runbook, plan };
}

export function codeOf(error: unknown): string {
  return error instanceof ReeveError ? error.code : String(error);
}
