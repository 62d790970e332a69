import type { ChatFrom, ChatMessage, ChatThread } from '../../contracts/chat.ts';
import type { Pace } from '../dispatch/editor.ts';
import { cut } from '../dispatch/text.ts';
import { Refused, type Daemon } from './client.ts';

/** Least time between two looks at the threads, and for each of them, ms: Slack lets an app read about fifty a minute. */
const LOOK_EVERY = 15_000;
const EACH = 1500;
/** Longest note. */
const LONGEST = 3000;

/** What somebody wrote in a thread. */
export interface Said {
  /** Of the message; grows. */
  id: string;
  from: Pick<ChatFrom, 'place' | 'account' | 'bot' | 'edited'>;
  /** The bot's own. */
  own: boolean;
  /** Empty: there is nothing to note. Undefined: the platform keeps it from the bot. */
  text: string | undefined;
}

/** The threads below a bot's messages, as an adapter reads them. */
export interface Threads {
  /** Opens one, and says in it what becomes of what is written there; does nothing where there is one. */
  open(at: ChatMessage, name: string): Promise<void>;
  /** Messages after the one with this id, oldest first, some at a time. */
  read(at: ChatMessage, after: string): Promise<Said[]>;
  /** Shows at a message whether it was noted. */
  mark(at: ChatMessage, message: string, noted: boolean): Promise<void>;
}

export interface ThreadDeps {
  daemon: Pick<Daemon, 'threads' | 'heard'>;
  threads: Threads;
  application: string;
  pace: Pace;
  signal: AbortSignal;
  failed(what: string, error: unknown): void;
}

/**
 * Reads the threads again and again, for as long as the signal lets it, and hands on what people wrote. It asks instead of
 * being told, so that nothing else that people write reaches it, and what was written while it was away is found as well.
 * Which messages were noted the daemon knows; which were not, this loop, until it ends.
 */
export async function hearThreads(deps: ThreadDeps): Promise<void> {
  const { daemon, pace, signal } = deps;
  const seen = new Map<string, string>();
  const failed = once(deps.failed);
  while (!signal.aborted) {
    let threads: ChatThread[] = [];
    try {
      threads = await daemon.threads();
      failed.worked('asking which threads to read');
    } catch (error) {
      failed('asking which threads to read', error);
    }
    const known = new Set(threads.map(({ at }) => at.message));
    for (const message of seen.keys()) if (!known.has(message)) seen.delete(message);
    for (const thread of threads) {
      if (signal.aborted) return;
      const what = `reading the thread below ${thread.at.message}`;
      try {
        await hear({ ...deps, failed }, thread, seen);
        failed.worked(what);
      } catch (error) {
        failed(what, error);
      }
    }
    await pace.sleep(Math.max(LOOK_EVERY, EACH * threads.length));
  }
}

async function hear(deps: ThreadDeps, { at, after }: ChatThread, seen: Map<string, string>): Promise<void> {
  const { daemon, threads, application, failed } = deps;
  const from = newer(seen.get(at.message) ?? '', after);
  for (const { id, from: who, own, text } of await threads.read(at, from)) {
    if (text === undefined && !own) throw new Error('the platform keeps the texts of messages from this bot');
    if (!own && text !== undefined && text !== '') {
      const heard = {
        from: { ...who, application, channel: at.channel, interaction: id },
        thread: at.message,
      };
      const { noted } = await daemon.heard({ ...heard, text: cut(text, LONGEST) }).catch((error: unknown) => {
        // What the daemon cannot read at all is passed over; what it did not answer comes again.
        if (!(error instanceof Refused)) throw error;
        failed(`a message in the thread below ${at.message}`, error);
        return { noted: false };
      });
      await threads
        .mark(at, id, noted)
        .catch((error: unknown) => failed(`a mark in the thread below ${at.message}`, error));
    }
    seen.set(at.message, id);
  }
}

/** The ids of a platform's messages count time: the longer, or else the greater, is the later. */
const newer = (one: string, other: string): string =>
  one.length > other.length || (one.length === other.length && one > other) ? one : other;

/** Says what is wrong when it begins or changes, not each time. */
function once(failed: ThreadDeps['failed']): ThreadDeps['failed'] & { worked(what: string): void } {
  const said = new Map<string, string>();
  const tell = (what: string, error: unknown): void => {
    const text = String(error);
    if (said.get(what) === text) return;
    said.set(what, text);
    failed(what, error);
  };
  return Object.assign(tell, { worked: (what: string) => void said.delete(what) });
}

/** The first words in a thread. `can`: whether what is written there can be read at all. */
export const threadWords = (can: boolean): string =>
  can
    ? 'What is written here is kept in the timeline of the incident, with the name of who wrote it, within half a minute. A mark shows it. What is changed before that is not kept.'
    : 'What is written here is not kept: Discord keeps the texts from this bot (Message Content Intent). /reeve incidents note keeps something in the timeline of the incident.';
