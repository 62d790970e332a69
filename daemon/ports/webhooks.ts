import type { RecordBody } from '../../contracts/record.ts';

export type WebhookName = RecordBody<'webhook.received'>['source'];

/** A request of which nothing is believed yet. */
export interface RawDelivery {
  /** As it came, to the byte. */
  body: Buffer;
  /** Undefined when it is not there, and when it is there more than once. Lower-case name. */
  header(name: string): string | undefined;
}

/** It is durable; `known`: it was so before, and nothing comes of it again. */
export interface Taken {
  delivery: string;
  known: boolean;
}

/** One of the newest deliveries. */
export interface DeliveryView extends RecordBody<'webhook.received'> {
  /** Its record in the ledger, and when that was written, ms. */
  seq: number;
  received: number;
  /** How often a person had it handled once more. */
  again: number;
}

export interface WebhookView {
  source: WebhookName;
  /** Names of the secrets it signs with. */
  secrets: readonly string[];
  /** Deliveries ever, and when the newest came, ms. */
  count: number;
  latest: number | null;
}

/** What was tried with a source, from outside, and whether it went as it must. */
export interface WebhookTest {
  url: string;
  tries: readonly { what: string; status: number | null; ok: boolean; said: string }[];
}

/** A command that a delivery held: who asked for what, and what came of it, for people. */
export type DeliveryCommand = {
  person: string;
  command: string;
  /** `refused`, `confirm`, `waits`, `started`, `done`; null while nothing is known. */
  outcome: string | null;
  why: string;
};

/** Who calls in from outside, and what came. */
export interface Webhooks {
  /** Undefined where there is no such source. `maxBody`: bytes; `patience`: the sender waits so long, ms. */
  limits(
    source: WebhookName,
  ):
    | { maxBody: number; patience: number }
    | undefined
    | Promise<{ maxBody: number; patience: number } | undefined>;
  /**
   * Resolves when the delivery is on stable storage. Rejects WEBHOOK_UNKNOWN, WEBHOOK_UNSIGNED, WEBHOOK_STALE,
   * WEBHOOK_MALFORMED, WEBHOOK_REPLAYED, or WEBHOOK_BUSY: then it does not count as received.
   */
  receive(source: WebhookName, delivery: RawDelivery): Promise<Taken>;
  sources(): WebhookView[];
  /** The newest first. */
  list(): DeliveryView[];
  /** Throws DELIVERY_NOT_FOUND. */
  get(delivery: string): DeliveryView;
  /** The command in it, such as a comment's; null where it held none that was somebody's. */
  command(delivery: string): DeliveryCommand | null;
  /** Rejects DELIVERY_NOT_FOUND, DELIVERY_BODY_GONE, ARTIFACT_CORRUPT. */
  body(delivery: string): Promise<Buffer>;
  /** The body as text in which what is secret is hidden. Rejects as `body` does. */
  text(delivery: string): Promise<string>;
  /** Has what goes by deliveries look at it once more. Rejects DELIVERY_NOT_FOUND. */
  redeliver(delivery: string, by: string): Promise<DeliveryView>;
  /**
   * Calls `<base>/webhooks/<source>` as the sender would, right and wrong. Rejects WEBHOOK_UNKNOWN.
   *
   * @param base without a path
   */
  test(source: WebhookName, base: string): Promise<WebhookTest>;
}
