import type { Catalogue } from '../../contracts/catalogue.ts';
import type { ChatJob, ChatMessage, ChatPost, ChatPosted } from '../../contracts/chat.ts';
import { EDIT_EVERY, Editor, type Pace } from '../dispatch/editor.ts';
import { TAIL, liveOf } from '../dispatch/live.ts';
import type { Markup } from '../dispatch/markup/markup.ts';
import { harmless } from '../dispatch/text.ts';
import { blocksInChat } from '../dispatch/typed.ts';
import { viewOf, type View, type ViewFile, type ViewLimits } from '../dispatch/view.ts';
import type { Drawing } from './picture.ts';
import { Refused, type Daemon } from './client.ts';
import { GivenUp, type Messenger } from './messenger.ts';
import { backOff } from './pace.ts';
import type { Threads } from './threads.ts';

/** A log that is no longer than this stands in its message whole, characters. */
const LONGEST_SHOWN = 1000;
/** How long one look at the daemon waits for something new, ms. */
const WAIT = 25_000;

export interface LoopDeps {
  daemon: Daemon;
  messenger: Messenger;
  threads: Pick<Threads, 'open'>;
  markup: Markup;
  limits: ViewLimits;
  /** What can be asked by anyone. */
  catalogue(): Catalogue;
  pace: Pace;
  draw: Drawing;
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

async function tell(deps: LoopDeps, post: ChatPost): Promise<ChatPosted['outcome']> {
  const { messenger } = deps;
  const view = await seen(deps, post);
  try {
    if (post.edit === undefined) {
      const at = await messenger.send(post, view);
      await thread(deps, at, post.thread);
      return { is: 'sent', at };
    }
    await messenger.change(post.edit, view, post.buttons);
    return { is: 'sent', at: post.edit };
  } catch (error) {
    if (error instanceof GivenUp) return { is: 'given_up', why: error.message.slice(0, 500) };
    throw error;
  }
}

/** A post is worth something without its thread. */
async function thread({ threads, failed }: LoopDeps, at: ChatMessage, name?: string): Promise<void> {
  if (name === undefined) return;
  await threads
    .open(at, harmless(name))
    .catch((error: unknown) => failed(`opening a thread below ${at.message}`, error));
}

/** The post with its picture; without one, where it cannot be drawn, and that stands there. */
async function seen(deps: LoopDeps, post: ChatPost): Promise<View> {
  const { markup, limits, draw, failed } = deps;
  const view = viewOf({ ...post, blocks: blocksInChat(post.blocks, deps.catalogue()) }, markup, limits);
  const { picture } = post;
  if (picture === undefined) return view;
  try {
    return { ...view, files: [...view.files, await draw(picture)] };
  } catch (error) {
    failed(`drawing ${picture.name}`, error);
    return { ...view, note: `Without its chart, which could not be drawn here. ${picture.alt}` };
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
        const files = state.over ? [...view.files, ...(await logOf(deps, state))] : [];
        await messenger.change(at, { ...view, files }, []);
      } catch (error) {
        if (!(error instanceof GivenUp)) throw error;
        gone = error;
      }
    },
  });
  for (let version = '', wait = WAIT; ;) {
    const state = await again(deps, `looking at ${job}`, () => daemon.job(job, version, wait, signal));
    // Undefined: it is no live message any more, or the bot is stopping.
    if (state === undefined) return;
    version = state.version;
    wait = patience(state, deps.now());
    editor.show(state);
    if (state.over || gone !== undefined) break;
    await pace.sleep(EDIT_EVERY);
  }
  await editor.settled();
  const why = gone?.message;
  await again(deps, `closing ${job}`, () =>
    daemon.closed({ job, at, ...(why === undefined ? {} : { why }) }),
  );
}

/** How long to wait for something new, ms: while nothing happens the time that is shown is never off by much more than itself. */
function patience({ job }: ChatJob, now: number): number {
  const began = job.attempts.at(-1)?.started_at;
  return began === undefined ? WAIT : Math.max(EDIT_EVERY, Math.min(WAIT, Math.ceil(now - began)));
}

/** The whole log as a file, where the message does not show all of it. Rejects for now when the daemon is not there. */
async function logOf({ daemon, failed }: LoopDeps, state: ChatJob): Promise<ViewFile[]> {
  const id = state.job.spec.job_id;
  try {
    const { text, lines, left_out } = await daemon.log(id);
    const whole = lines <= TAIL && left_out === 0 && text.length <= LONGEST_SHOWN;
    return whole ? [] : [{ name: `${id.slice(0, 12)}.log.txt`, data: text }];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    failed(`the log of ${id}`, error);
    return [];
  }
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
