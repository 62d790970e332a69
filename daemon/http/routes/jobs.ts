import { z } from 'zod';
import { JobDetail, JobList, JobLogs, JobLogsQuery, JobRef, JobsQuery } from '../../../contracts/api.ts';
import { ErrorResponse } from '../../../contracts/errors.ts';
import { callerOf, demand } from '../caller.ts';
import type { RouteModule } from '../context.ts';
import { settled } from '../settled.ts';

const Params = z.object({ id: JobRef });

export const jobs: RouteModule = {
  id: 'jobs',
  register(app, context) {
    app.get(
      '/v1/jobs',
      {
        config: { verb: 'view' },
        schema: {
          summary: 'Jobs this caller may see, newest first',
          tags: ['jobs'],
          querystring: JobsQuery,
          response: { 200: JobList, default: ErrorResponse },
        },
      },
      async (request) => {
        const caller = callerOf(request);
        const { limit, status, project, runbook } = request.query;
        await settled(context.ledger);
        const all = context.jobs.list({
          ...(status === undefined ? {} : { status }),
          ...(project === undefined ? {} : { project }),
          ...(runbook === undefined ? {} : { runbook }),
        });
        const seen = [];
        for (const job of all) {
          if (seen.length === limit) break;
          if (context.access(caller, 'view', job.spec.project, job.spec.env)) seen.push(job);
        }
        return { jobs: seen };
      },
    );

    app.get(
      '/v1/jobs/:id',
      {
        config: { verb: 'view' },
        schema: {
          summary: 'One job with its attempts and steps',
          tags: ['jobs'],
          params: Params,
          response: { 200: JobDetail, default: ErrorResponse },
        },
      },
      async (request) => {
        await settled(context.ledger);
        const job = await context.jobs.get(request.params.id);
        demand(context, callerOf(request), 'view', job.spec);
        return job;
      },
    );

    app.get(
      '/v1/jobs/:id/logs',
      {
        config: { verb: 'read' },
        schema: {
          summary: 'The redacted output of one attempt',
          tags: ['jobs'],
          params: Params,
          querystring: JobLogsQuery,
          response: { 200: JobLogs, default: ErrorResponse },
        },
      },
      async (request) => {
        await settled(context.ledger);
        const job = await context.jobs.get(request.params.id);
        demand(context, callerOf(request), 'read', job.spec);
        const { attempt, tail } = request.query;
        const all = await context.jobs.logs(job.spec.job_id, attempt === undefined ? {} : { attempt });
        const first = tail === undefined ? 0 : Math.max(0, all.length - tail);
        const { attempts } = job;
        const shown = attempts[(attempt ?? attempts.length) - 1];
        return {
          job_id: job.spec.job_id,
          ...(shown === undefined ? {} : { attempt_id: shown.record.attempt_id }),
          first,
          lines: all.slice(first),
        };
      },
    );
  },
};
