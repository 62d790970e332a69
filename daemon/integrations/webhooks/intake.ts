import type { KeyObject } from 'node:crypto';
import { fail } from '../../../contracts/errors.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import { sha256Hex } from '../../digest.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { RawDelivery, Taken, WebhookName } from '../../ports/webhooks.ts';
import type { Packs } from './packs.ts';
import { idHash, keysOf, type Keys, type Standing } from './seen.ts';
import type { SourceKind } from './source.ts';

export interface IntakeDeps {
  clock: Pick<Clock, 'now'>;
  ledger: Pick<Ledger, 'append'>;
  packs: Pick<Packs, 'put'>;
  /** What came before; loaded when the first delivery arrives. */
  standing(keys: Keys): Promise<Standing>;
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
    const digest = `sha256:${body}`;
    const id = idHash(name, verified.id);
    const delivery = `dlv_${id.slice(0, 24)}`;
    const reserved = [id, `${name} ${body}`] as const;
    for (let other; (other = this.#taking.get(reserved[0]) ?? this.#taking.get(reserved[1])) !== undefined;)
      await other.catch(() => undefined);
    const work = this.#store({
      name,
      delivery,
      digest,
      raw,
      verified,
      keys: keysOf({ source: name, id, body }),
    });
    for (const key of reserved) this.#taking.set(key, work);
    try {
      return await work;
    } finally {
      for (const key of reserved) this.#taking.delete(key);
    }
  }

  async #store({
    name,
    delivery,
    digest,
    raw,
    verified,
    keys,
  }: {
    name: WebhookName;
    delivery: string;
    digest: string;
    raw: RawDelivery;
    verified: ReturnType<SourceKind['verify']>;
    keys: Keys;
  }): Promise<Taken> {
    const { id, event, sent } = verified;
    const standing = await this.#deps.standing(keys);
    // A sender that had no answer, or a person who pressed its button, sends the very same again: that is no attack.
    if (standing === 'known') return { delivery, known: true };
    if (standing !== 'new') throw fail('WEBHOOK_REPLAYED', { what: standing });
    const at = await this.#deps.packs.put(raw.body, digest);
    const body: RecordBody<'webhook.received'> = {
      delivery,
      source: name,
      id,
      event,
      payload: {
        ref: `artifact:${digest}`,
        digest,
        digest_alg: 'sha256',
        size_bytes: raw.body.length,
        mediaType: 'application/json',
        size: raw.body.length,
      },
      at,
      ...(sent === undefined ? {} : { sent }),
    };
    await this.#deps.ledger.append('webhook.received', body);
    return { delivery, known: false };
  }
}
