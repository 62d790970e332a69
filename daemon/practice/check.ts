import { NO_ENVIRONMENT } from '../../contracts/ids.ts';
import { own } from '../own.ts';
import type { EstateCheck } from '../ports/estate-check.ts';
import { suggest } from '../suggest.ts';
import { budgetOf, WINDOWS } from './slo/burn.ts';

/** Mistakes of `slos` that the schema of reeve.yaml cannot see. */
export const checkSlos: EstateCheck = (config, { error, warning }) => {
  for (const [name, slo] of Object.entries(config.slos)) {
    const at = ['slos', name];
    const project = own(config.projects, slo.project);
    if (project === undefined)
      error([...at, 'project'], unknown('project', slo.project, Object.keys(config.projects)));
    else if (slo.env !== NO_ENVIRONMENT && own(project.environments, slo.env) === undefined)
      error([...at, 'env'], unknown('environment', slo.env, Object.keys(project.environments)));
    const seen = new Set<string>();
    for (const [i, probe] of slo.probes.entries()) {
      const spec = own(config.probes, probe);
      if (spec === undefined)
        error([...at, 'probes', i], unknown('probe', probe, Object.keys(config.probes)));
      else if (!spec.enabled) warning([...at, 'probes', i], `${probe} is disabled and counts for nothing`);
      if (seen.has(probe)) error([...at, 'probes', i], `${probe} stands here twice`);
      seen.add(probe);
    }
    const budget = budgetOf(slo.objective);
    const never = WINDOWS.filter(({ rate10, long }) => long <= slo.window && rate10 * budget >= 10_000_000);
    if (budget === 1_000_000) error([...at, 'objective'], 'an objective of 0 % is none');
    else if (never.length > 0)
      warning(
        [...at, 'objective'],
        `even when everything fails, the budget of ${slo.objective} % is not spent ${never.map(({ rate10 }) => rate10 / 10).join(' or ')} times too fast: the alert over ${never.map((w) => w.name).join(' and ')} never comes`,
      );
    if (slo.min_bad === 1)
      warning([...at, 'min_bad'], 'one failed run of a probe may page; 2 or more keep it from that');
    if (slo.window < 3_600_000) error([...at, 'window'], 'a window below 1h has no alert');
    if (slo.window > config.watch.retention)
      warning(
        [...at, 'window'],
        'samples are not kept so long (watch.retention): older ones are counted until the next start only',
      );
    const slowest = Math.max(0, ...slo.probes.map((probe) => own(config.probes, probe)?.timeout ?? 0));
    if (slo.latency !== undefined && slo.latency >= slowest && slowest > 0)
      warning([...at, 'latency'], 'no probe waits so long: a slower answer is down already');
  }
};

function unknown(what: string, name: string, known: string[]): string {
  const near = suggest(name, known);
  const list = known.slice(0, 20).join(', ') || 'none yet';
  return `no ${what} ${name}${near === undefined ? `; there is ${list}` : `; did you mean ${near}?`}`;
}
