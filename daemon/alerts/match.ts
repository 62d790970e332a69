import type { AlertsSpec, RouteSpec } from '../../contracts/estate/alerts.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import { matches } from '../signal-match.ts';
import type { AlertsState, Silence } from './state.ts';

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
