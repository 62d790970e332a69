import { InteractionType } from 'discord-api-types/v10';
import type { PlatformClock } from '../platform/clock.ts';
import { readForm, type UploadedFile } from '../platform/multipart.ts';
import { ApiError } from './errors.ts';
import { RESPOND_WITHIN, type Interaction, type Interactions } from './interactions.ts';
import type { Body } from './messages.ts';
import type { Manner } from '../platform/manner.ts';
import { signedRequest } from './signed.ts';
import type { App } from './world.ts';

/** What an application's endpoint answered. */
export interface Sent {
  manner: Manner;
  status: number;
  text: string;
}

/** Sends interactions to an application's own HTTP endpoint, as Discord does. */
export class Endpoint {
  readonly sent: Sent[] = [];
  /** What was delivered: to be sent once more. */
  readonly payloads: { id?: unknown }[] = [];
  readonly #clock: PlatformClock;
  readonly #interactions: Interactions;

  constructor(clock: PlatformClock, interactions: Interactions) {
    this.#clock = clock;
    this.#interactions = interactions;
  }

  /**
   * Saves the URL if it proves itself: it must answer a PING with a PONG, and refuse with 401 what is wrongly signed.
   * Resolves with whether it was taken.
   */
  async register(app: App, url: string): Promise<boolean> {
    const ok = await this.verify(app, url);
    if (ok) app.endpoint = url;
    else delete app.endpoint;
    return ok;
  }

  /** What Discord does now and then with an endpoint that is in use: one that fails is removed. */
  async verify(app: App, url: string): Promise<boolean> {
    const ping = { id: '1', application_id: app.id, type: InteractionType.Ping, token: 'ping', version: 1 };
    const right = await this.send(url, signedRequest(app, ping, this.#clock.now()), 'right');
    const pong = right.status === 200 && (JSON.parse(right.text) as { type: number }).type === 1;
    const wrong = await this.send(url, signedRequest(app, ping, this.#clock.now(), 'wrong'), 'wrong');
    return pong && wrong.status === 401;
  }

  /** POSTs one interaction; its answer is the first response. 202 means that the callback comes by REST. */
  async deliver(app: App, interaction: Interaction, payload: object): Promise<void> {
    const request = signedRequest(app, payload, this.#clock.now());
    this.payloads.push(payload);
    try {
      const response = await fetch(app.endpoint ?? '', {
        method: 'POST',
        ...request,
        signal: AbortSignal.timeout(RESPOND_WITHIN),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      this.sent.push({ manner: 'right', status: response.status, text: bytes.toString() });
      if (response.status !== 200) return;
      const type = response.headers.get('content-type') ?? '';
      const { body, files } = await read(type, bytes);
      this.#interactions.respond(interaction.id, interaction.token, body, files);
    } catch (error) {
      // No answer, no JSON or a refused body: the person's client shows that the application did not respond.
      if (!(error instanceof ApiError) && !(error instanceof Error)) throw error;
    }
  }

  /** POSTs a prepared request; a test keeps it to replay it. */
  async send(
    url: string,
    request: { headers: Record<string, string>; body: string },
    manner: Manner,
  ): Promise<Sent> {
    const response = await fetch(url, { method: 'POST', ...request });
    const sent = { manner, status: response.status, text: await response.text() };
    this.sent.push(sent);
    return sent;
  }
}

async function read(type: string, body: Buffer): Promise<{ body: Body; files: UploadedFile[] }> {
  if (!type.startsWith('multipart/')) return { body: JSON.parse(body.toString()) as Body, files: [] };
  const { fields, files } = await readForm({ headers: { 'content-type': type }, body } as Parameters<
    typeof readForm
  >[0]);
  return { body: JSON.parse(fields['payload_json'] ?? '{}') as Body, files };
}
