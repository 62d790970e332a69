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
      const script = s.spec['script'] ?? s.spec['text'];
      return typeof script === 'string'
        ? { type: 'code', language: `${s.kind} · ${s.name} · ${plan.source}:${s.line}`, text: script }
        : {
            type: 'code',
            language: `json · ${s.name} · ${plan.source}:${s.line}`,
            text: JSON.stringify(s.spec, null, 2),
          };
    }),
  ];
}
