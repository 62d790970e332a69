import type { z } from 'zod';
import type { ChatAnswer, ChatRelay } from '../../contracts/chat.ts';
import type { Caller } from '../ports/door.ts';
import { conversationOf } from './conversation.ts';
import type { ChatDeps } from './deps.ts';
import { remember } from './remember.ts';

type Relayed = z.output<typeof ChatRelay>;
type Ask = Relayed['ask'];

/** Commands that are about what was said where they are asked: a bot reads it when it is told to, and for whom it may be. */
export class Hearing {
  readonly #deps: Pick<ChatDeps, 'door' | 'identify' | 'clock'>;
  /** Interactions whose conversation a bot reads: they come again with it, and are no further question. */
  readonly #reading = new Set<string>();

  constructor(deps: Pick<ChatDeps, 'door' | 'identify' | 'clock'>) {
    this.#deps = deps;
  }

  goesOn(interaction: string): boolean {
    return this.#reading.has(interaction);
  }

  /** What is to be read before this goes on; undefined: nothing. */
  async wanted(
    { person, interaction = '' }: Caller,
    ask: Ask,
  ): Promise<Extract<ChatAnswer, { kind: 'read' }> | undefined> {
    if (ask.kind !== 'command' || ask.conversation !== undefined) return undefined;
    const hears = await this.#deps.door.hears(person, ask.command);
    if (hears === undefined) return undefined;
    remember(this.#reading.add(interaction));
    return { kind: 'read', messages: hears.messages, within: hears.within };
  }

  /** The caller with what was said there, where the command is about that. */
  async heard(
    caller: Caller,
    from: Relayed['from'],
    { command, conversation }: Extract<Ask, { kind: 'command' }>,
  ): Promise<Caller> {
    if (conversation === undefined) return caller;
    const { door, identify, clock } = this.#deps;
    const bounds = await door.hears(caller.person, command);
    if (bounds === undefined) return caller;
    const platform = caller.via === 'slack' ? 'slack' : 'discord';
    const context = { platform, from, bounds, now: clock.now(), identify } as const;
    return { ...caller, conversation: conversationOf(conversation, context) };
  }
}
