import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import { documentOf } from '../../contracts/job-result.ts';
import { arg } from '../args.ts';
import { readAction } from '../ports/actions.ts';

export const jobsDocument = readAction({
  name: 'jobs document',
  summary:
    'The document that a job made, such as what a sync job wrote or would write; --output FILE saves it',
  group: 'Jobs',
  verb: 'read',
  args: z.object({ job: arg.job('job id or its first digits', { position: 0 }) }),
  examples: ['jobs document job_1f2e3d4c', 'jobs document job_1f2e3d4c --output todos.json'],
  async run({ jobs, artifacts, people, caller }, args) {
    const { spec, attempts } = await jobs.get(args.job);
    people.require(caller.person, 'read', spec.project, spec.env);
    const found = attempts.toReversed().flatMap((attempt) => documentOf(attempt.artifacts ?? []) ?? []);
    const { name, digest, mediaType } = found[0] ?? {};
    if (digest === undefined) throw fail('JOB_NO_DOCUMENT', { id: spec.job_id });
    const text = Buffer.from(await artifacts.get(digest)).toString('utf8');
    return {
      title: `${name ?? 'document'} of ${spec.job_id.slice(0, 12)}`,
      tone: 'info',
      blocks: [{ type: 'code', language: mediaType === 'text/markdown' ? 'markdown' : 'text', text }],
      data: { job_id: spec.job_id, name: name ?? null, media_type: mediaType ?? null, digest, text },
    };
  },
});
