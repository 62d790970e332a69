import { fail } from '../../contracts/errors.ts';
import { own } from '../own.ts';
import type { MandateView, Mandates } from '../ports/mandates.ts';
import { mandateDiff } from './mandate-diff.ts';
import { mandatesProjection, type MandateRow } from './mandate-projection.ts';
import { mandateIds, readMandate, type Current, type SourceDeps } from './mandate-source.ts';
import { isUntouched, type RunbookBytes } from './mandate-untouched.ts';
import { recordVersions, runbookVersion, type VersionDeps } from './versions.ts';

export interface MandateDeps extends SourceDeps, VersionDeps {
  /** The files of the runbook folder, for a look that parses none. */
  files?: () => Promise<RunbookBytes>;
}

export interface LiveMandates extends Mandates {
  /**
   * Once, when the estate is in force. On the home's first start every mandate is accepted as it is found, and the ids
   * are returned, to be said aloud. Later starts accept nothing; they suspend what changed while the daemon was down.
   */
  start(firstStart: boolean): Promise<string[]>;
  /** Ids of the estate's mandates that may not be used now, as far as the record tells. */
  waiting(): string[];
  /** Records the suspension of every accepted mandate that changed or went away. Returns the ids. */
  refresh(): Promise<string[]>;
}

/** Who accepts at the first start: no person has read it. */
const FIRST = 'daemon';

/** The mandates of the estate in force (DESIGN §4). Files are read afresh at each call. */
export function createMandates(deps: MandateDeps): LiveMandates {
  const rows = (): Record<string, MandateRow> => deps.state.get(mandatesProjection);

  async function need(id: string): Promise<Current> {
    const current = await readMandate(deps, id);
    if (current === undefined) throw fail('MANDATE_UNKNOWN', { mandate: id.slice(0, 130) });
    return current;
  }

  async function accept(id: string, by: string, firstStart: boolean, shown?: string): Promise<void> {
    const current = await need(id);
    if (shown !== undefined && current.mandate.digest !== shown)
      throw fail('CONFIRMATION_STALE', { action: 'config accept' });
    if (current.broken !== undefined) throw fail('MANDATE_SUSPENDED', { mandate: id, why: current.broken });
    // The accepted texts must be there when the next difference is to be shown.
    await recordVersions(deps, [...current.runbooks.values()].map(runbookVersion));
    await deps.ledger.append('mandate.accepted', { mandate: current.mandate, by, first_start: firstStart });
  }

  /** Records that an accepted mandate is not what it was, once. Returns why it may not be used. */
  async function check(id: string, current: Current | undefined): Promise<string | undefined> {
    const row = own(rows(), id);
    if (row === undefined) return 'nobody has accepted it yet';
    if (row.suspended !== null) return row.suspended.why;
    const why = difference(row, current);
    if (why === undefined) return undefined;
    const now = current === undefined || current.broken !== undefined ? null : current.mandate.digest;
    await deps.ledger.append('mandate.suspended', { id, now, accepted: row.mandate.digest, why });
    return why;
  }

  async function filesNow(): Promise<RunbookBytes> {
    // A folder that cannot be read is a matter for the full look, which says why.
    return (await deps.files?.().catch(() => undefined)) ?? new Map<string, Uint8Array>();
  }

  async function refresh(): Promise<string[]> {
    const suspended: string[] = [];
    const files = await filesNow();
    for (const [id, row] of Object.entries(rows())) {
      if (row.suspended !== null || isUntouched(deps.config, row, files)) continue;
      if ((await check(id, await readMandate(deps, id))) !== undefined) suspended.push(id);
    }
    return suspended;
  }

  return {
    async start(firstStart) {
      if (!firstStart) {
        await refresh();
        return [];
      }
      const accepted: string[] = [];
      for (const id of mandateIds(deps.config)) {
        const current = await readMandate(deps, id);
        if (current === undefined || current.broken !== undefined || own(rows(), id) !== undefined) continue;
        await accept(id, FIRST, true);
        accepted.push(id);
      }
      return accepted;
    },
    refresh,
    waiting: () => mandateIds(deps.config).filter((id) => own(rows(), id)?.suspended !== null),
    async list() {
      await deps.ledger.settled();
      const files = await filesNow();
      return Promise.all(
        mandateIds(deps.config).map(async (id) => {
          const row = own(rows(), id);
          return row !== undefined && isUntouched(deps.config, row, files)
            ? inForce(row)
            : view(await need(id), row);
        }),
      );
    },
    async diff(id) {
      const current = await need(id);
      const text = await mandateDiff(deps.artifacts, own(rows(), id), current);
      return { text, digest: current.mandate.digest };
    },
    async accept(id, by, shown) {
      await accept(id, by, false, shown);
      return view(await need(id), own(rows(), id));
    },
    async requireUsable(id, ...planned) {
      const current = await need(id);
      const other = planned.find((p) => own(current.mandate.runbooks, p.runbook) !== p.runbook_digest);
      const why =
        (await check(id, current)) ??
        (other === undefined ? undefined : `the runbook ${other.runbook} was another when the plan was made`);
      if (why !== undefined) throw fail('MANDATE_SUSPENDED', { mandate: id, why });
      await deps.ledger.settled();
    },
  };
}

function inForce({ mandate: { id, digest }, by, at }: MandateRow): MandateView {
  return { id, state: 'accepted', digest, accepted: digest, by, at };
}

function view(current: Current, row: MandateRow | undefined): MandateView {
  const { id, digest } = current.mandate;
  if (row === undefined)
    return { id, state: 'pending', digest, why: current.broken ?? 'nobody has accepted it yet' };
  const why = row.suspended?.why ?? difference(row, current);
  return {
    id,
    state: why === undefined ? 'accepted' : 'suspended',
    digest,
    accepted: row.mandate.digest,
    by: row.by,
    at: row.at,
    ...(why === undefined ? {} : { why }),
  };
}

/** In words, what is not as it was accepted. */
function difference({ mandate: was }: MandateRow, current: Current | undefined): string | undefined {
  if (current === undefined) return 'its entry was removed from reeve.yaml';
  if (current.broken !== undefined) return current.broken;
  const is = current.mandate;
  if (is.digest === was.digest) return undefined;
  const names = [...new Set([...Object.keys(was.runbooks), ...Object.keys(is.runbooks)])].toSorted();
  const changed = names.filter((name) => own(was.runbooks, name) !== own(is.runbooks, name));
  const parts = [
    ...(was.entry === is.entry ? [] : ['its entry in reeve.yaml changed']),
    ...changed.map((name) => `the runbook ${name} changed`),
  ];
  return parts.join('; ').slice(0, 500);
}
