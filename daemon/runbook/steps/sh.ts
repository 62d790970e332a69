import { writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { COMMAND_PATH, execute, type Exit } from '../../execute.ts';
import type { StepContext, StepResult } from '../../ports/steps.ts';
import { inputVariable, outputVariable, secretVariable, textOf } from '../environment.ts';
import { BadOutputs, readOutputs } from '../exec/outputs.ts';
import { defineKind, specObject, type RunContext, type StepProblem } from './kind.ts';

/** One argument may have 128 KiB on Linux (MAX_ARG_STRLEN). */
const MAX_SCRIPT = 120_000;

const INTERPRETERS = {
  sh: ['/bin/sh', '-eu', '-c'],
  bash: ['/usr/bin/env', 'bash', '-eu', '-o', 'pipefail', '-c'],
} as const;

const Spec = specObject({
  /** The interpreter; the script and the step's name ($0) follow as two more arguments. */
  argv: z.array(z.string()).min(2).max(10),
  /** Exactly the text of the block. It goes to the interpreter as one argument, so nothing can change it on the way. */
  script: z.string().min(1),
  /** Declared secrets, each a variable. */
  secrets: z.array(z.string()),
  project_path: z.string(),
});

/** A script for the shell, with `-e` and `-u`. Inputs arrive as variables only and are never part of the script. */
export const sh = defineKind({
  kind: 'sh',
  languages: ['bash', 'shell'],
  summary: 'Runs a shell script in its own process group, with a clean environment.',
  body: 'required',
  attributes: z.object({ interpreter: z.enum(['sh', 'bash']).default('sh') }),
  spec: Spec,
  check({ step }) {
    const problems: StepProblem[] = [];
    if (Buffer.byteLength(step.text) > MAX_SCRIPT)
      problems.push({ line: 0, message: `the script has more than ${MAX_SCRIPT} bytes` });
    step.text.split('\n').forEach((line, i) => {
      const found = /\$\{((?:inputs|steps|secrets)\.[^}]*)\}/.exec(line)?.[0];
      if (found !== undefined)
        problems.push({
          line: i + 1,
          message: `${found} is not filled in a script: inputs are $REEVE_INPUT_<NAME>, outputs $REEVE_STEP_<STEP>__<NAME>`,
        });
    });
    return problems;
  },
  plan({ interpreter }, { step, runbook, projectPath }) {
    const lines = step.text.split('\n').filter((line) => /^\s*[^#\s]/.test(line));
    const what = step.heading === '' ? (lines[0] ?? '').trim() : step.heading;
    return {
      summary: `${what} (${lines.length} ${lines.length === 1 ? 'line' : 'lines'} of ${interpreter})`,
      spec: {
        argv: [...INTERPRETERS[interpreter]],
        script: step.text,
        secrets: [...runbook.front.secrets],
        project_path: projectPath,
      },
    };
  },
  async run(spec, context, step) {
    const output = join(context.scratch, `.reeve-output-${step.name}`);
    await rm(output, { force: true });
    await writeFile(output, '', { flag: 'wx', mode: 0o600 });
    try {
      const exit = await execute(
        {
          argv: [...spec.argv, spec.script, step.name],
          cwd: context.root,
          env: await environment(spec, context, step.name, output),
          mark: { attemptId: context.attempt_id, under: context.scratch },
          maxOutput: context.maxOutput,
        },
        { clock: context.clock, signal: context.signal, log: (name, chunk) => context.log(name, chunk) },
      );
      return await resultOf(exit, output, context, step.name);
    } finally {
      await rm(output, { force: true, recursive: true });
    }
  },
});

async function environment(
  spec: z.output<typeof Spec>,
  context: RunContext,
  step: string,
  output: string,
): Promise<Record<string, string>> {
  const { plan, scratch, root } = context;
  const env: Record<string, string> = {
    PATH: COMMAND_PATH,
    HOME: scratch,
    TMPDIR: scratch,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    REEVE_ATTEMPT_ID: context.attempt_id,
    REEVE_ENV: plan.env,
    REEVE_JOB_ID: context.spec.job_id,
    REEVE_OUTPUT: output,
    REEVE_PROJECT: plan.project,
    REEVE_PROJECT_PATH: join(root, spec.project_path),
    REEVE_ROOT: root,
    REEVE_SCRATCH: scratch,
    REEVE_STEP: step,
  };
  for (const [name, value] of Object.entries(plan.inputs)) env[inputVariable(name)] = textOf(value);
  for (const [name, outputs] of Object.entries(context.outputs))
    for (const [key, value] of Object.entries(outputs)) env[outputVariable(name, key)] = value;
  const secrets = spec.secrets.length === 0 ? {} : await context.services.secrets(spec.secrets);
  for (const name of spec.secrets) {
    const value = secretIn(secrets, name);
    if (value === undefined) throw fail('SECRET_NOT_FOUND', { name });
    env[secretVariable(name)] = value;
  }
  return env;
}

/** The service answers by variable name; by the declared name is understood too. */
export function secretIn(secrets: Record<string, string>, name: string): string | undefined {
  for (const key of [secretVariable(name), name]) if (Object.hasOwn(secrets, key)) return secrets[key];
  return undefined;
}

async function resultOf(
  exit: Exit,
  output: string,
  context: StepContext & { maxOutput: number },
  step: string,
): Promise<StepResult> {
  const job = context.spec.job_id;
  if (exit.overflow) throw fail('STEP_OUTPUT_LIMIT', { step, max: context.maxOutput });
  const passed = exit.code === 0;
  let outputs: Record<string, string>;
  try {
    outputs = await readOutputs(output);
  } catch (error) {
    if (!(error instanceof BadOutputs)) throw error;
    if (passed) throw fail('STEP_OUTPUT_INVALID', { step, why: error.message }, { cause: error });
    outputs = {};
  }
  const given = Object.keys(outputs).length === 0 ? {} : { outputs };
  if (passed) return { status: 'PASS', exit_code: 0, ...given };
  const how = exit.signal === null ? `exit status ${exit.code ?? '?'}` : `ended by ${exit.signal}`;
  const error = fail('STEP_FAILED', { step, why: exit.last === '' ? how : `${how}: ${exit.last}`, job });
  return {
    status: 'FAIL',
    error_code: error.code,
    why: error.message,
    ...(exit.code === null ? {} : { exit_code: exit.code }),
    ...given,
  };
}
