import type { webApi } from '@slack/bolt';
import type { Pace } from '../dispatch/editor.ts';
import type { Content } from './blocks.ts';
import { isForever } from './failures.ts';
import type { Lanes } from './lanes.ts';

/** How often and how long a response_url can be used (Slack API docs, "Handling user interaction"). */
const USES = 5;
const LIVES = 30 * 60_000;
/** It is given up a little earlier: the answer has still to travel. */
const MARGIN = 30_000;

/** The parts of Slack that answers are sent through. */
export interface Wires {
  client: webApi.WebClient;
  lanes: Lanes;
  pace: Pace & { now(): number };
  fetch: typeof fetch;
}

export interface Place {
  channel: string;
  account: string;
  /** response_url; '': there is none. */
  url: string;
  /** When the interaction was, ms. */
  at: number;
}

/**
 * Where the answers to one interaction go: through its response_url as long as that can be used, which also works where
 * the bot is no member, and then as messages of the bot.
 */
export class Responder {
  readonly #wires: Wires;
  readonly #place: Place;
  #uses = 0;

  constructor(wires: Wires, place: Place) {
    this.#wires = wires;
    this.#place = place;
  }

  /** Shows it to who asked (`alone`) or to everybody there. Rejects when there is no way left. */
  async say(content: Content, alone: boolean): Promise<void> {
    const { parse: _, ...rest } = content;
    if (
      await this.#hook({
        ...rest,
        response_type: alone ? 'ephemeral' : 'in_channel',
        replace_original: false,
      })
    )
      return;
    const { client, lanes } = this.#wires;
    const { channel, account } = this.#place;
    if (!alone) {
      await lanes.run(channel, () => client.chat.postMessage({ channel, ...content }));
      return;
    }
    try {
      await lanes.run(channel, () => client.chat.postEphemeral({ channel, user: account, ...content }));
    } catch (error) {
      // The bot is not in that channel (any more): the person's own conversation with it is left.
      if (!isForever(error)) throw error;
      await lanes.run(account, () => client.chat.postMessage({ channel: account, ...content }));
    }
  }

  /** Takes away the message that only this person sees and in which the button was pressed. */
  async clear(): Promise<void> {
    await this.#hook({ delete_original: true });
  }

  /** Marks the message that was asked about. Where the bot may not react, or has, nothing is lost by it. */
  async mark(timestamp: string, name: string): Promise<void> {
    const { client, lanes } = this.#wires;
    const { channel } = this.#place;
    await lanes.run(channel, () => client.reactions.add({ channel, timestamp, name })).catch(() => undefined);
  }

  /** False when the URL can be used no more. Rejects when Slack is not there. */
  async #hook(body: object): Promise<boolean> {
    const { fetch, pace } = this.#wires;
    const { url, at } = this.#place;
    for (let tries = 0; tries < 3; tries++) {
      if (url === '' || this.#uses >= USES || pace.now() - at > LIVES - MARGIN) return false;
      this.#uses += 1;
      let response: Response;
      try {
        response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          redirect: 'error',
          signal: AbortSignal.timeout(10_000),
        });
      } catch {
        await pace.sleep(500 * 2 ** tries);
        continue;
      }
      await response.body?.cancel();
      if (response.ok) return true;
      if (response.status === 429) {
        const seconds = Number(response.headers.get('retry-after') ?? '1');
        await pace.sleep(1000 * (seconds > 0 && seconds <= 60 ? seconds : 1));
        // It was not taken, so it was not used either.
        this.#uses -= 1;
      } else if (response.status < 500) return false;
    }
    return false;
  }
}
