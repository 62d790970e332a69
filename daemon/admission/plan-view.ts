import type { Json } from '../../contracts/json.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Block } from '../../contracts/reply.ts';

/** The whole plan for people: nothing that will run is left out. */
export function planBlocks(plan: Plan, digest: string): Block[] {
  const inputs = Object.entries(plan.inputs).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
  const extras = Object.entries(plan.targets).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
  const needs = plan.needs.map((n) => n.runbook);
  return [
    {
      type: 'fields',
      fields: [
        { label: 'Action', value: `${plan.action} on ${plan.project}/${plan.env}` },
        { label: 'Runbook', value: `${plan.title} (${plan.source})` },
        { label: 'Runbook digest', value: { id: plan.runbook_digest } },
        { label: 'Plan digest', value: { id: digest } },
        ...(inputs.length > 0 ? [{ label: 'Inputs', value: inputs.join(' ') }] : []),
        ...(extras.length > 0 ? [{ label: 'Also given', value: extras.join(' ') }] : []),
        ...(plan.environment_names.length > 0
          ? [{ label: 'Sees', value: plan.environment_names.join(' ') }]
          : []),
        ...(plan.lock === null ? [] : [{ label: 'Holds lock', value: plan.lock }]),
        ...(needs.length > 0 ? [{ label: 'Needs a PASS of', value: needs.join(', ') }] : []),
        { label: 'Ends after', value: { duration: plan.timeout_ms } },
      ],
    },
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
    ...plan.steps.map((s): Block => {
      const where = `${plan.source}:${s.line}`;
      const { script, argv, secrets, ...rest } = s.spec;
      if (typeof script !== 'string')
        return {
          type: 'code',
          language: `json · ${s.name} · ${where}`,
          text: JSON.stringify(s.spec, null, 2),
        };
      // Everything that is run stands here: the interpreter and what it sees, then the text to the letter.
      return {
        type: 'code',
        language: [
          s.kind,
          s.name,
          where,
          `at most ${durationOf(s.timeout_ms)}`,
          ...words(argv),
          ...words(secrets).map((names) => `sees ${names}`),
          ...(Object.keys(rest).length > 0 ? [JSON.stringify(rest)] : []),
        ].join(' · '),
        text: script,
      };
    }),
  ];
}

/** A list of texts as one text; nothing for an empty list. */
function words(value: Json | undefined): string[] {
  const texts = Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];
  return texts.length === 0 ? [] : [texts.join(' ')];
}

const durationOf = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`);
