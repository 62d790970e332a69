import type { IncomingMessage } from 'node:http';
import { fail } from '../../contracts/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** Up to here a body is small, bytes. */
const SMALL = 256 * 1024;
/** Bytes of bodies that may be on their way at once. */
const ROOM = { small: 32 * 1024 * 1024, large: 64 * 1024 * 1024 };
/**
 * When others want the room, a body has to come at a pace that makes it whole after `whole` ms, of which `grace` are given
 * to the beginning. Who sends large ones gives up after 10 s itself (GitHub docs, "Handling failed webhook deliveries"):
 * slower ones come to nothing anyway.
 */
const PACE = { small: { grace: 500, whole: 500 }, large: { grace: 1000, whole: 10_000 } };
/**
 * Senders of large bodies that may wait for room, and how long, ms. Node reads 64 KiB ahead of whoever reads; who has sent
 * `proof` of that, bytes, comes before those who have not, and after `doubt`, ms, those make way for others who would wait.
 */
const WAITING = { max: 16, ms: 5000, proof: 16 * 1024, doubt: 500 };
/** How often it is looked whether somebody has to make room for them, ms. */
const LOOK = 100;

type Kind = 'small' | 'large';
type Sender = Pick<IncomingMessage, 'complete'> & { socket: Pick<IncomingMessage['socket'], 'bytesRead'> };

interface Held {
  kind: Kind;
  sender: Sender;
  bytes: number;
  /** Since when it waits or is read, monotonic, ms. */
  since: number;
  /** What had come on its connection before its body. */
  began: number;
  cut(): void;
}
interface Waiting {
  held: Held;
  until: number;
  go(): void;
  refuse(error: Error): void;
}

/** Room for one body. */
export interface Room {
  /** Reading may begin when it resolves; undefined: now. Rejects WEBHOOK_BUSY. */
  wait: Promise<void> | undefined;
  /** Gives the room back; once more, nothing. */
  release(): void;
}

/** Why a body that came too slowly is read no further. */
export const tooSlow = (): Error =>
  fail('WEBHOOK_BUSY', { why: 'its body came too slowly while others waited' });

/**
 * Memory for bodies of which nothing is known yet, taken before they are read: what is read is never more than what was
 * taken. Small ones have room of their own, so that large ones do not keep them out. Where room is short, those lose theirs
 * first that come slowest, and large ones wait a little for it.
 */
export class Bodies {
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly #used = { small: 0, large: 0 };
  readonly #held = { small: new Set<Held>(), large: new Set<Held>() };
  /** Oldest first. Nobody waits with a small one. */
  readonly #waiting = new Set<Waiting>();
  #cancel: (() => void) | undefined;

  constructor(clock: Pick<Clock, 'monotonic' | 'after'>) {
    this.#clock = clock;
  }

  /**
   * Throws WEBHOOK_BUSY.
   *
   * @param cut is called when the room is needed for others, and is given back
   */
  take(bytes: number, sender: Sender, cut: () => void): Room {
    const kind = bytes <= SMALL ? 'small' : 'large';
    const held: Held = {
      kind,
      sender,
      bytes,
      since: this.#clock.monotonic(),
      began: sender.socket.bytesRead,
      cut,
    };
    const isFirst = kind === 'small' || this.#waiting.size === 0;
    if (isFirst && this.#makeRoom(kind, bytes)) {
      this.#hold(held);
      return { wait: undefined, release: () => this.#give(held) };
    }
    if (kind === 'small' || (this.#waiting.size >= WAITING.max && !this.#shed())) throw crowded();
    const { promise: wait, resolve: go, reject: refuse } = Promise.withResolvers<void>();
    const waiting: Waiting = { held, until: this.#clock.monotonic() + WAITING.ms, go, refuse };
    this.#waiting.add(waiting);
    this.#look();
    return {
      wait,
      release: () => {
        this.#refuse(waiting);
        this.#give(held);
      },
    };
  }

  /** Lets in who waits, as far as there is room, and looks again as long as somebody does. */
  #look(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const now = this.#clock.monotonic();
    const proven = [...this.#waiting].filter((waiting) => isProven(waiting));
    let isOpen = true;
    for (const waiting of new Set([...proven, ...this.#waiting])) {
      const { held, until, go } = waiting;
      isOpen &&= this.#makeRoom(held.kind, held.bytes);
      if (isOpen) {
        this.#waiting.delete(waiting);
        this.#hold(held);
        go();
      } else if (now >= until) {
        this.#refuse(waiting);
        isOpen = true;
      }
    }
    if (this.#waiting.size > 0) this.#cancel = this.#clock.after(LOOK, () => this.#look());
  }

  /** Sends away one of whom next to nothing has come. */
  #shed(): boolean {
    const before = this.#clock.monotonic() - WAITING.doubt;
    const idle = [...this.#waiting].find((one) => one.held.since <= before && !isProven(one));
    if (idle !== undefined) this.#refuse(idle);
    return idle !== undefined;
  }

  #refuse(waiting: Waiting): void {
    if (this.#waiting.delete(waiting)) waiting.refuse(crowded());
  }

  /** Takes it from those who are behind, the slowest first; from nobody when even that would not do. */
  #makeRoom(kind: Kind, bytes: number): boolean {
    let short = this.#used[kind] + bytes - ROOM[kind];
    if (short <= 0) return true;
    const slow = [...this.#held[kind]]
      .map((held) => ({ held, pace: this.#pace(held) }))
      .filter(({ pace }) => pace < 1)
      .toSorted((a, b) => a.pace - b.pace);
    const losers: Held[] = [];
    for (const { held } of slow) {
      if (short <= 0) break;
      short -= held.bytes;
      losers.push(held);
    }
    if (short > 0) return false;
    for (const held of losers) {
      this.#drop(held);
      held.cut();
    }
    return true;
  }

  /** What has come of it, as a part of what should have by now; 1 and more: it is fast enough. */
  #pace({ kind, sender, bytes, since, began }: Held): number {
    // What is whole is being stored.
    if (sender.complete) return Infinity;
    const { grace, whole } = PACE[kind];
    const elapsed = this.#clock.monotonic() - since;
    if (elapsed <= grace) return Infinity;
    if (elapsed >= whole) return 0;
    return (sender.socket.bytesRead - began) / ((bytes * (elapsed - grace)) / (whole - grace));
  }

  #hold(held: Held): void {
    held.since = this.#clock.monotonic();
    this.#used[held.kind] += held.bytes;
    this.#held[held.kind].add(held);
  }

  #give(held: Held): void {
    if (this.#drop(held) && this.#waiting.size > 0) this.#look();
  }

  #drop(held: Held): boolean {
    const was = this.#held[held.kind].delete(held);
    if (was) this.#used[held.kind] -= held.bytes;
    return was;
  }
}

const isProven = ({ held: { sender, began } }: Waiting): boolean =>
  sender.socket.bytesRead - began >= WAITING.proof;

const crowded = (): Error => fail('WEBHOOK_BUSY', { why: 'too many deliveries are arriving at once' });
