import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { oneLine } from '../../text.ts';
import { BadExpression, holds, parseExpression, refsOf } from '../expression.ts';
import { BadPattern } from '../../pattern.ts';
import { defineKind, specObject, type RunContext, type StepProblem } from './kind.ts';

/** The expressions of a block with their lines from 1: one a line, `#` begins a comment line. */
export const expressionsOf = (text: string): { line: number; text: string }[] =>
  text
    .split('\n')
    .map((raw, i) => ({ line: i + 1, text: raw.trim() }))
    .filter((e) => e.text !== '' && !e.text.startsWith('#'));

/** Every line must hold. */
export const assert = defineKind({
  kind: 'assert',
  summary:
    'Compares inputs and outputs: every line must hold (== != < <= > >= contains matches, and or not).',
  body: 'required',
  reads: { outputs: true, secrets: false },
  attributes: z.object({ message: z.string().max(300).optional() }),
  spec: specObject({ expressions: z.array(z.string()).min(1), message: z.string().optional() }),
  check({ step }) {
    const all = expressionsOf(step.text);
    if (all.length === 0) return [{ line: 0, message: 'there is nothing to assert' }];
    return all.flatMap(({ line, text }): StepProblem[] => {
      try {
        parseExpression(text);
        return [];
      } catch (error) {
        if (error instanceof BadExpression) return [{ line, message: error.message }];
        throw error;
      }
    });
  },
  plan({ message }, { step }) {
    const expressions = expressionsOf(step.text).map(({ text }) => text);
    return {
      summary: `holds: ${expressions.join('; ')}`,
      spec: { expressions, ...(message === undefined ? {} : { message }) },
    };
  },
  async run({ expressions, message }, context, step) {
    for (const text of expressions) {
      const why = failing(text, context);
      if (why === undefined) {
        await context.log('reeve', `holds: ${text}\n`);
        continue;
      }
      const said = message === undefined ? why : `${await context.fill(message)} (${why})`;
      throw fail('ASSERTION_FAILED', { step: step.name, why: said, job: context.spec.job_id });
    }
    return { status: 'PASS' };
  },
});

function failing(text: string, context: RunContext): string | undefined {
  try {
    const expression = parseExpression(text);
    if (holds(expression, context.look)) return undefined;
    const values = refsOf(expression).map(
      ({ ref, raw }) => `${raw} is ${oneLine(JSON.stringify(context.look(ref) ?? null), 200)}`,
    );
    return `${text} does not hold${values.length === 0 ? '' : `: ${[...new Set(values)].join(', ')}`}`;
  } catch (error) {
    if (error instanceof BadExpression || error instanceof BadPattern) return `${text}: ${error.message}`;
    throw error;
  }
}
