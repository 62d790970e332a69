import { fail, type ReeveError } from '../../contracts/errors.ts';
import { publicKeyFromRaw } from '../ed25519.ts';
import type { Clock } from '../ports/clock.ts';
import type { Halt, Wanted } from '../ports/grants.ts';
import type { Keys } from '../ports/keys.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { findKey, judge, type Facts, type GrantKey } from './judge.ts';
import { grantsProjection, own, type GrantEntry, type GrantState } from './projection.ts';
import { iso, shown } from './scope.ts';

export interface GrantsOptions {
  ledger: Ledger;
  state: StateView;
  keys: Keys;
  clock: Clock;
  /** Cryptographically random bytes. */
  random: (bytes: number) => Uint8Array;
  /** The ledger's origin: the audience of every grant made here. */
  origin: string;
  /** What halts this project, read from the fold at the instant of the call. */
  halted: (project: string) => Halt | undefined;
}

/** How far the clock may stand before the ledger's last record: an ordinary NTP correction, not an hour set back. */
export const CLOCK_TOLERANCE_MS = 2000;
export const MAX_REASON_CHARS = 2000;

/** What the parts of the grant service share: the fold, the instant, the keys. Holds no state of its own that counts. */
export class Core {
  readonly options: GrantsOptions;
  /** Imported verification keys; a kid is derived from its key, so an entry never goes stale. */
  readonly #imported = new Map<string, GrantKey['key']>();
  readonly #startWall: number;
  readonly #startMonotonic: number;

  constructor(options: GrantsOptions) {
    this.options = options;
    this.#startWall = options.clock.now();
    this.#startMonotonic = options.clock.monotonic();
  }

  get state(): GrantState {
    return this.options.state.get(grantsProjection);
  }

  /** Throws `CLOCK_BEHIND_LEDGER`. */
  assertClock(): void {
    const now = this.options.clock.now();
    const last = this.options.ledger.lastTs();
    if (now + CLOCK_TOLERANCE_MS < last) {
      throw fail('CLOCK_BEHIND_LEDGER', { now: iso(now), last: iso(last) });
    }
  }

  /**
   * The latest that it may be now: the wall clock, but never before the ledger's last record or what the monotonic clock
   * has counted since the start, so that setting the clock back lengthens no grant.
   */
  latest(): number {
    const { clock, ledger } = this.options;
    const counted = this.#startWall + (clock.monotonic() - this.#startMonotonic) - CLOCK_TOLERANCE_MS;
    return Math.max(clock.now(), ledger.lastTs(), Math.floor(counted));
  }

  facts(): Facts {
    const { clock, origin, halted } = this.options;
    return {
      aud: origin,
      earliest: Math.max(clock.now(), this.options.ledger.lastTs()),
      latest: this.latest(),
      key: (kid) => this.#key(kid),
      halted,
      state: this.state,
    };
  }

  /** A grant key counts when the key store and the ledger agree on it; either can retire it. */
  #key(kid: string): GrantKey | undefined {
    const recorded = own(this.state.keys, kid);
    if (recorded?.purpose !== 'grant') return undefined;
    const stored = this.options.keys.list().find((key) => key.kid === kid);
    if (stored?.purpose !== 'grant' || stored.publicKey !== recorded.public_key) return undefined;
    let key = this.#imported.get(kid);
    if (key === undefined) {
      key = publicKeyFromRaw(Buffer.from(stored.publicKey, 'base64'));
      this.#imported.set(kid, key);
    }
    return { key, retired: stored.retired !== null || recorded.retired !== null };
  }

  /** Throws `GRANT_NOT_FOUND`. */
  entry(gid: string): GrantEntry {
    const entry = own(this.state.grants, gid);
    if (entry === undefined) throw fail('GRANT_NOT_FOUND', { gid: shown(gid) });
    return entry;
  }

  /** Everything that can change while a grant is in use: clock, key, time, halt, revocation, scope. Throws. */
  check(gid: string, wanted?: Wanted): GrantEntry {
    this.assertClock();
    const entry = this.entry(gid);
    const facts = this.facts();
    findKey(entry.payload.kid, facts);
    judge(entry.payload, facts, wanted);
    return entry;
  }

  id(prefix: 'gr' | 'req' | 'rev'): string {
    return `${prefix}_${Buffer.from(this.options.random(12)).toString('hex')}`;
  }
}

/** A reason as it is recorded. Throws `REASON_TOO_LONG`. */
export function checkReason(reason: string): string {
  if (reason.length > MAX_REASON_CHARS) throw fail('REASON_TOO_LONG', { max: MAX_REASON_CHARS });
  return reason.toWellFormed().trim();
}

/** An error that says which argument does not fit, never what it held. */
export function badArguments(command: string, why: string): ReeveError {
  return fail('ARGUMENTS_INVALID', { command, why });
}
