import type { ChatButton } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Tone } from '../../contracts/reply.ts';
import { own } from '../own.ts';
import type { ChatDeps } from './deps.ts';
import { chatProjection, type Offer } from './projection.ts';

/** How long a plan that was shown can be confirmed, ms. Then it is looked at anew. */
export const CONFIRM_WITHIN = 10 * 60_000;

export type Offering = Omit<RecordBody<'chat.offered'>, 'id'> & { tone: Tone };

/** Buttons, made and used up in the ledger: they outlive a restart of the bot and of the daemon. */
export class Offers {
  readonly #deps: Pick<ChatDeps, 'ledger' | 'state' | 'hex' | 'clock'>;

  constructor(deps: Pick<ChatDeps, 'ledger' | 'state' | 'hex' | 'clock'>) {
    this.#deps = deps;
  }

  /** Durable when it resolves. */
  async make({ tone, ...offer }: Offering): Promise<ChatButton> {
    const id = `btn_${this.#deps.hex(24)}`;
    await this.#deps.ledger.append('chat.offered', { id, ...offer });
    return buttonOf({ id, ...offer }, tone);
  }

  /** Buttons that were already made for a post. */
  of(post: number): Offer[] {
    return Object.values(this.#deps.state.get(chatProjection).offers.by).filter(
      (offer) => offer.post === post,
    );
  }

  /**
   * Looks at what a person presses. Throws PRESS_UNKNOWN, PRESS_NOT_YOURS, PRESS_EXPIRED, and what its form still lacks:
   * CONFIRMATION_UNTYPED, REASON_REQUIRED. None of these uses it up.
   */
  look(id: string, person: string, said: { typed?: string | undefined; reason?: string | undefined }): Offer {
    const offer = own(this.#deps.state.get(chatProjection).offers.by, id);
    if (offer === undefined) throw fail('PRESS_UNKNOWN');
    if (!offer.for.includes(person)) throw fail('PRESS_NOT_YOURS');
    if (this.#deps.clock.now() >= offer.expires) throw fail('PRESS_EXPIRED');
    if (offer.pressed !== undefined) return offer;
    if (offer.form === 'typed' && said.typed?.trim() !== offer.typed)
      throw fail('CONFIRMATION_UNTYPED', {
        env: offer.typed ?? '',
        project: typeof offer.args['project'] === 'string' ? offer.args['project'] : 'the plan',
      });
    if (offer.form === 'reason' && (said.reason ?? '').trim() === '')
      throw fail('REASON_REQUIRED', { action: offer.command });
    return offer;
  }

  /** Uses it up, once among any number at the same time. Durable when it resolves. Rejects PRESS_USED, PRESS_EXPIRED. */
  async use({ id }: Offer, person: string, interaction: string): Promise<void> {
    const { ledger, state, clock } = this.#deps;
    await ledger.append(
      'chat.pressed',
      { id, by: person, interaction },
      {
        guard() {
          const now = own(state.get(chatProjection).offers.by, id);
          if (now === undefined) throw fail('PRESS_UNKNOWN');
          if (now.pressed !== undefined) throw fail('PRESS_USED', { by: now.pressed.by });
          if (clock.now() >= now.expires) throw fail('PRESS_EXPIRED');
        },
      },
    );
  }
}

/** A button as a bot shows it. */
export function buttonOf({ id, label, form, typed }: Omit<Offer, 'pressed'>, tone: Tone): ChatButton {
  if (form === undefined) return { id, label, tone };
  const asks =
    form === 'typed'
      ? {
          title: 'Confirm',
          label: 'Name of the environment',
          hint: `Type ${typed ?? ''}`.slice(0, 100),
          max: 64,
        }
      : { title: 'Why?', label: 'Reason, for the record', hint: 'What happened, and why now', max: 1000 };
  return { id, label, tone, form: { field: form, ...asks } };
}
