import { ReeveError } from '../../contracts/errors.ts';
import type { EstateConfig, ScheduleSpec } from '../../contracts/estate.ts';
import type { ChannelSpec } from '../../contracts/estate/alerts.ts';
import type { SentinelSpec } from '../../contracts/estate/drills.ts';
import type { HealSpec } from '../../contracts/estate/incidents.ts';
import type { RuleSpec } from '../../contracts/estate/rules.ts';
import { ProbeSpec } from '../../contracts/estate/probes.ts';
import { RunbookId } from '../../contracts/ids.ts';
import type { Mandate } from '../../contracts/records/config.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import { canonical } from '../canonical.ts';
import { digestOf } from '../digest.ts';
import { own } from '../own.ts';
import type { Config } from '../ports/config.ts';
import type { Runbooks } from '../ports/runbooks.ts';

/** A mandate as the files say now. */
export interface Current {
  mandate: Mandate;
  /** The runbooks it covers, by id. */
  runbooks: Map<string, Runbook>;
  /** Why it cannot be used whatever was accepted: a runbook that is not there or not valid. */
  broken: string | undefined;
}

export interface SourceDeps {
  config: Config;
  runbooks: Pick<Runbooks, 'get' | 'list'>;
  /** Ids of the runbooks that one calls. */
  calls?: (runbook: Runbook) => readonly string[];
}

/** An entry of reeve.yaml that may start runbooks or a program, or write into live data, by itself. */
type Standing =
  ScheduleSpec | HealSpec | ChannelSpec | SentinelSpec | RuleSpec | Readonly<Record<string, unknown>>;

/** Prefix of a mandate's id → where its entry stands in the file. A new kind of unattended work is a line here. */
const SECTIONS: Readonly<Record<string, (config: EstateConfig) => Readonly<Record<string, Standing>>>> = {
  schedule: (config) => config.schedules,
  heal: (config) => config.healing,
  sentinel: (config) => config.sentinels,
  rule: (config) => config.rules,
  channel: (config) =>
    Object.fromEntries(
      Object.entries(config.alerts.channels).filter(([, channel]) => channel.kind === 'command'),
    ),
  probe: (config) =>
    Object.fromEntries(
      Object.entries(config.probes)
        .filter(([, probe]) => probe.kind === 'command')
        .map(([name, probe]) => [name, whatRuns(probe)]),
    ),
};

const COMMON = new Set(Object.keys(ProbeSpec.shape));

/** What a probe runs and how that is judged; not how often, nor whom it concerns. */
const whatRuns = (probe: ProbeSpec): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(probe).filter(([key]) => key === 'kind' || !COMMON.has(key)));

/** Ids of all mandates of the estate in force, sorted. */
export const mandateIds = (config: Config): string[] =>
  Object.entries(SECTIONS)
    .flatMap(([kind, section]) =>
      Object.keys(section(config.current().config)).map((name) => `${kind}:${name}`),
    )
    .toSorted();

/** The entry of reeve.yaml that a mandate stands for, if it is there. */
export function standingOf(config: Config, id: string): Standing | undefined {
  const colon = id.indexOf(':');
  const section = own(SECTIONS, id.slice(0, colon));
  return section === undefined ? undefined : own(section(config.current().config), id.slice(colon + 1));
}

/** The runbooks that an entry names itself. */
export const namedBy = (spec: Standing): string[] =>
  ['runbook', 'rollback']
    .map((key): unknown => Reflect.get(spec, key))
    .filter((name) => typeof name === 'string');

/** Reads one mandate's entry and runbooks as they are now; undefined when there is no such entry. */
export async function readMandate(
  { config, runbooks, calls = literalCalls }: SourceDeps,
  id: string,
): Promise<Current | undefined> {
  const spec = standingOf(config, id);
  if (spec === undefined) return undefined;
  const found = new Map<string, Runbook>();
  let broken: string | undefined;
  const waiting = namedBy(spec);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    try {
      const runbook = await runbooks.get(next);
      found.set(next, runbook);
      const called = calls(runbook);
      // A name that is only known at run time could be any of them.
      if (called.every((name) => RunbookId.safeParse(name).success)) waiting.push(...called);
      else waiting.push(...(await runbooks.list()).map((one) => one.front.runbook));
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      broken ??= error.message.slice(0, 400);
    }
  }
  const entry = canonical(spec);
  const digests = Object.fromEntries(
    [...found]
      .map(([name, runbook]) => [name, runbook.digest] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  const digest = digestOf(canonical({ entry, runbooks: digests }));
  return { mandate: { id, digest, entry, runbooks: digests }, runbooks: found, broken };
}

/** What the `call` steps of a runbook name. */
const literalCalls = (runbook: Runbook): string[] =>
  runbook.steps.filter((step) => step.kind === 'call').map((step) => own(step.attributes, 'runbook') ?? '');
