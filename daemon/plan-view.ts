import { fail } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import { calledPlan, type Plan, type PlanStep } from '../contracts/plan.ts';
import type { Block } from '../contracts/reply.ts';
import { plural } from '../contracts/units.ts';
import { canonical } from './canonical.ts';
import { digestOf } from './digest.ts';

/** The whole plan for people: nothing that will run is left out, also of what it calls. */
export function planBlocks(plan: Plan, digest: string): Block[] {
  return blocksOf(plan, digest, []);
}

/** `path`: names of the steps through which it is called. */
function blocksOf(plan: Plan, digest: string, path: readonly string[]): Block[] {
  return [
    factsOf(plan, digest, path),
    {
      type: 'steps',
      steps: plan.steps.map((s) => ({
        name: s.name,
        kind: s.kind,
        on: s.on,
        summary: s.summary,
        status: 'PENDING' as const,
      })),
    },
    ...plan.steps.flatMap((step) => stepBlocks(plan, step, [...path, step.name])),
  ];
}

function factsOf(plan: Plan, digest: string, path: readonly string[]): Block {
  const inputs = Object.entries(plan.inputs).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
  const extras = Object.entries(plan.targets).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
  const needs = plan.needs.map((n) => n.runbook);
  return {
    type: 'fields',
    fields: [
      ...(path.length > 0 ? [{ label: 'Called by', value: path.join(' › ') }] : []),
      { label: 'Action', value: `${plan.action} on ${plan.project}/${plan.env}` },
      { label: 'Runbook', value: `${plan.title} (${plan.source})` },
      { label: 'Runbook digest', value: { id: plan.runbook_digest } },
      { label: 'Plan digest', value: { id: digest } },
      ...(inputs.length > 0 ? [{ label: 'Inputs', value: inputs.join(' ') }] : []),
      ...(extras.length > 0 ? [{ label: 'Also given', value: extras.join(' ') }] : []),
      ...(plan.environment_names.length > 0
        ? [{ label: 'Sees', value: plan.environment_names.join(' ') }]
        : []),
      ...(plan.outputs === undefined ? [] : [{ label: 'Writes', value: plan.outputs.join(' ') }]),
      ...(plan.lock === null ? [] : [{ label: 'Holds lock', value: plan.lock }]),
      ...(needs.length > 0 ? [{ label: 'Needs a PASS of', value: needs.join(', ') }] : []),
      ...(plan.retries > 0
        ? [{ label: 'Tried again', value: plan.retries === 1 ? 'once' : plural(plan.retries, 'time') }]
        : []),
      { label: 'Ends after', value: { duration: plan.timeout_ms } },
    ],
  };
}

function stepBlocks(plan: Plan, step: PlanStep, path: readonly string[]): Block[] {
  const where = `${plan.source}:${step.line}`;
  const name = path.join(' › ');
  if (step.kind === 'call') return callBlocks(step, `${name} · ${where}`, path);
  const { script, argv, secrets, ...rest } = step.spec;
  if (typeof script !== 'string')
    return [
      { type: 'code', language: `json · ${name} · ${where}`, text: JSON.stringify(step.spec, null, 2) },
    ];
  // Everything that is run stands here: the interpreter and what it sees, then the text to the letter.
  return [
    {
      type: 'code',
      language: [
        step.kind,
        name,
        where,
        `at most ${durationOf(step.timeout_ms)}`,
        ...words(argv),
        ...words(secrets).map((names) => `sees ${names}`),
        ...(Object.keys(rest).length > 0 ? [JSON.stringify(rest)] : []),
      ].join(' · '),
      text: script,
    },
  ];
}

/** What is called: where and with which inputs, then all of its plan. */
function callBlocks(step: PlanStep, label: string, path: readonly string[]): Block[] {
  const { plan: _shown, runs: _named, ...rest } = step.spec;
  const head: Block = { type: 'code', language: `json · ${label}`, text: JSON.stringify(rest, null, 2) };
  const inner = calledPlan(step);
  if (inner === undefined) return [head];
  const digest = digestOf(canonical(inner));
  // What runs is held against the digest; a text of another plan must not stand beside it.
  if (digest !== step.spec['plan_digest']) throw fail('GRANT_PLAN_MISMATCH');
  return [head, ...blocksOf(inner, digest, path)];
}

/** A list of texts as one text; nothing for an empty list. */
function words(value: Json | undefined): string[] {
  const texts = Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];
  return texts.length === 0 ? [] : [texts.join(' ')];
}

const durationOf = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`);
