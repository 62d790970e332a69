import { REST, type Interaction } from 'discord.js';
import type { ChatSession } from '../../contracts/chat.ts';
import type { Pace } from '../dispatch/editor.ts';
import { discordMarkup } from '../dispatch/markup/discord.ts';
import { commandTree, type CommandTree } from '../dispatch/tree.ts';
import { DISCORD_VIEW } from '../dispatch/view.ts';
import type { Daemon } from '../link/client.ts';
import { takeDeliveries } from '../link/deliveries.ts';
import { followJob, tellPosts, type LoopDeps } from '../link/loops.ts';
import { backOff } from '../link/pace.ts';
import { hearThreads } from '../link/threads.ts';
import { drawn } from '../link/picture.ts';
import { Gateway } from './gateway.ts';
import { handle } from './interactions.ts';
import { discordMessenger } from './messenger.ts';
import { register } from './register.ts';
import { greet, signedClient } from './signed.ts';
import { discordThreads } from './threads.ts';

/** How often it is asked whether there are new commands, ms. */
const LOOK_EVERY = 60_000;

export interface BotOptions {
  daemon: Daemon;
  /** The platform's token. */
  token: string;
  /** File that remembers which commands were registered. */
  memory: string;
  pace: Pace;
  now(): number;
  log(level: 'info' | 'warn' | 'error', message: string, detail?: unknown): void;
  /** Discord does not take the token: another one is needed. It is tried again all the same. */
  refused(): void;
  /** Another address of Discord's API. */
  api?: string | undefined;
}

/** The bot of Discord: runs until `stop`, whatever Discord, the network and the daemon do meanwhile. */
export class DiscordBot {
  readonly #options: BotOptions;
  readonly #stopping = new AbortController();
  /** For what the bot says by itself: it outlives a client that Discord sent away. */
  readonly #rest: REST;
  #commands: { catalogue: ChatSession['catalogue']; tree: CommandTree } | undefined;
  #ears: Pick<Gateway, 'isOpen' | 'close'> | undefined;
  #done: Promise<unknown> | undefined;

  constructor(options: BotOptions) {
    this.#options = options;
    const { api, token } = options;
    this.#rest = new REST({
      ...(api === undefined ? {} : { api }),
      // An edit that has to wait would show what is no longer so: the newest state is sent when it may be.
      rejectOnRateLimit: ({ method, route }) => method === 'PATCH' && route.startsWith('/channels/'),
    }).setToken(token);
  }

  /** Resolves when it is logged in and its commands are registered: what was wrong before is in the log. */
  async start(): Promise<void> {
    const session = await this.#try('asking the daemon for its session', () =>
      this.#options.daemon.session(),
    );
    if (session === undefined) return;
    this.#take(session);
    await this.#listen(session);
    if (this.#stopping.signal.aborted) return;
    await this.#try('registering the commands', () => this.#register(session));
    const { place: guild, application } = session;
    const threads = discordThreads(this.#rest, { guild, application });
    const loops: LoopDeps = {
      daemon: this.#options.daemon,
      messenger: discordMessenger(this.#rest),
      threads,
      markup: discordMarkup,
      limits: DISCORD_VIEW,
      catalogue: () => this.#commands?.catalogue ?? session.catalogue,
      pace: this.#options.pace,
      now: () => this.#options.now(),
      signal: this.#stopping.signal,
      draw: drawn,
      failed: (what, error) => this.#options.log('warn', what, error),
    };
    const live = (job: string, at: ChatSession['live'][number]['at']): void => {
      followJob(loops, job, at).catch((error: unknown) =>
        this.#options.log('error', `the message of ${job}`, error),
      );
    };
    for (const { job, at } of session.live) live(job, at);
    this.#done = Promise.all([
      tellPosts(loops, live),
      hearThreads({ ...loops, threads, application }),
      this.#watch(),
    ]);
    this.#done.catch((error: unknown) => this.#options.log('error', 'the bot ended', error));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ears?.close();
    this.#options.daemon.close();
  }

  #take({ catalogue }: ChatSession): void {
    this.#commands = { catalogue, tree: commandTree(catalogue) };
  }

  /** Hears of interactions; resolves when it does, or the bot is stopped. */
  async #listen({ transport }: ChatSession): Promise<void> {
    const { api, token, log, daemon, pace, refused } = this.#options;
    const desk = {
      daemon,
      pace,
      commands: () => {
        if (this.#commands === undefined) throw new Error('no session yet');
        return this.#commands;
      },
    };
    const heard = (interaction: Interaction): void => {
      handle(desk, interaction).catch((error: unknown) => log('error', 'an interaction', error));
    };
    const { signal } = this.#stopping;
    if (transport === 'http') {
      await this.#try('asking Discord whether it takes the token', () => greet(this.#rest, refused));
      const failed = (error: unknown): void => log('error', 'discord.js', error);
      const { hear, close } = signedClient({ token, api, heard, failed });
      void takeDeliveries(
        { daemon, sleep: (ms) => pace.sleep(ms), signal, failed: (what, error) => log('warn', what, error) },
        (payload, answer) => {
          // Taken first; the interaction has its answer by its callback, as over the gateway.
          answer(null).catch((error: unknown) => log('warn', 'a delivery was not taken in time', error));
          hear(payload);
        },
      );
      this.#ears = { isOpen: true, close };
      return;
    }
    const gateway = new Gateway({
      token,
      api,
      heard,
      again: (what, run) => this.#try(what, run),
      sleep: (ms) => pace.sleep(ms),
      stopped: () => signal.aborted,
      log,
      refused,
    });
    this.#ears = gateway;
    await gateway.open();
  }

  async #register(session: ChatSession): Promise<void> {
    const done = await register(this.#rest, session, this.#options.memory);
    if (done.changed) this.#options.log('info', 'commands are registered', done);
  }

  /** Commands follow the catalogue: a new runbook is a new command within a minute. */
  async #watch(): Promise<void> {
    const { daemon, pace, log } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await pace.sleep(LOOK_EVERY);
      if (this.#stopping.signal.aborted) return;
      try {
        const session = await daemon.session();
        if (session.catalogue.digest === this.#commands?.catalogue.digest || this.#ears?.isOpen !== true)
          continue;
        this.#take(session);
        await this.#register(session);
      } catch (error) {
        log('warn', 'looking for new commands', error);
      }
    }
  }

  /** Until it works or the bot is stopped, with growing pauses. */
  async #try<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
    for (let failures = 1; !this.#stopping.signal.aborted; failures++) {
      try {
        return await run();
      } catch (error) {
        this.#options.log('warn', `${what} (failure ${failures})`, error);
        await this.#options.pace.sleep(backOff(failures));
      }
    }
    return undefined;
  }
}
