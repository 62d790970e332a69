import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { HttpProblem, send } from '../../outgoing.ts';
import type { StepResult } from '../../ports/steps.ts';
import { judgeAnswer } from '../http/expect.ts';
import {
  ExpectSpec,
  RequestSpec,
  checkPointer,
  fillRequest,
  parsePairs,
  parseRequest,
  parseStatuses,
} from '../http/parse.ts';
import { UnfitValue } from '../template.ts';
import { StepMistake, defineKind, integerAttribute, specObject, type RunContext } from './kind.ts';

export const httpAttributes = z.object({
  expect: z.string().default('2xx'),
  json: z.string().default(''),
  outputs: z.string().default(''),
  redirects: integerAttribute(0, 5).default(0),
  max_bytes: integerAttribute(1, 16 * 1024 * 1024).default(1024 * 1024),
});

export function expectOf(a: z.output<typeof httpAttributes>): ExpectSpec {
  const json = parsePairs('json', a.json).map(([pointer, value]) => [checkPointer('json', pointer), value]);
  const outputs = parsePairs('outputs', a.outputs).map(([name, pointer]) => {
    if (!/^[a-z][a-z0-9_]{0,40}$/.test(name)) throw new StepMistake(`outputs: "${name}" is no output name`);
    return [name, checkPointer('outputs', pointer)];
  });
  return {
    status: parseStatuses(a.expect),
    json: Object.fromEntries(json) as Record<string, string>,
    outputs: Object.fromEntries(outputs) as Record<string, string>,
    redirects: a.redirects,
    max_bytes: a.max_bytes,
  };
}

/** Fills what is left open, sends, judges. @returns outputs, or why the answer is not what was expected */
export async function request(
  spec: { request: RequestSpec; expect: ExpectSpec },
  context: RunContext,
): Promise<{ why: string } | { outputs: Record<string, string> }> {
  try {
    const filled = await fillRequest(spec.request, (text, encode) => context.fill(text, encode));
    const from = context.clock.monotonic();
    const answer = await send(filled, {
      allowed: context.services.allowedHosts(),
      signal: context.signal,
      maxBytes: spec.expect.max_bytes,
      redirects: spec.expect.redirects,
    });
    const ms = Math.round(context.clock.monotonic() - from);
    const { method, url } = spec.request;
    await context.log('reeve', `${method} ${url}: ${answer.status}, ${answer.body.length} bytes, ${ms} ms\n`);
    return judgeAnswer(answer, spec.expect);
  } catch (error) {
    if (error instanceof HttpProblem || error instanceof UnfitValue) return { why: error.message };
    throw error;
  }
}

/** One HTTP request, and what its answer must be. */
export const http = defineKind({
  kind: 'http',
  summary:
    'Makes an HTTP request and checks its answer. Private addresses only where network.allow names them.',
  body: 'required',
  templated: true,
  reads: { outputs: true, secrets: true },
  attributes: httpAttributes,
  spec: specObject({ request: RequestSpec, expect: ExpectSpec }),
  check({ step }) {
    return mistakes(() => {
      parseRequest(step.text);
      const attributes = httpAttributes.safeParse(step.attributes);
      if (attributes.success) expectOf(attributes.data);
    });
  },
  async plan(attributes, { step, fill }) {
    const request = await fillRequest(parseRequest(step.text), fill);
    const expect = expectOf(attributes);
    return {
      summary: `${request.method} ${request.url}, expects ${expect.status.join(' or ')}`,
      spec: { request, expect },
    };
  },
  async run(spec, context, step): Promise<StepResult> {
    const result = await request(spec, context);
    if ('outputs' in result) return { status: 'PASS', outputs: result.outputs };
    throw fail('STEP_FAILED', { step: step.name, why: result.why, job: context.spec.job_id });
  },
});

/** What a reading function complains of, as a list. */
export function mistakes(read: () => void): { line: number; message: string }[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof StepMistake) return [{ line: error.line, message: error.message }];
    throw error;
  }
}
