import type { ChatMessage, ChatPost, ChatPosted } from '../../contracts/chat.ts';
import { EDIT_EVERY, Editor, type Pace } from '../dispatch/editor.ts';
import { liveOf } from '../dispatch/live.ts';
import type { Markup } from '../dispatch/markup/markup.ts';
import { viewOf, type ViewLimits } from '../dispatch/view.ts';
import { Refused, type Daemon } from './client.ts';
import { GivenUp, type Messenger } from './messenger.ts';
import { backOff } from './pace.ts';

/** How long one look at the daemon waits for something new, ms. */
const WAIT = 25_000;

export interface LoopDeps {
  daemon: Daemon;
  messenger: Messenger;
  markup: Markup;
  limits: ViewLimits;
  pace: Pace;
  now(): number;
  signal: AbortSignal;
  failed(what: string, error: unknown): void;
}

/** Says what is to be said, in order, each until it is said or can never be. Ends with the signal. `live`: a job's message. */
export async function tellPosts(deps: LoopDeps, live: (job: string, at: ChatMessage) => void): Promise<void> {
  const { daemon, signal } = deps;
  for (let refused = 0; !signal.aborted;) {
    const posts = await again(deps, 'asking what to say', () => daemon.posts(WAIT, signal));
    refused = posts === undefined ? refused + 1 : 0;
    // A void credential is refused until a person makes a new one: no reason to ask twice a second.
    if (refused > 0 && !signal.aborted) await deps.pace.sleep(backOff(refused));
    for (const post of posts ?? []) {
      const outcome = await again(deps, `saying ${post.seq}`, () => tell(deps, post));
      if (outcome === undefined) return;
      await again(deps, `settling ${post.seq}`, () => daemon.posted({ seq: post.seq, outcome }));
      if (post.job !== undefined && outcome.is === 'sent') live(post.job, outcome.at);
    }
  }
}

async function tell({ messenger, markup, limits }: LoopDeps, post: ChatPost): Promise<ChatPosted['outcome']> {
  const view = viewOf(post, markup, limits);
  try {
    if (post.edit === undefined) return { is: 'sent', at: await messenger.send(post, view) };
    await messenger.change(post.edit, view, post.buttons);
    return { is: 'sent', at: post.edit };
  } catch (error) {
    if (error instanceof GivenUp) return { is: 'given_up', why: error.message.slice(0, 500) };
    throw error;
  }
}

/** Keeps the message of a job up to date until its end stands there. */
export async function followJob(deps: LoopDeps, job: string, at: ChatMessage): Promise<void> {
  const { daemon, messenger, markup, limits, pace, signal } = deps;
  let gone: GivenUp | undefined;
  const editor = new Editor<Awaited<ReturnType<Daemon['job']>>>({
    pace,
    failed: (error) => deps.failed(`showing ${job}`, error),
    async edit(state) {
      const view = viewOf(liveOf(state, deps.now()), markup, limits);
      try {
        // A file is uploaded anew with each edit: the end alone is worth it.
        await messenger.change(at, state.over ? view : { ...view, files: [] }, []);
      } catch (error) {
        if (!(error instanceof GivenUp)) throw error;
        gone = error;
      }
    },
  });
  for (let version = ''; ;) {
    const state = await again(deps, `looking at ${job}`, () => daemon.job(job, version, WAIT, signal));
    // Undefined: it is no live message any more, or the bot is stopping.
    if (state === undefined) return;
    version = state.version;
    editor.show(state);
    if (state.over || gone !== undefined) break;
    await pace.sleep(EDIT_EVERY);
  }
  await editor.settled();
  const why = gone?.message;
  await again(deps, `closing ${job}`, () => daemon.closed(job, why));
}

/** Tries until it works, with growing pauses. Undefined when the daemon refused it, or the signal ended it. */
async function again<T>(deps: LoopDeps, what: string, run: () => Promise<T>): Promise<T | undefined> {
  for (let failures = 1; ; failures++) {
    try {
      return await run();
    } catch (error) {
      if (deps.signal.aborted) return undefined;
      deps.failed(what, error);
      if (error instanceof Refused) {
        await deps.pace.sleep(backOff(failures));
        return undefined;
      }
    }
    await deps.pace.sleep(backOff(failures));
  }
}
