import type { CardSource } from './card.ts';

/** What a drill measured, beside what it had to reach. */
export const drills: CardSource = {
  types: ['drill.result'],
  cards({ type, body }) {
    if (type !== 'drill.result') return [];
    const { drill, verdict, rpo_ms, rto_ms, objective_rpo_ms, objective_rto_ms, job_id, why } = body;
    const time = (ms: number | null) => (ms === null ? 'not measured' : { duration: ms });
    return [
      {
        topic: 'drills',
        tone: verdict === 'PASS' ? 'good' : verdict === 'FAIL' ? 'bad' : 'warn',
        title: `Drill ${drill}: ${verdict}`,
        blocks: [
          {
            type: 'fields',
            fields: [
              { label: 'RTO', value: time(rto_ms) },
              ...(objective_rto_ms === null
                ? []
                : [{ label: 'RTO to reach', value: time(objective_rto_ms) }]),
              { label: 'RPO', value: time(rpo_ms) },
              ...(objective_rpo_ms === null
                ? []
                : [{ label: 'RPO to reach', value: time(objective_rpo_ms) }]),
              { label: 'Job', value: { id: job_id } },
              ...(why === undefined ? [] : [{ label: 'Why', value: why }]),
            ],
          },
          { type: 'hint', text: `/reeve drill report drill:${drill} has the evidence.` },
        ],
      },
    ];
  },
};
