import { randomUUID } from 'node:crypto';
import { ReeveError, fail } from '../../../contracts/errors.ts';
import type { SentinelSpec } from '../../../contracts/estate/drills.ts';
import type { Remembering } from './memory.ts';
import { writeMark, type WriteContext } from './writers.ts';

const LIMIT_MS = 10_000;
/** Tries in a row that must fail before people are told: one that a busy database missed is no news. */
export const TRIES = 3;
/** One that could not be written is tried again after this at the latest, ms. */
const AGAIN_MS = 60_000;

export interface SentinelState {
  sentinel: string;
  kind: string;
  /** When the newest mark was written, ms. */
  written: number | null;
  /** Why the last one could not be. */
  problem?: string;
}

export interface SentinelKeeper {
  states(): SentinelState[];
  /** Takes the sentinels of a changed reeve.yaml into use. */
  reload(): void;
  stop(): Promise<void>;
}

export interface KeeperDeps extends Omit<WriteContext, 'signal' | 'root'> {
  memory: Remembering;
  specs(): Readonly<Record<string, SentinelSpec>>;
  root(): string;
  /** Told once when a sentinel cannot be written, and once when it can again. */
  tell(level: 'warn' | 'info', message: string, fields: Record<string, unknown>): void;
  /** Rejects MANDATE_* while nobody has accepted that this sentinel, as it is now, is written into live data. */
  accepted(name: string): Promise<void>;
  /** People must hear of it. What it rejects with is tried again with the next write. */
  trouble(name: string, why: string, refused: boolean): Promise<void>;
  /** It is written, or not wanted any more: nothing is open about it. */
  over(name: string, why: string): Promise<void>;
}

/**
 * Writes every accepted sentinel at once and then in its interval. One that cannot be written is tried again soon; an
 * interval that passes while a write is under way is left out.
 */
export function keepSentinels(deps: KeeperDeps): SentinelKeeper {
  const { clock, memory } = deps;
  const running = new Map<string, Marking>();
  const stopped: Promise<void>[] = [];
  const reload = (): void => {
    const specs = deps.specs();
    for (const [name, marking] of running) {
      if (Object.hasOwn(specs, name) && JSON.stringify(specs[name]) === marking.definition) continue;
      stopped.push(marking.stop());
      running.delete(name);
    }
    for (const [name, spec] of Object.entries(specs))
      if (!running.has(name)) running.set(name, mark(name, spec));
  };
  reload();
  return {
    states: () => [...running.values()].map(({ state }) => ({ ...state })),
    reload,
    async stop() {
      for (const marking of running.values()) stopped.push(marking.stop());
      running.clear();
      await Promise.all(stopped);
    },
  };

  function mark(name: string, spec: SentinelSpec): Marking {
    const state: SentinelState = { sentinel: name, kind: spec.kind, written: null };
    const end = new AbortController();
    let cancel = (): void => {};
    let failures = 0;
    let refused = false;
    /** What people know of it; undefined after a start, when an earlier process may have told them. */
    let told: 'good' | 'failing' | 'refused' | undefined;
    const write = async (): Promise<void> => {
      const one = { uuid: randomUUID(), at: clock.now() };
      const limit = new AbortController();
      const disarm = clock.after(LIMIT_MS, () =>
        limit.abort(new Error(`it took longer than ${LIMIT_MS} ms`)),
      );
      const signal = AbortSignal.any([end.signal, limit.signal]);
      try {
        await deps.accepted(name);
        await memory.remember(name, one);
        await writeMark(spec, name, one, {
          fs: deps.fs,
          clock,
          root: deps.root(),
          secret: deps.secret,
          signal,
        });
        memory.written(name, one);
        state.written = one.at;
        if (state.problem !== undefined) deps.tell('info', 'a sentinel is written again', { sentinel: name });
        delete state.problem;
        failures = 0;
        refused = false;
      } catch (error) {
        if (end.signal.aborted) return;
        const why = (error instanceof Error ? error.message : String(error)).slice(0, 300);
        if (state.problem === undefined)
          deps.tell('warn', fail('SENTINEL_NOT_WRITTEN', { sentinel: name, why }).message, {
            sentinel: name,
          });
        state.problem = why;
        failures += 1;
        refused = error instanceof ReeveError && error.code.startsWith('MANDATE_');
      } finally {
        disarm();
      }
    };
    const say = async (): Promise<void> => {
      const { problem } = state;
      const news = problem === undefined ? 'good' : refused ? 'refused' : 'failing';
      if (end.signal.aborted || news === told || (news === 'failing' && failures < TRIES)) return;
      try {
        await (problem === undefined
          ? deps.over(name, 'it is written again')
          : deps.trouble(name, problem, refused));
        told = news;
      } catch (error) {
        deps.tell('warn', 'what is to be said of a sentinel could not be recorded', {
          sentinel: name,
          error: String(error),
        });
      }
    };
    let work: Promise<void> = Promise.resolve();
    const next = (): void => {
      const from = clock.monotonic();
      work = write()
        .then(say)
        .then(() => {
          if (end.signal.aborted) return;
          const every = failures === 0 ? spec.every : Math.min(spec.every, AGAIN_MS);
          const left = every - ((clock.monotonic() - from) % every);
          cancel = clock.after(left, next);
        });
    };
    next();
    return {
      state,
      definition: JSON.stringify(spec),
      async stop() {
        end.abort(new Error('the daemon stops'));
        cancel();
        await work;
      },
    };
  }
}

interface Marking {
  state: SentinelState;
  definition: string;
  stop(): Promise<void>;
}
