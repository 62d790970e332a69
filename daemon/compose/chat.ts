import { holderOf } from '../chat/credential.ts';
import { chatProjection } from '../chat/projection.ts';
import type { Chat } from '../ports/chat.ts';
import type { Running } from './running.ts';
import type { Store } from './store.ts';

/** What bots talk to; most of it is loaded when the first bot calls. */
export function composeChat(store: Store, running: Running): Chat & { stop(): void } {
  const { state, clock, ledger, artifacts, log, hex } = store;
  const { deps, door, jobs, live, people, refusals, clean } = running;
  let opened: ReturnType<typeof open> | undefined;
  let quiet = false;
  async function open() {
    const { openChat } = await import('../chat/index.ts');
    const chat = openChat({
      ...deps,
      clock,
      ledger,
      state,
      artifacts,
      door,
      jobs,
      live,
      people,
      identify: (account) => people.identify(account),
      refused: (actor, command, error) => refusals.record(actor, command, error, ''),
      clean,
      hex,
      warn: (what, error) => log.warn(what, { error: String(error) }),
    });
    if (quiet) chat.quiet();
    return chat;
  }
  const chat = () => (opened ??= open());
  return {
    verify: (token) => holderOf(token, state.get(chatProjection).bots),
    session: async (platform) => (await chat()).session(platform),
    relay: async (platform, asked) => (await chat()).relay(platform, asked),
    posts: async (platform, wait) => (await chat()).posts(platform, wait),
    posted: async (platform, posted) => (await chat()).posted(platform, posted),
    job: async (platform, id, version, wait) => (await chat()).job(platform, id, version, wait),
    log: async (platform, id) => (await chat()).log(platform, id),
    threads: async (platform) => (await chat()).threads(platform),
    heard: async (platform, heard) => (await chat()).heard(platform, heard),
    closed: async (platform, closed) => (await chat()).closed(platform, closed),
    receive: async (platform, request) => (await chat()).receive(platform, request),
    deliveries: async (platform, bot, wait) => (await chat()).deliveries(platform, bot, wait),
    delivered: (platform, delivered) => void chat().then((there) => there.delivered(platform, delivered)),
    quiet() {
      quiet = true;
      void opened?.then((there) => there.quiet());
    },
    stop: () => void opened?.then((there) => there.stop()),
  };
}
