import type { z } from 'zod';
import type { AlertsSpec, RouteSpec } from '../../contracts/estate/alerts.ts';
import { own } from '../own.ts';
import type { EstateCheck, EstatePath } from '../ports/estate-check.ts';
import { suggest } from '../suggest.ts';
import type { ChannelKind } from './channel.ts';
import { kinds } from './channels/index.ts';

type Tell = Parameters<EstateCheck>[1];

/** What no schema can see in `alerts:`. `stored`: whether a secret of that name exists, where that is known. */
export async function checkAlerts(
  alerts: AlertsSpec,
  tell: Tell,
  stored?: (name: string) => Promise<boolean>,
): Promise<void> {
  for (const [name, spec] of Object.entries(alerts.channels)) {
    const at = ['alerts', 'channels', name];
    const { kind: wanted, ...rest } = spec;
    const kind: ChannelKind | undefined = kinds.find((one) => one.kind === wanted);
    if (kind === undefined)
      tell.error(
        [...at, 'kind'],
        unknown(
          'kind of channel',
          wanted,
          kinds.map((one) => one.kind),
        ),
      );
    else await checkChannel(kind, rest, at, tell, stored);
  }
  checkRoutes(alerts, tell);
  const { heartbeat } = alerts;
  if (heartbeat === undefined) return;
  const at = ['alerts', 'heartbeat'];
  if ((heartbeat.url === undefined) === (heartbeat.secret === undefined))
    tell.error(at, 'give either url or secret');
  if (heartbeat.url !== undefined && !/^https?:$/.test(protocolOf(heartbeat.url)))
    tell.error([...at, 'url'], 'must be an http or https URL');
  if (heartbeat.secret !== undefined) await checkSecret(heartbeat.secret, [...at, 'secret'], tell, stored);
}

const protocolOf = (text: string): string => (URL.canParse(text) ? new URL(text).protocol : '');

async function checkChannel(
  kind: ChannelKind,
  options: Record<string, unknown>,
  at: EstatePath,
  tell: Tell,
  stored?: (name: string) => Promise<boolean>,
): Promise<void> {
  const parsed = kind.schema.safeParse(options);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) explain(issue, kind, options, at, tell);
    return;
  }
  for (const why of kind.check?.(parsed.data) ?? []) whole(at, why, tell);
  for (const secret of kind.secrets(parsed.data)) {
    const key = Object.keys(options).find((one) => options[one] === secret);
    await checkSecret(secret, key === undefined ? at : [...at, key], tell, stored);
  }
}

function explain(
  issue: z.core.$ZodIssue,
  kind: ChannelKind,
  options: Record<string, unknown>,
  at: EstatePath,
  tell: Tell,
): void {
  const inside = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    const keys = Object.keys(kind.schema.shape);
    for (const key of issue.keys)
      tell.error([...at, ...inside], unknown(`key of a ${kind.kind} channel`, key, keys), key);
    return;
  }
  const [first] = inside;
  if (inside.length === 1 && typeof first === 'string' && !Object.hasOwn(options, first))
    return whole(at, `a ${kind.kind} channel needs ${first}`, tell);
  if (inside.length === 0) return whole(at, issue.message, tell);
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  tell.error([...at, ...inside], message);
}

/** About an entry as a whole: where its name stands. */
function whole(at: EstatePath, message: string, tell: Tell): void {
  const name = String(at.at(-1));
  tell.error(at.slice(0, -1), `${name}: ${message}`, name);
}

async function checkSecret(
  name: string,
  at: EstatePath,
  tell: Tell,
  stored?: (name: string) => Promise<boolean>,
): Promise<void> {
  if (stored !== undefined && !(await stored(name)))
    tell.warning(at, `there is no secret ${name} yet; store it: reeve secret set ${name} --value -`);
}

function checkRoutes({ channels, routes }: AlertsSpec, { error, warning }: Tell): void {
  const names = Object.keys(channels);
  for (const [i, route] of routes.entries()) {
    const lists: [EstatePath, readonly string[]][] = [
      [['channels'], route.channels],
      ...route.escalate.map((step, n): [EstatePath, readonly string[]] => [
        ['escalate', n, 'channels'],
        step.channels,
      ]),
    ];
    for (const [at, list] of lists)
      for (const [n, name] of list.entries())
        if (own(channels, name) === undefined)
          error(['alerts', 'routes', i, ...at, n], unknown('channel', name, names));
    for (const [n, { after }] of route.escalate.entries())
      if (after <= route.group_wait)
        warning(
          ['alerts', 'routes', i, 'escalate', n, 'after'],
          'it escalates before the first message leaves (group_wait)',
        );
    if (i > 0 && routes.slice(0, i).some((earlier) => isOpen(earlier) && !earlier.continue))
      warning(['alerts', 'routes', i], 'no alert gets here: a route above takes all of them');
  }
  if (names.length === 0) return;
  if (routes.length === 0)
    warning(['alerts'], 'no route leads to a channel, so alerts only go to the log', 'channels');
  else if (!routes.some(isOpen))
    warning(
      ['alerts'],
      'an alert that matches no route only goes to the log; end with a route without match',
      'routes',
    );
}

/** It takes every alert. */
const isOpen = ({ match }: RouteSpec): boolean => Object.values(match).every((list) => list === undefined);

function unknown(what: string, name: string, known: readonly string[]): string {
  const near = suggest(name, known);
  const there = known.length === 0 ? 'none' : known.slice(0, 20).join(', ');
  return `no ${what} ${name}${near === undefined ? `; there is ${there}` : `; did you mean ${near}?`}`;
}
