import { inMarkdown as line } from '../../markdown.ts';
import { iso } from '../../time.ts';
import { words, type Figures, type Objectives } from '../figures.ts';
import { PHASE_WORDS, gameDayOf, type GameDayPart } from '../gameday.ts';
import type { Outcome } from './document.ts';

/** The same evidence for people. */
export function evidenceMarkdown({ run, figures, objectives, judgement }: Outcome): string {
  const { job } = run;
  const day = gameDayOf(run);
  const lines = [
    `# Drill ${job.drill}: ${judgement.verdict}`,
    '',
    ...(judgement.why === undefined ? [] : [`> ${line(judgement.why)}`, '']),
    `| | measured | objective |`,
    `|---|---|---|`,
    goalRow('RPO: what would have been lost', 'rpo_ms', figures, objectives),
    goalRow('RTO: from the disaster to a verified service', 'rto_ms', figures, objectives),
    ...(day === null
      ? Object.entries(figures.phases).map(([name, ms]) => `| of that, ${line(name)} | ${words(ms)} | |`)
      : []),
    '',
    ...(day === null ? [] : gameDay(day)),
    '## Run',
    '',
    `- Job \`${job.job_id}\`, attempt \`${run.attempt_id}\`, ended ${run.status}${run.error_code === undefined ? '' : ` (${run.error_code})`}`,
    `- Project ${job.project}, environment ${job.env}, requested by ${job.requested_by} under grant \`${job.grant_id}\``,
    `- Queued ${iso(job.queued_at)}, started ${time(run.started_at)}, ended ${time(run.ended_at)}`,
    `- Runbook \`${job.runbook_digest}\``,
    `- Plan \`${job.plan_digest}\``,
    ...(figures.backup === null ? [] : [`- Manifest of the restored backup \`${figures.backup}\``]),
    '',
    '## Steps',
    '',
    '| step | kind | status | took | what it found |',
    '|---|---|---|---|---|',
    ...run.steps.map((step) => {
      const found =
        step.why ??
        Object.entries(step.outputs ?? {})
          .map(([k, v]) => `${k}=${typeof v === 'string' ? v : JSON.stringify(v)}`)
          .join(', ');
      return `| ${step.name} | ${step.kind} | ${step.status} | ${words(step.ms)} | ${line(found)} |`;
    }),
    '',
  ];
  return lines.join('\n');
}

const gameDay = (day: readonly GameDayPart[]): string[] => [
  '## Game day',
  '',
  '| phase | result | took |',
  '|---|---|---|',
  ...day.map(
    ({ phase, status, ms }) =>
      `| ${PHASE_WORDS[phase]} | ${status} | ${status === 'NOT RUN' ? '' : words(ms)} |`,
  ),
  '',
];

function goalRow(label: string, key: 'rpo_ms' | 'rto_ms', figures: Figures, objectives: Objectives): string {
  const [got, goal] = [figures[key], objectives[key]];
  return `| ${label} | ${got === null ? 'not measured' : words(got)} | ${goal === null ? 'none set' : `≤ ${words(goal)}`} |`;
}

const time = (ms: number | null): string => (ms === null ? 'never' : iso(ms));
