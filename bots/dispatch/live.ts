import type { ChatJob } from '../../contracts/chat.ts';
import { counted, resultOf, type JobResult } from '../../contracts/job-result.ts';
import type { JobStatus } from '../../contracts/job.ts';
import type { Block, Tone } from '../../contracts/reply.ts';
import type { Shown } from './view.ts';

/** Lines of output below the steps. */
export const TAIL = 8;
/** Lines of one part of a job's result. */
const RESULT_LINES = 12;

const TONE: Record<JobStatus, Tone> = {
  QUEUED: 'info',
  RUNNING: 'info',
  PASS: 'good',
  FAIL: 'bad',
  TIMED_OUT: 'bad',
  UNKNOWN: 'warn',
  CANCELLED: 'warn',
  SKIPPED: 'warn',
};

const WORDS: Record<JobStatus, string> = {
  QUEUED: 'waits for its turn',
  RUNNING: 'is running',
  PASS: 'passed',
  FAIL: 'failed',
  TIMED_OUT: 'ran out of time',
  UNKNOWN: 'has an unknown outcome; somebody has to look',
  CANCELLED: 'was cancelled',
  SKIPPED: 'was skipped',
};

/** The one message of a job, as it is at `now` (ms): steps, time, last lines, verdict. The same job is the same message. */
export function liveOf({ job, tail, over, page }: ChatJob, now: number): Shown {
  const { spec, status, attempts } = job;
  const attempt = attempts.at(-1);
  const began = attempt?.started_at;
  const ended = attempt?.ended_at ?? now;
  const short = spec.job_id.slice(0, 12);
  const blocks: Block[] = [
    {
      type: 'fields',
      fields: [
        { label: 'Job', value: { id: spec.job_id } },
        { label: 'Asked by', value: spec.requested_by },
        ...(began === undefined
          ? []
          : [{ label: over ? 'Took' : 'For', value: { duration: Math.max(0, ended - began) } }]),
        ...(attempts.length > 1 ? [{ label: 'Attempt', value: attempts.length }] : []),
        ...(attempt?.why === undefined ? [] : [{ label: 'Why', value: attempt.why }]),
        ...(job.resolved === undefined
          ? []
          : [
              {
                label: 'Resolved',
                value: `${job.resolved.as} by ${job.resolved.by}: ${job.resolved.reason}`,
              },
            ]),
      ],
    },
    ...(attempt === undefined || attempt.steps.length === 0
      ? []
      : [{ type: 'steps' as const, steps: attempt.steps }]),
    ...(over ? resultBlocks(resultOf(attempt?.outputs, attempt?.artifacts)) : []),
    ...(tail.length === 0
      ? []
      : [
          {
            type: 'code' as const,
            language: over ? 'its last lines' : 'newest lines',
            text: tail
              .slice(-TAIL)
              .map(({ step, line }) => `${step} | ${line}`)
              .join('\n'),
          },
        ]),
    {
      type: 'hint',
      text: over
        ? `\`/reeve jobs show job:${short}\` has all of it, \`/reeve jobs logs job:${short}\` what it printed.`
        : `\`/reeve jobs cancel job:${short}\` stops it.`,
    },
    ...(page === null ? [] : [{ type: 'link' as const, label: 'The job on the page', url: page }]),
  ];
  return {
    tone: TONE[status],
    title: `${job.title} on ${spec.project}/${spec.env} ${WORDS[status]}`,
    blocks,
  };
}

/** What came of it: as at the end of a job that the CLI follows. */
function resultBlocks(result: JobResult | undefined): Block[] {
  if (result === undefined) return [];
  const { title, headline, changes, counts } = result;
  const part = (lines: readonly string[]): string[] => [
    ...lines.slice(0, RESULT_LINES),
    ...(lines.length > RESULT_LINES ? [`and ${lines.length - RESULT_LINES} more`] : []),
  ];
  const sum = counted(counts);
  const lines = [title, ...part(headline), ...part(changes), ...(sum === '' ? [] : [sum])];
  return [{ type: 'text', text: lines.join('\n') }];
}
