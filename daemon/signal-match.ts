import type { AlertMatch } from '../contracts/estate/alerts.ts';
import type { Severity, SignalSource } from '../contracts/watch.ts';

/** What an alert or incident is about, as far as rules ask for it. */
export interface Matchable {
  key: string;
  severity: Severity;
  source: SignalSource;
  project?: string | undefined;
  env?: string | undefined;
  probe?: string | undefined;
}

/** Whether a route, silence or healing rule takes it. What it does not have, no list can name. */
export function matches(body: Matchable, match: AlertMatch): boolean {
  return (
    holds(match.keys, body.key) &&
    holds(match.severities, body.severity) &&
    holds(match.sources, body.source) &&
    holds(match.projects, body.project) &&
    holds(match.environments, body.env) &&
    holds(match.probes, body.probe)
  );
}

const holds = <T>(list: readonly T[] | undefined, value: T | undefined): boolean =>
  list === undefined || (value !== undefined && list.includes(value));
