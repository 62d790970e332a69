import type { ArtifactRef } from '../../../contracts/artifact.ts';
import type { ChatPicture } from '../../../contracts/chat.ts';
import { duration } from '../../../contracts/units.ts';
import type { ChatDeps } from '../deps.ts';
import type { CardSource } from './card.ts';
import { pictureOf } from './picture.ts';

/** What a drill measured, beside what it had to reach. */
export const drills: CardSource = {
  types: ['drill.result'],
  async cards({ type, body }, deps) {
    if (type !== 'drill.result') return [];
    const { drill, verdict, rpo_ms, rto_ms, objective_rpo_ms, objective_rto_ms, job_id, why } = body;
    const picture = await chartOf(body, deps);
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
        ...(picture === undefined ? {} : { picture }),
      },
    ];
  },
};

interface Result {
  drill: string;
  verdict: string;
  rpo_ms: number | null;
  rto_ms: number | null;
  evidence: readonly ArtifactRef[];
}

/** The chart of its runs; none where the evidence has none (any more), which keeps nobody from hearing the result. */
async function chartOf(
  { drill, verdict, rpo_ms, rto_ms, evidence }: Result,
  deps: Pick<ChatDeps, 'artifacts' | 'warn'>,
): Promise<ChatPicture | undefined> {
  const digest = evidence.find(({ mediaType }) => mediaType === 'image/svg+xml')?.digest;
  if (digest === undefined) return undefined;
  const said = (ms: number | null): string => (ms === null ? 'not measured' : duration(ms));
  const alt = `Runs of the drill ${drill}. The newest: ${verdict}, RPO ${said(rpo_ms)}, RTO ${said(rto_ms)}.`;
  return pictureOf({ name: `drill-${drill}`, digest, alt }, deps);
}
