import type { AlertsSpec } from '../../contracts/estate/alerts.ts';
import { MAX_OPEN_ALERTS, type AlertEvent } from '../../contracts/records/alert.ts';
import { own } from '../own.ts';
import { routesOf, silenceOf, type Taken } from './match.ts';
import { MAX_RECENT, isUrgent, lane } from './projection.ts';
import type { AlertsState, Row } from './state.ts';

/** Messages of one channel that may wait; what else is due stays due, and comes as one message when there is room. */
export const MAX_WAITING = 50;
/**
 * A channel that got MAX_RECENT alert messages within FLOOD_MS gets the next one no sooner than PACE_MS after the last. Pages
 * are counted by themselves: none waits because of much else.
 */
export const FLOOD_MS = 600_000;
export const PACE_MS = 60_000;
/** How long the ends of alerts are collected where no route says. */
const DEFAULT_WAIT_MS = 10_000;

/** A message to be queued. */
export interface Draft {
  channel: string;
  event: AlertEvent;
  alerts: number[];
  level?: number;
}

export interface Plan {
  queue: Draft[];
  /** Alerts that a silence keeps quiet and that are not recorded so yet. */
  silenced: { silence: string; alerts: number[] }[];
  /** When to look again if nothing happens, ms; undefined: not before something does. */
  next: number | undefined;
}

/**
 * What must be told now, worked out from the recorded state, the configuration and the time alone: so it is the same after
 * a crash, and a clock that jumps over many deadlines makes one message of them.
 */
export function plan(state: AlertsState, spec: AlertsSpec, now: number): Plan {
  return new Planner(state, spec, now).run();
}

interface Group extends Draft {
  due: number;
  urgent: boolean;
}

class Planner {
  readonly #state: AlertsState;
  readonly #spec: AlertsSpec;
  readonly #now: number;
  readonly #groups = new Map<string, Group>();
  readonly #silenced = new Map<string, number[]>();
  readonly #waiting = new Map<string, number>();
  #next: number | undefined;

  constructor(state: AlertsState, spec: AlertsSpec, now: number) {
    this.#state = state;
    this.#spec = spec;
    this.#now = now;
  }

  run(): Plan {
    const { open, closed, waiting } = this.#state;
    for (const { of, channel } of Object.values(waiting))
      if (of === 'alerts') this.#waiting.set(channel, (this.#waiting.get(channel) ?? 0) + 1);
    for (const row of Object.values(open)) this.#open(row);
    for (const row of closed) this.#ended(row);
    const queue: Draft[] = [];
    for (const group of this.#groups.values()) {
      const at = Math.max(group.due, this.#pace(lane(group.channel, group.urgent)));
      const waits = this.#waiting.get(group.channel) ?? 0;
      if (at > this.#now) this.#wake(at);
      else if (waits < MAX_WAITING) {
        this.#waiting.set(group.channel, waits + 1);
        const { channel, event, level } = group;
        // What is beyond one record stays due.
        const alerts = group.alerts.slice(0, MAX_OPEN_ALERTS);
        queue.push({ channel, event, alerts, ...(level === undefined ? {} : { level }) });
      }
    }
    return {
      queue,
      silenced: [...this.#silenced].map(([silence, alerts]) => ({ silence, alerts })),
      next: this.#next,
    };
  }

  #open(row: Row): void {
    const silence = silenceOf(row.body, this.#state, this.#now);
    if (silence !== undefined) {
      this.#wake(silence.until);
      if (row.silence === silence.id) return;
      const alerts = this.#silenced.get(silence.id) ?? [];
      alerts.push(row.seq);
      this.#silenced.set(silence.id, alerts);
      return;
    }
    // One message per channel: the first route that names it speaks, and what is most urgent comes first.
    const spoken = new Set<string>();
    const taken = this.#taken(row);
    if (row.ack === null) for (const one of taken) this.#escalations(row, one, spoken);
    for (const one of taken) this.#first(row, one, spoken);
    if (row.ack === null) for (const one of taken) this.#reminders(row, one, spoken);
  }

  /** The routes of an alert, with the channels that exist. What is about a channel goes over another. */
  #taken(row: Row): Taken[] {
    const about = row.body.channel;
    const usable = (names: readonly string[]): string[] =>
      names.filter((name) => name !== about && own(this.#spec.channels, name) !== undefined);
    const taken = routesOf(row.body, this.#spec).map(({ index, route }) => ({
      index,
      route: {
        ...route,
        channels: usable(route.channels),
        escalate: route.escalate.map((step) => ({ ...step, channels: usable(step.channels) })),
      },
    }));
    if (about === undefined || taken.some(({ route }) => route.channels.length > 0)) return taken;
    const channels = usable(Object.keys(this.#spec.channels)).slice(0, 1);
    const route = { match: {}, channels, escalate: [], group_wait: DEFAULT_WAIT_MS, continue: false };
    return [...taken, { index: -1, route }];
  }

  #first(row: Row, { index, route }: Taken, spoken: Set<string>): void {
    for (const channel of route.channels) {
      const told = own(row.told, channel);
      if (told?.current === true || told?.outcome === 'waiting' || spoken.has(channel)) continue;
      spoken.add(channel);
      this.#add(`${index}`, channel, 'raised', row, row.since + route.group_wait);
    }
  }

  #escalations(row: Row, { index, route }: Taken, spoken: Set<string>): void {
    // The latest first: where several have become due at once, it speaks for the others.
    for (const { after, channels } of route.escalate.toSorted((a, b) => b.after - a.after)) {
      const due = row.since + after;
      for (const channel of channels) {
        const told = own(row.told, channel);
        if ((told?.level ?? 0) >= after || told?.outcome === 'waiting' || spoken.has(channel)) continue;
        if (due > this.#now) {
          this.#wake(due);
          continue;
        }
        spoken.add(channel);
        this.#add(`${index}`, channel, 'escalated', row, due, after);
      }
    }
  }

  #reminders(row: Row, { index, route }: Taken, spoken: Set<string>): void {
    if (route.remind === undefined) return;
    for (const channel of [...route.channels, ...route.escalate.flatMap((step) => step.channels)]) {
      const told = own(row.told, channel);
      if (told === undefined || !told.current || told.outcome === 'waiting' || spoken.has(channel)) continue;
      const due = told.at + route.remind;
      if (due > this.#now) {
        this.#wake(due);
        continue;
      }
      spoken.add(channel);
      this.#add(`${index}`, channel, 'reminder', row, due);
    }
  }

  #ended(row: Row): void {
    if (row.resolved === null) return;
    const route = routesOf(row.body, this.#spec)[0]?.route;
    for (const [channel, told] of Object.entries(row.told)) {
      // Its raise is settled first, so that the end never overtakes it.
      if (told.ended || !told.heard || told.outcome === 'waiting') continue;
      if (own(this.#spec.channels, channel) === undefined) continue;
      this.#add('', channel, 'resolved', row, row.resolved.at + (route?.group_wait ?? DEFAULT_WAIT_MS));
    }
  }

  /** One message per route, channel and event; it leaves when the first of its alerts is due. */
  #add(route: string, channel: string, event: AlertEvent, row: Row, due: number, level?: number): void {
    const key = `${route} ${channel} ${event}`;
    const group = this.#groups.get(key);
    const urgent = isUrgent(event, [row]);
    if (group === undefined) {
      this.#groups.set(key, {
        channel,
        event,
        alerts: [row.seq],
        due,
        urgent,
        ...(level === undefined ? {} : { level }),
      });
      return;
    }
    // Alerts come one after the other, so only the last can be this one already.
    if (group.alerts.at(-1) !== row.seq) group.alerts.push(row.seq);
    group.due = Math.min(group.due, due);
    group.urgent ||= urgent;
    if (level !== undefined) group.level = Math.max(group.level ?? 0, level);
  }

  /** When a channel that is being flooded may get its next message of this lane. */
  #pace(by: string): number {
    const recent = own(this.#state.recent, by) ?? [];
    const oldest = recent[0];
    const newest = recent.at(-1);
    if (oldest === undefined || newest === undefined || recent.length < MAX_RECENT) return 0;
    return oldest > this.#now - FLOOD_MS ? newest + PACE_MS : 0;
  }

  #wake(at: number): void {
    if (this.#next === undefined || at < this.#next) this.#next = at;
  }
}
