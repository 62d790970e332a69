import type { Platform } from '../../contracts/chat.ts';
import type { Chat } from '../ports/chat.ts';
import { own } from '../own.ts';
import { cut } from '../text.ts';
import { holderOf } from './credential.ts';
import type { ChatDeps } from './deps.ts';
import { Endpoint, isHttp } from './endpoint/index.ts';
import { LiveJobs } from './live.ts';
import { Offers } from './offers.ts';
import { Outbox } from './outbox.ts';
import { chatProjection } from './projection.ts';
import { Relay } from './relay.ts';
import { Threads } from './threads.ts';
import { Waiters } from './waiters.ts';
import { homeOf } from './who.ts';

/** What bots talk to. `stop` ends what it watches. */
export function openChat(deps: ChatDeps): Chat & { stop(): void } {
  const { ledger, live, state, config, clock } = deps;
  const offers = new Offers(deps);
  const relay = new Relay(deps, offers);
  const outbox = new Outbox(deps, offers);
  const jobs = new LiveJobs(deps);
  const threads = new Threads(deps);
  const endpoint = new Endpoint(deps);
  const said = new Waiters(clock);
  const moved = new Waiters(clock);
  const bot = (platform: Platform) => state.get(chatProjection).bots[platform];
  const stops = [
    ledger.subscribe((record) => {
      if (Outbox.speaks(record)) said.wake();
      const job = LiveJobs.shows(record);
      if (job !== undefined) moved.wake(job);
      if (record.type === 'chat.closed') jobs.forget(record.body.job);
    }),
    live.subscribe((event) => {
      if (jobs.heard(event)) moved.wake(event.job_id);
    }),
  ];

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
        id,
      ),
    log: (platform, id) => jobs.log(platform, id),
    threads: (platform) => Promise.resolve(threads.list(platform)),
    heard: (platform, heard) => threads.heard(platform, heard),
    async closed(platform, { job, at, why }) {
      const live = own(bot(platform)?.live ?? {}, job);
      if (live === undefined) return;
      // The message of an attempt before this one.
      if (at !== undefined && (at.channel !== live.channel || at.message !== live.message)) return;
      if (why !== undefined) deps.warn(`the message of ${job} on ${platform} was given up`, why);
      await ledger.append('chat.closed', {
        platform,
        job,
        ...(why === undefined ? {} : { why: cut(deps.clean(why), 500) }),
      });
    },
    receive: (platform, request) => endpoint.receive(platform, request),
    deliveries: (platform, process, wait) => endpoint.desk.next(platform, process, wait),
    delivered: (platform, { id, answer }) => endpoint.desk.settle(platform, id, answer),
    quiet() {
      endpoint.desk.quiet();
      said.quiet();
      moved.quiet();
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}
