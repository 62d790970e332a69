import { randomUUID } from 'node:crypto';
import { ACK_WITHIN, type Activity } from './activity.ts';
import { signedRequest } from './signed.ts';
import type { Envelope, SocketMode } from './socket.ts';
import type { App, World } from './world.ts';

/** Events that were not acknowledged come again: at once, after a minute, after five. */
const RETRIES = [0, 60_000, 300_000];

/** Hands what happened to its app, over Socket Mode or as a signed request, and hears the acknowledgement. */
export class Delivery {
  /** What HTTP endpoints answered. */
  readonly answers: { status: number; text: string }[] = [];
  /** What was sent to them: to be sent once more, or changed. */
  readonly posted: { payload: Record<string, unknown>; as: 'form' | 'payload' | 'json' }[] = [];
  /** Acts on the body of an acknowledgement. */
  acted: (activity: Activity, body: Record<string, unknown>) => void = () => {};
  #waiting = new Map<string, { activity?: Activity; seen: () => void }>();
  readonly #world: World;
  readonly #socket: SocketMode;

  constructor(world: World, socket: SocketMode) {
    this.#world = world;
    this.#socket = socket;
    socket.acknowledged = (id, payload) => this.#acknowledge(id, payload);
  }

  /** Never rejects: what goes wrong is the person's notice. */
  deliver(activity: Activity, payload: Record<string, unknown>): void {
    this.#world.clock.after(ACK_WITHIN, () => {
      if (activity.state === 'waiting') activity.state = 'failed';
      this.#world.changes.happened();
    });
    const slash = activity.kind === 'slash_commands';
    if (activity.app.endpoint !== undefined)
      return void this.#post(activity.app, payload, slash ? 'form' : 'payload', (body) =>
        this.#answer(activity, body),
      );
    const envelope: Envelope = {
      envelope_id: randomUUID(),
      type: slash ? 'slash_commands' : 'interactive',
      accepts_response_payload: true,
      payload,
    };
    this.#waiting.set(envelope.envelope_id, { activity, seen: () => {} });
    if (!this.#socket.send(activity.app, envelope)) activity.state = 'failed';
    this.#world.changes.happened();
  }

  /** An event, with Slack's retries. */
  event(app: App, payload: Record<string, unknown>, attempt = 0): void {
    let seen = false;
    const again = (): void => {
      const wait = RETRIES[attempt];
      if (seen || wait === undefined) return;
      this.#world.clock.after(wait, () => this.event(app, payload, attempt + 1));
    };
    if (app.endpoint !== undefined)
      void this.#post(app, payload, 'json', () => {
        seen = true;
      });
    else {
      const envelope: Envelope = {
        envelope_id: randomUUID(),
        type: 'events_api',
        accepts_response_payload: false,
        payload,
        retry_attempt: attempt,
        retry_reason: attempt === 0 ? '' : 'timeout',
      };
      this.#waiting.set(envelope.envelope_id, {
        seen: () => {
          seen = true;
        },
      });
      this.#socket.send(app, envelope);
    }
    this.#world.clock.after(ACK_WITHIN, again);
  }

  #acknowledge(id: string, payload: Record<string, unknown>): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    waiting.seen();
    if (waiting.activity !== undefined) this.#answer(waiting.activity, payload);
  }

  #answer(activity: Activity, body: Record<string, unknown>): void {
    if (activity.state !== 'waiting') activity.lateAcks += 1;
    else {
      activity.state = 'answered';
      activity.ack = body;
      this.acted(activity, body);
    }
    this.#world.changes.happened();
  }

  async #post(
    app: App,
    payload: Record<string, unknown>,
    as: 'form' | 'payload' | 'json',
    answered: (body: Record<string, unknown>) => void,
  ): Promise<void> {
    this.posted.push({ payload, as });
    try {
      const request = signedRequest(app, payload, as, this.#world.clock.now());
      const response = await fetch(app.endpoint ?? '', {
        method: 'POST',
        ...request,
        signal: AbortSignal.timeout(ACK_WITHIN),
      });
      const text = await response.text();
      this.answers.push({ status: response.status, text });
      if (response.status === 200) answered(read(text));
    } catch {
      // No answer in time, or none at all: the person's notice says so.
    }
    this.#world.changes.happened();
  }
}

/** An empty body acknowledges; text alone is a message. */
function read(text: string): Record<string, unknown> {
  if (text === '') return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}
