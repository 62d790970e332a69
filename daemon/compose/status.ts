import type { StatusView } from '../../contracts/api.ts';
import { drills } from '../drills/index.ts';
import { grantsProjection } from '../grants/projection.ts';
import { incidentsProjection } from '../incidents/projection.ts';
import type { Config } from '../ports/config.ts';
import type { Jobs, JobView } from '../ports/jobs.ts';
import type { Work } from '../ports/work.ts';
import type { Store } from './store.ts';

/** The small status of `reeve status`, read from the fold. `may`: which places its reader may see. */
export function statusView(
  { ledger, state, clock, home, full }: Store,
  at: { config: Config; work: Work; jobs: Jobs; version: string },
  address = '',
  started = 0,
  may: (project: string, env: string) => boolean = () => true,
): StatusView {
  const known = ledger.health();
  const why = `there is no room on the disk of ${full ?? ''}`;
  const health = full === undefined || !known.writable ? known : { writable: false as const, why };
  const grants = state.get(grantsProjection);
  const now = clock.now();
  const last = Object.values(state.get(drills).results)
    .map((results) => results.findLast(({ project = '', env = '' }) => may(project, env)))
    .filter((r) => r !== undefined)
    .toSorted((a, b) => b.at - a.at)[0];
  const incidents = Object.values(state.get(incidentsProjection).open).filter(({ body }) =>
    may(body.project, body.env),
  );
  return {
    reeve: at.version,
    pid: process.pid,
    home: home.root,
    started,
    estate: at.config.current().config.estate.name,
    config_refused: [...(at.config.refused?.() ?? [])],
    address,
    ledger: {
      ...ledger.head(),
      writable: health.writable,
      ...(health.writable ? {} : { why: health.why }),
    },
    jobs: at.jobs.counts(),
    halted: at.work.halts(),
    paused: at.work.paused() ?? null,
    grants_active: Object.values(grants.grants).filter(
      (g) => g.payload.par === null && g.revoked === null && g.payload.exp > now && g.used < g.payload.uses,
    ).length,
    requests_open: Object.values(grants.requests).filter(
      (r) => r.denied === null && r.lapsed === null && r.gid === null && r.body.expires > now,
    ).length,
    requests_lapsed: Object.values(grants.requests).filter((r) => r.lapsed !== null && r.denied === null)
      .length,
    reviews_open: Object.values(grants.reviews).filter((r) => r.closed === null).length,
    incidents: {
      open: incidents.length,
      page: incidents.filter(({ body }) => body.severity === 'page').length,
      newest: incidents
        .slice(-5)
        .toReversed()
        .map(({ body: { id, title, severity }, opened }) => ({ id, title, severity, at: opened })),
    },
    last_drill:
      last === undefined
        ? null
        : { drill: last.drill, verdict: last.verdict, at: last.at, rpo_ms: last.rpo_ms, rto_ms: last.rto_ms },
    last_jobs: lastJobs(at.jobs, may).map((j) => ({
      id: j.spec.job_id,
      title: j.title,
      status: j.status,
      at: j.queued_at,
    })),
  };
}

/** The newest five that may be seen; all are looked through only where one may not. */
function lastJobs(jobs: Jobs, may: (project: string, env: string) => boolean): JobView[] {
  const seen = ({ spec }: JobView): boolean => may(spec.project, spec.env);
  const newest = jobs.list({ limit: 5 });
  return newest.every(seen) ? newest : jobs.list().filter(seen).slice(0, 5);
}
