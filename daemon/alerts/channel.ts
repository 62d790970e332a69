import type { z } from 'zod';
import type { RecordBody } from '../../contracts/record.ts';
import type { AlertEvent } from '../../contracts/records/alert.ts';
import type { Tone } from '../../contracts/reply.ts';
import type { Severity } from '../../contracts/watch.ts';
import type { Clock } from '../ports/clock.ts';
import type { Secrets } from '../ports/secrets.ts';

/** One alert of a message, as it is when the message is sent. Texts are redacted and without control characters. */
export interface AlertLine {
  key: string;
  severity: Severity;
  source: string;
  title: string;
  /** May have several lines; empty when there is no more to say. */
  text: string;
  /** `project/env`, or empty. */
  place: string;
  /** Ledger seq of its opening. */
  seq: number;
  opened: number;
  resolved: { at: number; why: string } | null;
  ack: { by: string; at: number } | null;
  incident?: string;
}

/** A message on its way to one channel: what a channel kind renders in its platform's own way. */
export interface Notice {
  /** The same in every try. */
  id: string;
  /** When it was queued, ms; the same in every try. */
  at: number;
  event: AlertEvent | 'notice' | 'test';
  tone: Tone;
  /** The estate's name, for whoever reads messages of several. */
  estate: string;
  title: string;
  /** Of a notice; empty for alerts. */
  text: string;
  /** At most MAX_SHOWN of them, worst first. */
  alerts: AlertLine[];
  /** How many more there are. */
  others: number;
  /** What to do next: command lines with a few words. */
  hints: string[];
  /** Digest of an SVG that chat shows with it. */
  picture?: string;
  job?: string;
}

/** Why a message did not go out. `message` is for people and holds no secret. */
export class ChannelProblem extends Error {
  /** The same message will be refused again, whatever the state of the channel. */
  readonly permanent: boolean;
  /** The receiver asks for so much patience, ms. */
  readonly retry_after: number;

  constructor(message: string, more: { permanent?: boolean; retry_after?: number; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.permanent = more.permanent ?? false;
    this.retry_after = more.retry_after ?? 0;
  }
}

/** What a channel may use of the daemon. */
export interface ChannelDeps {
  clock: Clock;
  /** Values of the secrets that the channel names. */
  secrets: Pick<Secrets, 'get'>;
  /** Entries of network.allow as they are now. */
  allowed(): readonly string[];
  /** Root of the estate. */
  root: string;
  /** The channel's name. */
  name: string;
  /** Said by the bots; resolves when one has posted it. Rejects ReeveError, and with the signal's reason. */
  say(said: RecordBody<'chat.said'>, signal: AbortSignal): Promise<void>;
  /** Rejects when a person must accept this channel first: it runs code of the estate. */
  accepted(): Promise<void>;
  log(level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>): void;
}

/** One channel, opened: it connects to nothing before the first message. */
export interface Channel {
  /** Resolves when the receiver has taken the message. Rejects ChannelProblem; ends soon after `signal` aborts. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** One kind of channel: a file in daemon/alerts/channels and a line in its index. */
export interface ChannelKind<S extends z.ZodObject = z.ZodObject> {
  kind: string;
  summary: string;
  /** The kind's own keys, strict; `kind` is taken off before. */
  schema: S;
  /** A YAML example of the kind's own keys, shown by `reeve alerts kinds`. */
  example: string;
  /** Names of the secrets it reads. */
  secrets(options: z.infer<S>): string[];
  /** What no schema can see. One line for people each. */
  check?(options: z.infer<S>): string[];
  /** Time of one try, ms. Absent: 15 s. */
  timeout?(options: z.infer<S>): number;
  /** A try can be broken off at any time and goes on under its id: an end of the daemon does not wait for it. */
  resumes?: true;
  /** Heavy libraries are imported with the first message. */
  open(options: z.infer<S>, deps: ChannelDeps): Channel;
}

/** Keeps the types of one kind together while it is written down; a list of kinds forgets them. */
export const channelKind = <S extends z.ZodObject>(kind: ChannelKind<S>): ChannelKind => kind;
