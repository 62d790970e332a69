import type { Catalogue } from '../../contracts/catalogue.ts';
import type { ChatAnswer, ChatAsk, ChatButton, ChatFrom, Suggestion } from '../../contracts/chat.ts';
import { ReeveError, fail } from '../../contracts/errors.ts';
import type { Reply } from '../../contracts/reply.ts';
import type { Pace } from '../dispatch/editor.ts';
import { helpOf } from '../dispatch/help.ts';
import type { Line } from '../dispatch/line.ts';
import { slackMarkup } from '../dispatch/markup/slack.ts';
import { replyInChat } from '../dispatch/typed.ts';
import { replyView, viewOf, type View } from '../dispatch/view.ts';
import { relayed, relayedWith, type Read } from '../link/ask.ts';
import { Refused, type Daemon } from '../link/client.ts';
import { SLACK_LIMITS } from './blocks.ts';

/** What is shown for something asked. */
export interface Answer {
  view: View;
  buttons: readonly ChatButton[];
  /** To who asked; otherwise to everybody there. */
  alone: boolean;
  /** A slip that used nothing up: what it was asked with stays, to be tried again. */
  slip: boolean;
  /** For the chosen message. */
  mark?: string | undefined;
}

/** Slack's names of what marks a message. */
const EMOJI = { '📌': 'pushpin' };

type ReadAt = (channel: string, chosen: unknown, wanted: Parameters<Read>[0]) => ReturnType<Read>;
type Asked = Extract<ChatAsk, { kind: 'command' | 'press' }>;
type ReplyAnswer = Extract<ChatAnswer, { kind: 'reply' }>;

/** Asks the daemon on behalf of accounts, and makes something to show of whatever comes. */
export class Asker {
  readonly #daemon: Pick<Daemon, 'relay'>;
  readonly #pace: Pace;
  /** What can be asked by anyone. */
  readonly #all: Catalogue;
  readonly #read: ReadAt;

  /** `read`: what was said in a channel, before a chosen message or the newest. */
  constructor(daemon: Pick<Daemon, 'relay'>, pace: Pace, all: Catalogue, read: ReadAt) {
    this.#daemon = daemon;
    this.#pace = pace;
    this.#all = all;
    this.#read = read;
  }

  /**
   * The commands of this person. `typing`: for somebody who is still filling in what they ask. Rejects with what `problem`
   * can show, also for who may not even look.
   */
  async catalogue(from: ChatFrom, { typing = false } = {}): Promise<Catalogue> {
    const answer = await relayed(this.#daemon, { from, ask: { kind: 'catalogue', typing } }, this.#pace);
    if (answer.kind === 'catalogue') return answer.catalogue;
    throw answer.kind === 'reply' ? new Refusal(answer) : unexpected(answer);
  }

  /**
   * `make` says what is asked; whatever it throws is shown. `chosen`: the message it is asked of. Rejects only for what
   * nobody had thought of.
   */
  async ask(
    from: ChatFrom,
    make: () => Promise<Line | Asked> | Line | Asked,
    chosen?: unknown,
  ): Promise<Answer> {
    try {
      const asked = await make();
      if (asked.kind === 'help') {
        const shown = helpOf(await this.catalogue(from), asked.topic, 'slack');
        return { view: viewOf(shown, slackMarkup, SLACK_LIMITS), buttons: [], alone: true, slip: true };
      }
      const answer = await relayedWith(this.#daemon, { from, ask: asked }, this.#pace, (wanted) =>
        this.#read(from.channel, chosen, wanted),
      );
      if (answer.kind !== 'reply') throw unexpected(answer);
      return this.#shown(answer);
    } catch (error) {
      return this.problem(error);
    }
  }

  async suggest(from: ChatFrom, ask: Extract<ChatAsk, { kind: 'suggest' }>): Promise<Suggestion[]> {
    const answer = await this.#daemon.relay({ from, ask });
    return answer.kind === 'suggestions' ? answer.suggestions : [];
  }

  /** A refusal, here or there, as something to show. Throws anything else. */
  problem(error: unknown): Answer {
    if (error instanceof Refusal) return this.#shown(error.answer);
    const response =
      error instanceof ReeveError
        ? error.toResponse()
        : error instanceof Refused
          ? error.response
          : undefined;
    if (response === undefined) throw error;
    const reply: Reply = {
      v: 1,
      command: '',
      ok: false,
      tone: 'bad',
      title: response.message,
      blocks: [],
      data: null,
      error: response,
    };
    return this.#shown({ kind: 'reply', reply, buttons: [], audience: 'asker', repeated: false });
  }

  #shown({ reply, buttons, audience, repeated, mark }: ReplyAnswer): Answer {
    return {
      view: replyView(replyInChat(reply, this.#all), slackMarkup, SLACK_LIMITS),
      buttons,
      // What a job does is told by its own message; whatever else was changed is for everybody there.
      alone: audience === 'asker' || reply.job !== undefined || repeated,
      slip: reply.error !== undefined && !reply.error.code.startsWith('PRESS_'),
      mark: mark === undefined ? undefined : EMOJI[mark],
    };
  }
}

const unexpected = ({ kind }: ChatAnswer): Error =>
  fail('INTERNAL', { why: `an unexpected answer: ${kind}`, log: 'the daemon’s log' });

/** The daemon's answer to who may not even look. */
class Refusal extends Error {
  readonly answer: ReplyAnswer;
  constructor(answer: ReplyAnswer) {
    super(answer.reply.title);
    this.name = 'Refusal';
    this.answer = answer;
  }
}
