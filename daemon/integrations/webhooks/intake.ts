import type { KeyObject } from 'node:crypto';
import { fail } from '../../../contracts/errors.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import { sha256Hex } from '../../digest.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { RawDelivery, Taken, WebhookName } from '../../ports/webhooks.ts';
import type { Packs } from './packs.ts';
import { idHash, keysOf, type Keys, type Standing } from './seen.ts';
import type { SourceKind, Verified } from './source.ts';

/** Hex digits of the hash of its id that name a delivery. */
const DELIVERY_DIGITS = 24;

export interface IntakeDeps {
  clock: Pick<Clock, 'now'>;
  ledger: Pick<Ledger, 'append'>;
  packs: Pick<Packs, 'put'>;
  /** What came before; loaded when the first delivery arrives. */
  standing(keys: Keys): Standing | Promise<Standing>;
}

/** One source as it is configured: its kind and the keys in force. */
export interface OpenSource {
  name: WebhookName;
  kind: SourceKind;
  keys: readonly KeyObject[];
}

/**
 * Takes deliveries in: signature over the raw bytes, then whether it was here before, then the body and its record on
 * stable storage; only then is the sender answered. The same delivery twice at once waits for the first.
 */
export class Intake {
  readonly #deps: IntakeDeps;
  /** Source and id, or source and digest → the delivery that is being taken. */
  readonly #taking = new Map<string, Promise<unknown>>();

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /**
   * Rejects WEBHOOK_UNSIGNED, WEBHOOK_STALE, WEBHOOK_MALFORMED, WEBHOOK_REPLAYED, or what the disk or the ledger say;
   * then it does not count as received.
   */
  async take(source: OpenSource, raw: RawDelivery): Promise<Taken> {
    const { name, kind, keys } = source;
    const verified = kind.verify(raw, keys, this.#deps.clock.now());
    const body = sha256Hex(raw.body);
    const id = idHash(name, verified.id);
    const delivery = `dlv_${id.slice(0, DELIVERY_DIGITS)}`;
    const identity = keysOf({ source: name, id, body });
    const reserved = `${name} ${body}`;
    for (;;) {
      const other = this.#taking.get(id) ?? this.#taking.get(reserved);
      if (other !== undefined) {
        await other.catch(() => undefined);
        continue;
      }
      const found = this.#deps.standing(identity);
      const standing = typeof found === 'string' ? found : await found;
      // A sender that had no answer, or a person who pressed its button, sends the very same again: that is no attack.
      if (standing === 'known') return { delivery, known: true };
      if (standing !== 'new') throw fail('WEBHOOK_REPLAYED', { what: standing });
      // Another may have come while the past was read.
      if (typeof found === 'string') break;
    }
    const work = this.#store(name, delivery, `sha256:${body}`, raw.body, verified);
    this.#taking.set(id, work);
    this.#taking.set(reserved, work);
    try {
      await work;
    } finally {
      this.#taking.delete(id);
      this.#taking.delete(reserved);
    }
    return { delivery, known: false };
  }

  /** Body first: a record never speaks of one that is not there. */
  async #store(
    source: WebhookName,
    delivery: string,
    digest: string,
    bytes: Buffer,
    { id, event, sent }: Verified,
  ): Promise<void> {
    const at = await this.#deps.packs.put(bytes, digest);
    const size = bytes.length;
    const body: RecordBody<'webhook.received'> = {
      delivery,
      source,
      id,
      event,
      payload: {
        ref: `artifact:${digest}`,
        digest,
        digest_alg: 'sha256',
        size_bytes: size,
        mediaType: 'application/json',
        size,
      },
      at,
      ...(sent === undefined ? undefined : { sent }),
    };
    await this.#deps.ledger.append('webhook.received', body);
  }
}
