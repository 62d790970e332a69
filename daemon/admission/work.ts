import type { Scope } from '../../contracts/records/admin.ts';
import { fail } from '../../contracts/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Halt } from '../ports/grants.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Projection, StateView } from '../ports/state.ts';
import type { Pause, Work } from '../ports/work.ts';
import type { HaltReserve } from './halt-reserve.ts';
import { toMinute } from '../time.ts';

interface Stop {
  since: number;
  by: string;
  reason: string;
}
interface WorkState {
  /** `all` or project id → halt. */
  halts: Record<string, Stop>;
  paused: Pause | null;
}

const ALL = '*';
const keyOf = (scope: Scope): string => (scope === 'all' ? ALL : scope.project);
const scopeOf = (key: string): Scope => (key === ALL ? 'all' : { project: key });

/** Halts, pause and drain as the ledger tells them. */
export const workProjection: Projection<WorkState> = {
  name: 'work',
  version: 1,
  initial: () => ({ halts: {}, paused: null }),
  apply(state, record) {
    if (record.type === 'halt.set') {
      const { scope, by, reason, since } = record.body;
      state.halts[keyOf(scope)] = { since, by, reason };
    } else if (record.type === 'halt.lifted') {
      if (record.body.scope === 'all') state.halts = {};
      else delete state.halts[record.body.scope.project];
    } else if (record.type === 'work.paused') {
      const { by, reason, drain } = record.body;
      state.paused = { since: record.ts, by, reason, drain };
    } else if (record.type === 'work.resumed') state.paused = null;
    return state;
  },
};

/** Opens the work gate; halts kept in the reserve file by a full disk are put into the ledger now. */
export async function openWork(deps: {
  clock: Clock;
  ledger: Ledger;
  state: StateView;
  reserve: HaltReserve;
}): Promise<Work> {
  const { clock, ledger, state, reserve } = deps;
  const listeners = new Set<(scope: Scope) => void>();
  const extra: Record<string, Stop> = {};
  const stops = (): Record<string, Stop> => ({ ...state.get(workProjection).halts, ...extra });

  /** Keys of `extra` that the ledger did not take. */
  const owed = new Set<string>();
  let paying = false;

  // What cannot be read may have been any halt.
  const kept = await reserve.load().catch(() => [
    {
      scope: 'all' as const,
      since: clock.now(),
      by: 'daemon',
      reason: 'the reserve of halts could not be read at the start; look, then resume',
    },
  ]);
  for (const { scope, ...stop } of kept) {
    extra[keyOf(scope)] = stop;
    owed.add(keyOf(scope));
  }
  if (owed.size > 0) await recordReserved();
  // Something could be written: perhaps there is room for what is owed, too.
  ledger.subscribe(() => {
    if (owed.size === 0 || paying) return;
    paying = true;
    recordReserved()
      .catch(() => undefined)
      .finally(() => (paying = false));
  });

  async function recordReserved(): Promise<void> {
    for (const key of owed) {
      const stop = extra[key];
      if (stop === undefined) continue;
      try {
        await ledger.append('halt.set', { scope: scopeOf(key), ...stop });
        if (extra[key] === stop) forget(key);
      } catch {
        // Still held here and in the reserve.
      }
    }
    await save();
  }

  function forget(key: string): void {
    delete extra[key];
    owed.delete(key);
  }

  function save(): Promise<void> {
    return reserve.save(
      [...owed].flatMap((key) => {
        const stop = extra[key];
        return stop === undefined ? [] : [{ scope: scopeOf(key), ...stop }];
      }),
    );
  }

  const view: Work = {
    halted(project) {
      const all = stops();
      const own = Object.hasOwn(all, project) ? all[project] : undefined;
      if (all[ALL] !== undefined) return { ...all[ALL], scope: 'all' } satisfies Halt;
      return own === undefined ? undefined : { ...own, scope: 'project' };
    },
    halts: () =>
      Object.entries(stops()).map(([key, stop]) => ({ scope: key === ALL ? 'everything' : key, ...stop })),
    paused: () => state.get(workProjection).paused ?? undefined,
    admit(project) {
      const halt = view.halted(project);
      if (halt !== undefined)
        throw fail('HALTED', {
          scope: halt.scope === 'all' ? 'Everything' : `Project ${project}`,
          since: toMinute(halt.since),
          by: halt.by,
          reason: halt.reason,
          flag: halt.scope === 'all' ? '' : ` --project ${project}`,
        });
      const pause = view.paused();
      if (pause?.drain === true) throw fail('DRAINING');
      if (pause !== undefined)
        throw fail('PAUSED', {
          since: toMinute(pause.since),
          by: pause.by,
          reason: pause.reason,
        });
    },
    async halt(scope, by, reason) {
      const stop = { since: clock.now(), by, reason };
      extra[keyOf(scope)] = stop;
      for (const listener of listeners) listener(scope);
      try {
        await ledger.append('halt.set', { scope, ...stop });
        if (extra[keyOf(scope)] === stop) forget(keyOf(scope));
        return { recorded: true, kept: true };
      } catch {
        if (extra[keyOf(scope)] === stop) owed.add(keyOf(scope));
        const kept = await save().then(
          () => true,
          () => false,
        );
        return { recorded: false, kept };
      }
    },
    async lift(scope, by, reason) {
      await recordReserved();
      const before = { ...extra };
      await ledger.append('halt.lifted', { scope, by, reason });
      // What no record could hold goes too, but not a halt that came meanwhile.
      const gone = Object.keys(before).filter(
        (key) => (scope === 'all' || key === keyOf(scope)) && extra[key] === before[key],
      );
      if (gone.length === 0) return;
      gone.forEach(forget);
      await save();
    },
    async pause(by, reason, drain) {
      await ledger.append('work.paused', { by, reason, drain });
    },
    async resume(by, reason) {
      await ledger.append('work.resumed', { by, reason });
    },
    onHalt(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return view;
}
