import type { AlertBody, AlertEvent } from '../../contracts/records/alert.ts';
import type { RecordBody } from '../../contracts/record.ts';

/** What one channel has heard of one alert. */
export interface Told {
  /** The newest message about it, and when that was queued, ms. */
  message: string;
  at: number;
  outcome: 'waiting' | 'sent' | 'given_up';
  /** It was told of the alert as it is now: with this severity, since this opening. */
  current: boolean;
  /** Highest escalation it was told, ms after the raise; 0: none. */
  level: number;
  /** A message about it arrived here at least once: its end must, too. */
  heard: boolean;
  /** The message about its end is queued. */
  ended: boolean;
}

export interface Row {
  body: AlertBody;
  /** Seq of the record that opened it: what makes this opening one episode. */
  seq: number;
  opened: number;
  /** When it was opened or became more severe, ms: deadlines count from here. */
  since: number;
  ack: { by: string; at: number; note: string } | null;
  resolved: { at: number; why: string } | null;
  /** The silence it was last recorded under. */
  silence: string | null;
  told: Record<string, Told>;
}

export type Silence = RecordBody<'silence.set'> & { at: number };

/** A message that is queued and neither delivered nor given up. */
export type Waiting =
  | {
      of: 'alerts';
      id: string;
      channel: string;
      at: number;
      event: AlertEvent;
      alerts: number[];
      level: number;
    }
  | { of: 'notice'; id: string; channel: string; at: number; notice: RecordBody<'message.queued'> };

export interface AlertsState {
  /** By key. */
  open: Record<string, Row>;
  /** How many those are. */
  size: number;
  /** Resolved ones, oldest first. */
  closed: Row[];
  silences: Record<string, Silence>;
  /** By message id, in the order they were queued. */
  waiting: Record<string, Waiting>;
  /** Times of the last alert messages by lane (projection.ts), oldest first, ms. */
  recent: Record<string, number[]>;
  /** Highest time that stands in any record of alerts, ms. */
  latest: number;
  /** Raised while the table was full. */
  overflow: number;
}
