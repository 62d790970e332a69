import type { Platform } from '../../contracts/chat.ts';
import type { Chat } from '../ports/chat.ts';
import { cut } from '../text.ts';
import { holderOf } from './credential.ts';
import type { ChatDeps } from './deps.ts';
import { Endpoint, isHttp } from './endpoint/index.ts';
import { LiveJobs } from './live.ts';
import { Offers } from './offers.ts';
import { Outbox } from './outbox.ts';
import { chatProjection } from './projection.ts';
import { Relay } from './relay.ts';
import { Waiters } from './waiters.ts';
import { homeOf } from './who.ts';

/** How often the ledger's head is posted where a channel for it is named, ms. */
const HEAD_EVERY = 3_600_000;

/** What bots talk to. `stop` ends what it watches. */
export function openChat(deps: ChatDeps): Chat & { stop(): void } {
  const { ledger, live, state, config, clock, warn } = deps;
  const offers = new Offers(deps);
  const relay = new Relay(deps, offers);
  const outbox = new Outbox(deps, offers);
  const jobs = new LiveJobs(deps);
  const endpoint = new Endpoint(deps);
  const said = new Waiters(clock);
  const moved = new Waiters(clock);
  const bot = (platform: Platform) => state.get(chatProjection).bots[platform];
  const stops = [
    ledger.subscribe((record) => {
      if (Outbox.speaks(record)) said.wake();
      if (LiveJobs.shows(record)) moved.wake();
      if (record.type === 'chat.closed') jobs.forget(record.body.job);
    }),
    live.subscribe((event) => {
      if (jobs.heard(event)) moved.wake();
    }),
  ];

  let cancelHead = clock.after(HEAD_EVERY, postHead);
  function postHead(): void {
    const { chat } = config.current().config;
    const wanted = (['discord', 'slack'] as const).some(
      (platform) => chat[platform]?.channels.heads !== undefined && bot(platform) !== undefined,
    );
    const { size, root } = ledger.head();
    if (wanted)
      ledger
        .append('chat.head', { size, root })
        .catch((error: unknown) => warn('the head was not posted', error));
    cancelHead = clock.after(HEAD_EVERY, postHead);
  }

  return {
    verify: (token) => holderOf(token, state.get(chatProjection).bots),
    async session(platform) {
      const { chat } = config.current().config;
      const { place, application } = homeOf(chat, platform);
      return {
        platform,
        place,
        application,
        transport: isHttp(chat, platform) ? 'http' : 'connection',
        ...(chat.url === undefined ? {} : { endpoint: `${chat.url}/v1/interactions/${platform}` }),
        catalogue: await deps.door.inChat(),
        live: Object.entries(bot(platform)?.live ?? {}).map(([job, at]) => ({ job, at })),
      };
    },
    relay: (platform, asked) => relay.relay(platform, asked),
    posts: (platform, wait) =>
      said.until(
        wait,
        () => outbox.next(platform),
        (posts) => posts.length > 0,
      ),
    posted: (platform, posted) => outbox.settle(platform, posted),
    job: (platform, id, version, wait) =>
      moved.until(
        wait,
        () => jobs.look(platform, id),
        (job) => job.version !== version || job.over,
      ),
    async closed(platform, job, why) {
      if (bot(platform)?.live[job] === undefined) return;
      await ledger.append('chat.closed', {
        platform,
        job,
        ...(why === undefined ? {} : { why: cut(deps.clean(why), 500) }),
      });
    },
    receive: (platform, request) => endpoint.receive(platform, request),
    deliveries: (platform, wait) => endpoint.desk.next(platform, wait),
    delivered: (platform, { id, answer }) => endpoint.desk.settle(platform, id, answer),
    quiet() {
      endpoint.desk.quiet();
      said.quiet();
      moved.quiet();
    },
    stop() {
      cancelHead();
      for (const stop of stops) stop();
    },
  };
}
