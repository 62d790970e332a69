import type { Runbook, RunbookStep } from '../../contracts/runbook.ts';
import { suggest } from '../suggest.ts';
import { BadExpression, parseExpression, refsOf } from './expression.ts';
import type { Front } from './front.ts';
import type { Problems } from './problems.ts';
import { expressionsOf } from './steps/assert.ts';
import { kindByWord } from './steps/index.ts';
import type { StepKind } from './steps/kind.ts';
import { parseTemplate, type Ref } from './template.ts';

type Reads = StepKind['reads'];
const NOTHING: Reads = { outputs: false, secrets: false };

/** Everything a template or assertion names must be there, and be readable at that place. */
export function checkReferences(
  runbook: Runbook,
  { lineOf, known }: Pick<Front, 'lineOf' | 'known'>,
  problems: Problems,
): void {
  const { front, steps } = runbook;
  // What a mistaken declaration was meant to declare, nobody knows.
  const unknown = (ref: Ref): boolean =>
    (ref.of === 'input' && !known('inputs')) || (ref.of === 'secret' && !known('secrets'));
  const check = (text: string, line: number, reads: Reads, at: RunbookStep | undefined): void => {
    const { parts, wrong } = parseTemplate(text);
    const lineAt = (index: number): number => line + text.slice(0, index).split('\n').length - 1;
    for (const { index, raw } of wrong)
      problems.error(
        lineAt(index),
        `${raw} names nothing: project, env, inputs.x, steps.s.outputs.x, secrets.x; $\${ stands for itself`,
      );
    for (const { ref, raw } of parts) {
      if (ref === undefined || unknown(ref)) continue;
      const why = wrongRef(ref, runbook, reads, at);
      if (why !== undefined) problems.error(lineAt(text.indexOf(raw ?? '')), `${raw ?? ''}: ${why}`);
    }
  };
  check(front.title, lineOf(['title']), NOTHING, undefined);
  if (front.lock !== undefined) check(front.lock, lineOf(['lock']), NOTHING, undefined);
  for (const step of steps) {
    const kind = kindByWord.get(step.kind);
    if (kind === undefined) continue;
    for (const value of Object.values(step.attributes)) check(value, step.line, kind.reads, step);
    if (kind.templated) check(step.text, step.line + 1, kind.reads, step);
    if (kind.kind === 'assert') checkAssertions(step, runbook, unknown, problems);
  }
}

function checkAssertions(
  step: RunbookStep,
  runbook: Runbook,
  unknown: (ref: Ref) => boolean,
  problems: Problems,
): void {
  for (const { line, text } of expressionsOf(step.text)) {
    try {
      for (const { ref, raw } of refsOf(parseExpression(text))) {
        if (unknown(ref)) continue;
        const why = wrongRef(ref, runbook, { outputs: true, secrets: false }, step);
        if (why !== undefined) problems.error(step.line + line, `${raw}: ${why}`);
      }
    } catch (error) {
      // Reported by the kind itself.
      if (!(error instanceof BadExpression)) throw error;
    }
  }
}

function wrongRef(
  ref: Ref,
  { front, steps }: Runbook,
  reads: Reads,
  at: RunbookStep | undefined,
): string | undefined {
  if (ref.of === 'input') {
    const names = Object.keys(front.inputs);
    if (names.includes(ref.name)) return undefined;
    return `there is no input ${ref.name}${hint(ref.name, names)}`;
  }
  if (ref.of === 'secret') {
    if (!reads.secrets) return 'secrets cannot be read here';
    return front.secrets.includes(ref.name) ? undefined : 'it is not declared under secrets:';
  }
  if (ref.of === 'output') {
    if (!reads.outputs) return 'outputs are only known when steps run, and cannot be read here';
    const names = steps.map(({ name }) => name);
    const step = steps.find(({ name }) => name === ref.step);
    if (step === undefined) return `there is no step ${ref.step}${hint(ref.step, names)}`;
    if (step.name === at?.name) return 'a step cannot read its own outputs';
    // Rollback and cleanup run after everything else.
    if (at?.on === 'normal' && (step.on !== 'normal' || step.line > at.line))
      return `the step ${ref.step} does not run before`;
  }
  return undefined;
}

const hint = (word: string, known: readonly string[]): string => {
  const near = suggest(word, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
};
