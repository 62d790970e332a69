import { fail, ReeveError } from '../../../contracts/errors.ts';
import type { Reply } from '../../../contracts/reply.ts';
import type { Caller } from '../../ports/door.ts';
import { cut } from '../../text.ts';
import { callerOf, personOf, projectOf } from './asker.ts';
import type { GithubDeps } from './deps.ts';
import { requireFresh } from './fresh.ts';
import { cameTo, outcomeOf, type Answer } from './outcome.ts';
import type { CommentDelivery } from './payload.ts';
import { githubProjection, interactionOf, type GithubState } from './projection.ts';
import { understood, type Wish } from './understand.ts';

/** What is asked for in comments, brought to the door. */
export class Commands {
  readonly #deps: GithubDeps;

  constructor(deps: GithubDeps) {
    this.#deps = deps;
  }

  get #state(): GithubState {
    return this.#deps.state.get(githubProjection);
  }

  /**
   * Never rejects for anything somebody wrote. A delivery that was here before does nothing, unless a person has it handled
   * once more (`again`) and it was refused.
   */
  async hear(delivery: string, event: CommentDelivery, at: number, again = false): Promise<void> {
    const { user, id } = event.comment;
    // Redelivered under another id it is still the same comment.
    const same = Object.values(this.#state.asks).filter(
      (ask) => ask.comment === id && ask.repository.id === event.repository.id,
    );
    const refused = same.every((ask) => ask.delivery === delivery && ask.answered?.outcome === 'refused');
    if (same.length > 0 && event.action === 'created' && !(again && refused)) return;
    let person = 'nobody';
    try {
      person = personOf(this.#deps, event);
      const project = projectOf(this.#deps, event);
      const caller = callerOf(delivery, person, user.id);
      const wish = await requireFresh(this.#deps, event, { delivery, at, again })
        .then(() => understood(this.#deps, event, caller, project))
        .catch((error: unknown) => asError(error));
      await this.#deps.ledger.append('github.asked', {
        delivery,
        repository: event.repository,
        pull: event.issue.number,
        comment: event.comment.id,
        person,
        account: user.id,
        project,
        ...('error' in wish
          ? { command: '(unclear)', args: {} }
          : {
              command: wish.command,
              args: wish.args,
              ...(wish.reason === undefined ? {} : { reason: cut(wish.reason, 2000) }),
              ...(wish.head === undefined ? {} : { head: wish.head }),
              ...(wish.of === undefined ? {} : { of: wish.of.delivery }),
            }),
      });
      if ('error' in wish) await this.#refuse(delivery, caller, wish.error);
      else await this.#perform(delivery, caller, wish);
    } catch (error) {
      // Whoever is nobody here gets no answer: anybody may write a comment.
      const { error: known } = asError(error);
      await this.#deps.refused(
        { person, via: 'github', account: String(user.id) },
        '(comment)',
        known.toResponse(),
      );
    }
  }

  /** Asked, and nothing more is known: the daemon ended in between. */
  async finishOpen(): Promise<void> {
    for (const ask of Object.values(this.#state.asks)) {
      if (ask.answered !== undefined) continue;
      await this.#answer(
        ask.delivery,
        (await cameTo(ask, this.#state, this.#deps.grants)) ?? {
          outcome: 'refused',
          title:
            'The daemon ended before this was done; look what is there, and ask again if it still counts',
        },
      );
    }
  }

  async #perform(delivery: string, caller: Caller, wish: Wish): Promise<void> {
    const { command, args, reason, confirm, typed, of } = wish;
    // However it is confirmed, it is the job that was asked for.
    const interaction = interactionOf(of?.delivery ?? delivery);
    const reply = await this.#deps.door.admit(
      { ...caller, interaction },
      {
        command,
        args,
        interactive: true,
        ...(reason === undefined ? {} : { reason }),
        ...(confirm === undefined ? {} : { confirm }),
        ...(typed === undefined ? {} : { typed }),
      },
    );
    const { text, whole } = this.#deps.speech.reply(reply);
    if (reply.confirm !== undefined && !whole)
      return this.#refuse(delivery, caller, fail('GITHUB_PLAN_LONG'));
    await this.#answer(delivery, { ...outcomeOf(reply, caller.person), title: reply.title }, text);
  }

  async #refuse(delivery: string, { person, via, account }: Caller, error: ReeveError): Promise<void> {
    const response = error.toResponse();
    const seq = await this.#deps.refused({ person, via, account }, '(comment)', response);
    if (seq !== undefined) response.ledger_seq = seq;
    const reply: Reply = {
      v: 1,
      command: '(comment)',
      ok: false,
      tone: 'bad',
      title: error.message,
      blocks: [],
      data: null,
      error: response,
    };
    await this.#answer(
      delivery,
      { outcome: 'refused', title: error.message },
      this.#deps.speech.reply(reply).text,
    );
  }

  async #answer(delivery: string, answer: Answer, text?: string): Promise<void> {
    const { ledger, artifacts, clean } = this.#deps;
    const said =
      text === undefined
        ? undefined
        : await artifacts.put(Buffer.from(clean(text)), { mediaType: 'text/markdown' });
    await ledger.append('github.answered', {
      delivery,
      ...answer,
      title: cut(clean(answer.title), 300),
      ...(said === undefined ? {} : { said }),
    });
  }
}

function asError(error: unknown): { error: ReeveError } {
  if (!(error instanceof ReeveError)) throw error;
  return { error };
}
