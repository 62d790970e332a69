import type { AlertMatch, AlertsSpec, RouteSpec } from '../../contracts/estate/alerts.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import type { AlertsState, Silence } from './state.ts';

/** Whether a route or silence takes this alert. What the alert does not have, no list can name. */
export function matches(body: AlertBody, match: AlertMatch): boolean {
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

/** A route that takes an alert, with its place in the list. */
export interface Taken {
  index: number;
  route: RouteSpec;
}

/** The first route that matches, and those after it as long as each says `continue`. */
export function routesOf(body: AlertBody, spec: AlertsSpec): Taken[] {
  const taken: Taken[] = [];
  for (const [index, route] of spec.routes.entries()) {
    if (!matches(body, route.match)) continue;
    taken.push({ index, route });
    if (!route.continue) break;
  }
  return taken;
}

/** The silence that keeps this alert quiet, the longest of them. */
export function silenceOf(body: AlertBody, state: AlertsState, now: number): Silence | undefined {
  let longest: Silence | undefined;
  for (const silence of Object.values(state.silences)) {
    if (silence.until <= now || !matches(body, silence.match)) continue;
    if (longest === undefined || silence.until > longest.until) longest = silence;
  }
  return longest;
}
