import { ProbeSpec } from '../../contracts/estate/probes.ts';
import type { ProbeKind, Prober, ProberDeps } from '../ports/probe-kinds.ts';
import { found } from './target.ts';

const COMMON = new Set(Object.keys(ProbeSpec.shape));

/** The keys that belong to a probe's kind. */
export const ownKeys = (spec: ProbeSpec): Record<string, unknown> =>
  Object.fromEntries(Object.entries(spec).filter(([key]) => !COMMON.has(key)));

/** Opens a probe of the estate. What its kind does not accept (the estate's check has said so) is never run. */
export function openProber(kind: ProbeKind, spec: ProbeSpec, deps: ProberDeps): Prober {
  const options = kind.schema.safeParse(ownKeys(spec));
  if (options.success) return kind.open(options.data, deps);
  const why = `its keys in reeve.yaml are not those of ${kind.kind}: ${options.error.issues[0]?.message ?? ''}`;
  return { run: () => Promise.resolve(found('inconclusive', why)), close: () => undefined };
}

/** What a prober is made of: when it changes, the prober is opened anew. */
export const openedWith = (spec: ProbeSpec): string => JSON.stringify(ownKeys(spec));
