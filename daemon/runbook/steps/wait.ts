import { z } from 'zod';
import { ExpectSpec, RequestSpec, fillRequest, parseRequest } from '../http/parse.ts';
import { expectOf, httpAttributes, mistakes, request } from './http.ts';
import { StepMistake, defineKind, durationAttribute, specObject } from './kind.ts';

const attributes = httpAttributes.extend({
  for: durationAttribute.optional(),
  every: durationAttribute.default(5000),
});

/** Waits for a time, or asks again and again until an HTTP answer is what it should be. */
export const wait = defineKind({
  kind: 'wait',
  summary:
    'Waits: for=30s, or until the HTTP request in its text is answered as expected (every=5s, up to timeout=).',
  body: 'optional',
  templated: true,
  reads: { outputs: true, secrets: true },
  attributes,
  spec: specObject({
    for_ms: z.int().min(0),
    until: z.strictObject({ request: RequestSpec, expect: ExpectSpec, every_ms: z.int().min(1) }).nullable(),
  }),
  check({ step }) {
    return mistakes(() => {
      const until = step.text.trim() !== '';
      if (until) parseRequest(step.text);
      else if (step.attributes['for'] === undefined)
        throw new StepMistake('say how long with for=30s, or what for with an HTTP request as its text');
      const parsed = attributes.safeParse(step.attributes);
      if (!parsed.success) return;
      if (until) expectOf(parsed.data);
      if ((parsed.data.for ?? 0) >= step.timeout_ms)
        throw new StepMistake('for= is not shorter than its timeout');
    });
  },
  async plan(a, { step, fill }) {
    const forMs = a.for ?? 0;
    const text = forMs === 0 ? '' : `waits ${forMs} ms`;
    if (step.text.trim() === '') return { summary: text, spec: { for_ms: forMs, until: null } };
    const request = await fillRequest(parseRequest(step.text), fill);
    const expect = expectOf(a);
    const until = `until ${request.method} ${request.url} is ${expect.status.join(' or ')}, asked every ${a.every} ms`;
    return {
      summary: text === '' ? `waits ${until}` : `${text}, then ${until}`,
      spec: { for_ms: forMs, until: { request, expect, every_ms: a.every } },
    };
  },
  async run({ for_ms, until }, context) {
    if (for_ms > 0) await context.clock.sleep(for_ms, { signal: context.signal });
    if (until === null) return { status: 'PASS' };
    for (let before = ''; ;) {
      const result = await request(until, context);
      if ('outputs' in result) return { status: 'PASS', outputs: result.outputs };
      if (result.why !== before) await context.log('reeve', `not yet: ${result.why}\n`);
      before = result.why;
      await context.clock.sleep(until.every_ms, { signal: context.signal });
    }
  },
});
