import type { GrantPayload } from '../../contracts/grant.ts';
import type { Core } from './core.ts';
import { own } from './projection.ts';
import { stateOf } from './requests.ts';

/** Between two reminders of a review that nobody closes, ms. */
export const REMIND_EVERY_MS = 12 * 3_600_000;

/** See `Grants.remind`. */
export async function remind(core: Core): Promise<number | undefined> {
  const { ledger } = core.options;
  const now = core.latest();
  let next = Infinity;
  for (const [id, entry] of Object.entries(core.state.requests)) {
    if (entry.expired !== null) continue;
    const state = stateOf(core, entry);
    if (state === 'open') next = Math.min(next, entry.body.expires);
    if (state !== 'expired') continue;
    const still = (): void => {
      const found = own(core.state.requests, id);
      if (found === undefined || found.expired !== null || stateOf(core, found) !== 'expired')
        throw new Over();
    };
    await ledger.append('grant.expired', { id }, { guard: still }).catch(ignoreOver);
  }
  for (const [id, { closed, reminded }] of Object.entries(core.state.reviews)) {
    if (closed !== null) continue;
    const due = reminded.at + REMIND_EVERY_MS;
    if (due > now) {
      next = Math.min(next, due);
      continue;
    }
    const n = reminded.n + 1;
    const still = (): void => {
      const found = own(core.state.reviews, id);
      if (found === undefined || found.closed !== null || found.reminded.n + 1 !== n) throw new Over();
    };
    await ledger.append('review.reminded', { id, n }, { guard: still }).catch(ignoreOver);
    next = Math.min(next, now + REMIND_EVERY_MS);
  }
  return next === Infinity ? undefined : next;
}

/** It was settled in the meantime. */
class Over extends Error {}
const ignoreOver = (error: unknown): void => {
  if (!(error instanceof Over)) throw error;
};

/** See `Grants.kept`. The one that ends first comes first, so that none is left to expire. */
export function kept(core: Core, person: string, plan: string): GrantPayload | undefined {
  return usable(core, person).find((payload) => payload.plan === plan);
}

/** See `Grants.keeps`. */
export function keeps(
  core: Core,
  person: string,
  what: { cap: string; project: string } | { command: string },
): boolean {
  if ('command' in what) return usable(core, person, what.command).length > 0;
  return usable(core, person).some(({ cap, prj }) => cap.includes(what.cap) && prj.includes(what.project));
}

function usable(core: Core, person: string, command?: string): GrantPayload[] {
  return Object.values(core.state.requests)
    .flatMap(({ body, gid }) => {
      if (body.keep !== true || body.by !== person || gid === null) return [];
      if (command !== undefined && body.command !== command) return [];
      const grant = own(core.state.grants, gid);
      if (grant === undefined || grant.used >= grant.payload.uses) return [];
      try {
        core.check(gid);
      } catch {
        return [];
      }
      return [grant.payload];
    })
    .toSorted((a, b) => a.exp - b.exp);
}
