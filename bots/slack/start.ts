import { App, LogLevel, SocketModeReceiver, type Logger, type Receiver } from '@slack/bolt';
import type { ChatSession } from '../../contracts/chat.ts';
import type { Pace } from '../dispatch/editor.ts';
import { slackMarkup } from '../dispatch/markup/slack.ts';
import type { Daemon } from '../link/client.ts';
import { takeDeliveries } from '../link/deliveries.ts';
import { followJob, tellPosts, type LoopDeps } from '../link/loops.ts';
import { backOff } from '../link/pace.ts';
import { hearThreads } from '../link/threads.ts';
import { drawn } from '../link/picture.ts';
import { Asker } from './asker.ts';
import { SLACK_LIMITS } from './blocks.ts';
import { describe, isTokenTrouble } from './failures.ts';
import { Lanes } from './lanes.ts';
import { Listener } from './listen.ts';
import type { Log } from './log.ts';
import { SlackMessenger } from './messenger.ts';
import { SignedReceiver } from './signed.ts';
import { keepConnected, sleep } from './socket.ts';
import { slackThreads } from './threads.ts';

export interface SlackOptions {
  /** xoxb-… and xapp-… */
  tokens: { bot: string; app: string };
  /** Another address of the Web API, with a slash at its end. */
  api?: string | undefined;
  daemon: Daemon;
  pace: Pace;
  now(): number;
  log: Log;
  signal: AbortSignal;
  /** Slack does not take a token: another one is needed. It is tried again all the same. */
  refused(): void;
}

/** How long answers that are under way may take when the bot is stopped, ms: whoever stops it waits no longer than two seconds. */
const FAREWELL = 1500;

/** The bot of Slack: runs until the signal, whatever Slack, the network and the daemon do meanwhile. */
export async function runSlack(options: SlackOptions): Promise<void> {
  const { daemon, pace, now, log, signal } = options;
  const session = await until(options, 'asking the daemon for its session', () => daemon.session());
  if (session === undefined) return;
  const { app, hear } = boltOf(options, session);
  const self = await until(options, 'asking Slack who this bot is', () => greet(app, session, log));
  if (self === undefined) return;

  const wires = {
    client: app.client,
    lanes: new Lanes(pace),
    pace: { ...pace, now },
    fetch: globalThis.fetch,
  };
  const listener = new Listener({
    wires,
    asker: new Asker(daemon, pace, session.catalogue, async (channel, chosen, wanted) => {
      const { conversationAt } = await import('./history.ts');
      return conversationAt(app.client, { team: session.place, channel, chosen, now: now() }, wanted);
    }),
    log,
    home: () => ({ team: session.place, self, app: session.application }),
    catalogue: () => session.catalogue,
  });
  listener.attach(app);
  const threads = slackThreads(wires, { team: session.place, self });
  const loops: LoopDeps = {
    daemon,
    messenger: new SlackMessenger(wires, log, (error) => sayToken(options, 'bot', error)),
    threads,
    markup: slackMarkup,
    limits: SLACK_LIMITS,
    catalogue: () => session.catalogue,
    pace: { ...pace, sleep: (ms) => sleep(pace, ms, signal) },
    now,
    signal,
    draw: drawn,
    failed: (what, error) => log('warn', what, describe(error)),
  };
  const live = (job: string, at: ChatSession['live'][number]['at']): void => {
    followJob(loops, job, at).catch((error: unknown) =>
      log('error', `the message of ${job}`, describe(error)),
    );
  };
  for (const { job, at } of session.live) live(job, at);
  const hearing = Promise.all([
    hear(),
    tellPosts(loops, live),
    hearThreads({ ...loops, threads, application: session.application }),
  ]);
  await Promise.race([hearing, stopped(signal)]);
  await Promise.race([Promise.all([hearing, listener.settled()]), pace.sleep(FAREWELL)]);
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Bolt, and what it hears through: its own connection, or what Slack delivers to the daemon. */
function boltOf(options: SlackOptions, session: ChatSession): { app: App; hear(): Promise<void> } {
  const { tokens, api, daemon, pace, signal, log } = options;
  const logger = loggerOf(log);
  const clientOptions = {
    ...(api === undefined ? {} : { slackApiUrl: api }),
    // The loops know better when: a channel's 429 holds up that channel alone.
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
    timeout: 10_000,
  };
  const boltWith = (receiver: Receiver): App => {
    const app = new App({
      token: tokens.bot,
      receiver,
      deferInitialization: true,
      convoStore: false,
      logger,
      clientOptions,
    });
    app.error(async (problem) => log('error', 'a listener failed', describe(problem)));
    return app;
  };
  if (session.transport === 'http') {
    const receiver = new SignedReceiver();
    const failed = (what: string, error: unknown): void => log('warn', what, describe(error));
    return {
      app: boltWith(receiver),
      hear: () =>
        takeDeliveries(
          { daemon, sleep: (ms) => sleep(pace, ms, signal), signal, failed },
          (payload, answer) =>
            void receiver
              .hear(payload, answer)
              .catch((error: unknown) => failed('a delivery was not taken in time', error)),
        ),
    };
  }
  const receiver = new SocketModeReceiver({
    appToken: tokens.app,
    autoReconnectEnabled: false,
    logger,
    // Its own: Bolt would hand it options with the bot token in a header.
    installerOptions: { clientOptions: { ...clientOptions } },
  });
  const refused = (error: unknown): void => sayToken(options, 'app', error);
  return {
    app: boltWith(receiver),
    hear: () => keepConnected({ client: receiver.client, pace, log, signal, refused }),
  };
}

/** The bot's own user, once Slack takes its token. */
async function greet(app: App, { place }: ChatSession, log: Log): Promise<string> {
  await app.init();
  const { user_id: self = '', team_id: team = '?' } = await app.client.auth.test();
  if (team !== place)
    log(
      'error',
      `The bot token belongs to the workspace ${team}, and reeve.yaml names ${place}: every command will be refused.`,
    );
  return self;
}

/** Until it works, with growing pauses; undefined when it was stopped before. */
async function until<T>(options: SlackOptions, what: string, run: () => Promise<T>): Promise<T | undefined> {
  const { log, pace, signal } = options;
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await run();
    } catch (error) {
      if (isTokenTrouble(error)) sayToken(options, 'bot', error);
      else log('warn', `${what} (failure ${failures})`, describe(error));
      await sleep(pace, backOff(failures), signal);
    }
  }
  return undefined;
}

/** Said each time: nothing works until somebody does something about it. */
function sayToken({ log, refused }: SlackOptions, which: 'bot' | 'app', error: unknown): void {
  log(
    'error',
    `Slack refuses the ${which === 'bot' ? 'bot token' : 'app-level token'} (${describe(error)}). Nothing is heard or said in Slack until a good one is stored: reeve secret set slack_${which}_token --value -`,
  );
  refused();
}

/** Bolt's words in our log. It takes for an error what the loops here expect, and mend. */
function loggerOf(log: Log): Logger {
  const text = (words: unknown[]): string => words.map((word) => describe(word)).join(' ');
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (...words) => log('warn', text(words)),
    error: (...words) => log('warn', text(words)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.WARN,
    setName: () => undefined,
  };
}
