import type { z } from 'zod';
import { ChatRelay, type ChatAnswer, type ChatButton, type Platform } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Reply } from '../../contracts/reply.ts';
import { own } from '../own.ts';
import type { Caller } from '../ports/door.ts';
import { cut } from '../text.ts';
import { answered, repeatedWhy } from './answered.ts';
import { Bounds } from './bounds.ts';
import { cleaned } from './clean.ts';
import type { ChatDeps } from './deps.ts';
import { Hearing } from './hearing.ts';
import { CONFIRM_WITHIN, type Offers } from './offers.ts';
import { chatProjection, type Offer } from './projection.ts';
import { refusal, type Asker } from './refusal.ts';
import { remember } from './remember.ts';
import { Sparse } from './sparse.ts';
import { suggestions } from './suggest.ts';
import { callerOf, interactionOf } from './who.ts';

type Relayed = z.output<typeof ChatRelay>;
type ReplyAnswer = Extract<ChatAnswer, { kind: 'reply' }>;

/** One thing to do for a person. */
interface Wish {
  command: string;
  args: JsonObject;
  reason?: string | undefined;
  grant?: string | undefined;
  confirm?: string | undefined;
  typed?: string | undefined;
}

/** Turns what bots relay into commands at the door: who it is, whether it was asked before, and what comes next. */
export class Relay {
  readonly #deps: ChatDeps;
  readonly #offers: Offers;
  readonly #bounds: Bounds;
  readonly #floods: Sparse;
  readonly #hearing: Hearing;
  readonly #answers = new Map<string, Promise<ReplyAnswer>>();

  constructor(deps: ChatDeps, offers: Offers) {
    this.#deps = deps;
    this.#offers = offers;
    this.#bounds = new Bounds(deps.clock);
    this.#floods = new Sparse(deps.clock);
    this.#hearing = new Hearing(deps);
  }

  async relay(platform: Platform, relay: ChatRelay): Promise<ChatAnswer> {
    const { from, ask } = ChatRelay.parse(relay);
    const typing = ask.kind === 'suggest' || (ask.kind === 'catalogue' && ask.typing);
    let caller: Caller;
    try {
      caller = callerOf(this.#deps.config.current().config.chat, platform, from, this.#deps.identify);
    } catch (error) {
      if (ask.kind === 'suggest') return { kind: 'suggestions', suggestions: [] };
      const actor = { person: 'nobody', via: platform, account: from.account };
      return (
        (await this.#bounded(actor, ask, () => this.#bounds.stranger(`${platform}/${from.account}`))) ??
        refusal(this.#deps, actor, nameOf(ask), error)
      );
    }
    const key = interactionOf(platform, from);
    const before = this.#answers.get(key);
    // What comes again is no new question.
    if (before !== undefined && !typing && ask.kind !== 'catalogue')
      return { ...(await before), repeated: true };
    const goesOn = this.#hearing.goesOn(key);
    const flooded = await this.#bounded(caller, ask, () => {
      if (typing) this.#bounds.look(caller.person);
      else if (!goesOn) this.#bounds.ask(caller.person);
    });
    if (flooded !== undefined)
      return ask.kind === 'suggest' ? { kind: 'suggestions', suggestions: [] } : flooded;
    if (ask.kind === 'suggest')
      return { kind: 'suggestions', suggestions: await suggestions(this.#deps, caller, ask) };
    if (ask.kind === 'catalogue')
      return { kind: 'catalogue', catalogue: await this.#deps.door.catalogue(caller) };
    const wanted = await this.#hearing.wanted(caller, ask);
    if (wanted !== undefined) return wanted;
    const answer = this.#once(caller, { from, ask });
    remember(this.#answers.set(key, answer));
    return answer;
  }

  /** The refusal of one who asks too fast; it is not remembered as asked, and leaves one record a minute. */
  async #bounded(actor: Asker, ask: Relayed['ask'], take: () => void): Promise<ReplyAnswer | undefined> {
    try {
      take();
      return undefined;
    } catch (error) {
      const whose = actor.person === 'nobody' ? `${actor.via}/${actor.account}` : actor.person;
      return refusal(this.#deps, actor, nameOf(ask), error, (write) => this.#floods.record(whose, write));
    }
  }

  async #once(caller: Caller, { from, ask }: Relayed): Promise<ReplyAnswer> {
    let command = '(press)';
    try {
      if (ask.kind === 'command') {
        command = ask.command;
        return await this.#ask(await this.#hearing.heard(caller, from, ask), from, ask);
      }
      if (ask.kind !== 'press') throw fail('PRESS_UNKNOWN');
      const offer = this.#offers.look(ask.id, caller.person, ask);
      command = offer.command;
      return await this.#press(caller, from, offer, ask);
    } catch (error) {
      return refusal(this.#deps, caller, command, error);
    }
  }

  async #ask(caller: Caller, from: Relayed['from'], wish: Wish): Promise<ReplyAnswer> {
    const kind = await this.#deps.door.kindOf(wish.command);
    // Looking does nothing, however often it is asked.
    if (kind === 'admin' || kind === 'privileged') await this.#first(caller, from, wish.command);
    return this.#perform(caller, wish, kind !== 'read');
  }

  async #press(
    caller: Caller,
    from: Relayed['from'],
    offer: Offer,
    said: { typed?: string | undefined; reason?: string | undefined },
  ): Promise<ReplyAnswer> {
    const reason = said.reason ?? offer.reason;
    const wish: Wish = { ...offer, reason, typed: said.typed?.trim() };
    if (!offer.once) return this.#ask(caller, from, wish);
    const here = caller.interaction ?? '';
    const asked = offer.interaction ?? here;
    if (offer.pressed?.interaction === here)
      throw fail('CHAT_REPEATED', { outcome: repeatedWhy(this.#deps.state, asked) });
    await this.#offers.use(offer, caller.person, here);
    if (offer.interaction === undefined) await this.#first(caller, from, offer.command);
    // It goes on with what was asked, so that however it is confirmed it is one job.
    return this.#perform({ ...caller, interaction: asked }, wish, true);
  }

  /** Durable before anything is tried. Rejects CHAT_REPEATED. */
  async #first(
    { person, account, interaction = '' }: Caller,
    from: Relayed['from'],
    command: string,
  ): Promise<void> {
    const { ledger, state } = this.#deps;
    await ledger.append(
      'chat.relayed',
      { interaction, person, account: cut(account, 64), channel: from.channel, command: cut(command, 200) },
      {
        guard() {
          if (own(state.get(chatProjection).asked.by, interaction) !== undefined)
            throw fail('CHAT_REPEATED', { outcome: repeatedWhy(state, interaction) });
        },
      },
    );
  }

  async #perform(caller: Caller, wish: Wish, changes: boolean): Promise<ReplyAnswer> {
    const { door, ledger } = this.#deps;
    const { command, args, reason, grant, confirm, typed } = wish;
    const reply = await door.admit(caller, {
      command,
      args,
      interactive: true,
      ...(reason === undefined ? {} : { reason }),
      ...(grant === undefined ? {} : { grant }),
      ...(confirm === undefined ? {} : { confirm }),
      ...(typed === undefined ? {} : { typed }),
    });
    const asks = reply.confirm !== undefined || reply.error !== undefined;
    if (changes && reply.confirm === undefined)
      await ledger.append(
        'chat.answered',
        answered(caller.interaction ?? '', caller.person, reply, this.#deps.clean),
      );
    const buttons = await this.#buttons(caller, wish, reply);
    const open = changes && !asks;
    return {
      kind: 'reply',
      reply: this.#shown(
        open && reply.job === undefined ? signed(reply, caller.person, reason) : reply,
        buttons.length > 0,
      ),
      buttons,
      audience: open ? 'channel' : 'asker',
      repeated: false,
      ...(open && caller.conversation?.chosen !== undefined ? { mark: '📌' as const } : {}),
    };
  }

  /** What can be done with the answer: confirm exactly what is shown, say why, or turn a request down. */
  async #buttons(caller: Caller, wish: Wish, reply: Reply): Promise<ChatButton[]> {
    const { command, args, reason, grant } = wish;
    const base = {
      for: [caller.person],
      once: true,
      args,
      expires: this.#deps.clock.now() + CONFIRM_WITHIN,
      ...(reason === undefined ? {} : { reason: cut(reason, 2000) }),
      ...(grant === undefined ? {} : { grant }),
      ...(caller.interaction === undefined ? {} : { interaction: caller.interaction }),
    };
    if (reply.error?.code === 'REASON_REQUIRED' && wish.confirm === undefined)
      return [await this.#offers.make({ ...base, command, form: 'reason', label: 'Say why', tone: 'warn' })];
    if (reply.confirm === undefined) return [];
    const { digest, destructive, typed } = reply.confirm;
    const confirm = await this.#offers.make({
      ...base,
      command: reply.command,
      confirm: digest,
      ...(typed === undefined ? {} : { form: 'typed' as const, typed }),
      label: reply.command === 'grant approve' ? 'Approve exactly this' : 'Confirm exactly this',
      tone: destructive ? 'bad' : 'good',
    });
    if (reply.command !== 'grant approve') return [confirm];
    const { interaction: _, reason: _said, ...fresh } = base;
    return [
      confirm,
      await this.#offers.make({
        ...fresh,
        command: 'grant deny',
        form: 'reason',
        label: 'Deny',
        tone: 'bad',
      }),
    ];
  }

  /** Without what is for programs: a bot has no use for it. */
  #shown(reply: Reply, pressable: boolean): Reply {
    const { confirm, error, ...shown } = reply;
    const why = pressable && error?.code === 'REASON_REQUIRED';
    return cleaned(
      {
        ...shown,
        data: null,
        ...(confirm === undefined ? {} : { confirm: { ...confirm, digest: '' } }),
        ...(error === undefined
          ? {}
          : { error: why ? { ...error, hint: 'Press the button and say why.' } : error }),
      },
      this.#deps.clean,
    );
  }
}

/** What everybody there reads says who did it, and why. */
function signed(reply: Reply, by: string, reason = ''): Reply {
  const fields = [{ label: 'By', value: by }, ...(reason === '' ? [] : [{ label: 'Reason', value: reason }])];
  return { ...reply, blocks: [{ type: 'fields', fields }, ...reply.blocks] };
}

/** What a refusal is recorded under. */
const nameOf = (ask: Relayed['ask']): string => (ask.kind === 'command' ? ask.command : `(${ask.kind})`);
