import type { EstateConfig } from '../../contracts/estate.ts';
import { own } from '../own.ts';
import type { OpenIncident } from '../ports/incidents.ts';
import type { Trigger } from './state.ts';

const HOW: Record<string, string> = {
  UNKNOWN: 'has an unknown outcome',
  CANCELLED: 'was stopped half-way',
};

/** What a trigger is about, in words; undefined when the estate has no such probe any more. */
export function incidentOf(cause: string, trigger: Trigger, config: EstateConfig): OpenIncident | undefined {
  const { began, why, of } = trigger;
  const base = { cause, began, by: 'daemon' };
  switch (of.kind) {
    case 'probe': {
      const spec = own(config.probes, of.probe);
      if (spec === undefined) return undefined;
      const { title = of.probe, severity, project, env } = spec;
      return {
        ...base,
        title: of.state === 'halted' ? `${title}: the chain makes no progress` : `${title} is down`,
        severity,
        source: 'probe',
        project,
        env,
        probe: of.probe,
        text: why,
      };
    }
    case 'drill': {
      const { drill, project, env, verdict, job } = of;
      return {
        ...base,
        title:
          verdict === 'FAIL'
            ? `Drill ${drill} failed`
            : `Drill ${drill} proved nothing: its outcome is unknown`,
        severity: 'warn',
        source: 'drill',
        project,
        env,
        job,
        text: why || 'It ended without a reason.',
      };
    }
    case 'deploy': {
      const { action, title, project, env, job, status } = of;
      const unknown = status === 'UNKNOWN';
      return {
        ...base,
        title: `${title} (${action} on ${project}/${env}) ${HOW[status] ?? 'failed'}`,
        // Nobody knows what runs there now.
        severity: unknown ? 'page' : 'warn',
        source: 'deploy',
        project,
        env,
        job,
        text: why,
      };
    }
  }
}
