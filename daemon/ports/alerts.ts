import type { AlertMatch } from '../../contracts/estate/alerts.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import type { Tone } from '../../contracts/reply.ts';

export interface AlertView extends AlertBody {
  state: 'open' | 'resolved';
  /** ms. */
  raised_at: number;
  resolved_at: number | null;
  acknowledged: { by: string; at: number; note: string } | null;
  /** A silence keeps it quiet now. */
  silenced: boolean;
  /** Channels that heard of it, and how it went. */
  told: { channel: string; outcome: 'sent' | 'given_up' | 'waiting'; at: number }[];
}

export interface SilenceView {
  id: string;
  match: AlertMatch;
  until: number;
  by: string;
  reason: string;
  set_at: number;
}

/** Tells people, at least once, over the channels of the estate. */
export interface Alerts {
  /**
   * Opens the alert or, while one with this key is open, does nothing but note what changed of it. Durable when it
   * resolves; delivery goes on by itself and is retried until it succeeded or was given up, both recorded.
   */
  raise(alert: AlertBody): Promise<void>;
  /** Closes the alert with this key, if one is open; who was told of it is told of the end, too. */
  resolve(key: string, why: string): Promise<void>;
  /** Newest first: all open ones (at most MAX_OPEN_ALERTS) and the newest 500 others. */
  list(): AlertView[];
  /** Ends escalation and reminders. Rejects ALERT_NOT_FOUND, ALERT_NOT_OPEN. */
  acknowledge(key: string, by: string, note: string): Promise<void>;
  silence(match: AlertMatch, until: number, by: string, reason: string): Promise<{ id: string }>;
  /** Rejects SILENCE_NOT_FOUND. */
  lift(id: string, by: string): Promise<void>;
  silences(): SilenceView[];
  /** A message that is no alert. Durable when it resolves; `sent` names the channels it will reach. Empty: the log alone. */
  send(message: {
    channel: string;
    tone: Tone;
    title: string;
    text: string;
    /** Digest of an SVG that chat shows with it. */
    picture?: string;
    job?: string;
  }): Promise<{ sent: string[] }>;
  /** Sends a test message at once and tells how it went, unretried. Rejects CHANNEL_UNKNOWN, CHANNEL_FAILED. */
  test(channel: string): Promise<{ ms: number }>;
  /** The kinds of channel there are, with their own keys as a YAML example. */
  kinds(): Promise<{ kind: string; summary: string; example: string }[]>;
  channels(): {
    name: string;
    kind: string;
    waiting: number;
    last: { at: number; ok: boolean; why?: string } | null;
  }[];
}
