import { Client, Events, type Interaction } from 'discord.js';
import { backOff } from '../link/pace.ts';
import { interactionClient } from './options.ts';

export interface GatewayDeps {
  token: string;
  api?: string | undefined;
  heard(interaction: Interaction): void;
  /** Until it works or the bot is stopped. */
  again(what: string, run: () => Promise<void>): Promise<unknown>;
  sleep(ms: number): Promise<void>;
  stopped(): boolean;
  log(level: 'info' | 'warn' | 'error', message: string, detail?: unknown): void;
  refused(): void;
}

/** A connection of the bot to Discord's gateway: one that ends is made anew. */
export class Gateway {
  readonly #deps: GatewayDeps;
  #client: Client | undefined;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
  }

  /** Resolves when it is logged in, or the bot is stopped. discord.js never repeats a first connect that failed. */
  async open(): Promise<void> {
    const { token, api, heard, again, log, refused } = this.#deps;
    await again('logging in', async () => {
      const client = new Client(interactionClient(api));
      client.on(Events.Error, (error) => log('error', 'discord.js', error));
      client.on(Events.InteractionCreate, heard);
      client.on(Events.Invalidated, () => void this.#anew(client));
      client.on(Events.ShardDisconnect, () => void this.#anew(client));
      try {
        const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, () => resolve()));
        await client.login(token);
        await ready;
      } catch (error) {
        await client.destroy();
        if (isRefused(error)) refused();
        throw error;
      }
      this.#client = client;
      log('info', 'logged in', { guilds: client.guilds.cache.size });
    });
  }

  get isOpen(): boolean {
    return this.#client !== undefined;
  }

  async close(): Promise<void> {
    await this.#client?.destroy();
  }

  /** The gateway will not take this client back, as when its token was taken away: a new one is tried until one is. */
  async #anew(client: Client): Promise<void> {
    const { log, sleep, stopped } = this.#deps;
    if (this.#client !== client || stopped()) return;
    this.#client = undefined;
    log('warn', 'Discord ended the connection');
    await client.destroy();
    await sleep(backOff(1));
    await this.open();
  }
}

const isRefused = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'TokenInvalid';
