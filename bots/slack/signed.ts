import type { App, Receiver } from '@slack/bolt';
import type { ChatDelivery } from '../../contracts/chat.ts';
import type { Json } from '../../contracts/json.ts';

/** Lets Bolt hear of what came as signed requests to the daemon: from here on it is what it is over a socket. */
export class SignedReceiver implements Receiver {
  #app: App | undefined;

  init(app: App): void {
    this.#app = app;
  }

  /** `answer` is the acknowledgement; Slack takes one. */
  async hear(payload: ChatDelivery['payload'], answer: (answer: Json) => Promise<void>): Promise<void> {
    let acknowledged = false;
    const ack = async (response?: unknown): Promise<void> => {
      if (acknowledged) return;
      acknowledged = true;
      const text = JSON.stringify(response) as string | undefined;
      await answer(text === undefined || response === '' ? null : (JSON.parse(text) as Json));
    };
    await this.#app?.processEvent({ body: payload, ack });
    // Nobody listens for it: it was taken all the same.
    await ack();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
