import type { KeyObject } from 'node:crypto';
import type { Platform } from '../../../contracts/chat.ts';
import { fail } from '../../../contracts/errors.ts';
import type { ChatSpec } from '../../../contracts/estate/chat.ts';
import type { Json, JsonObject } from '../../../contracts/json.ts';
import { publicKeyFromRaw } from '../../ed25519.ts';
import type { ChatResponse, SignedRequest } from '../../ports/chat.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Config } from '../../ports/config.ts';
import type { Secrets } from '../../ports/secrets.ts';
import { Desk } from './desk.ts';
import { payloadOf } from './payload.ts';
import { Seen } from './replay.ts';
import { checkDiscord, checkSlack, type Signed } from './signature.ts';

interface Deps {
  clock: Pick<Clock, 'after' | 'monotonic' | 'now'>;
  config: Pick<Config, 'current'>;
  secrets: Pick<Secrets, 'get'>;
  hex(digits: number): string;
}

/**
 * What platforms call under `transport: http`. Nothing of a request is looked at before its signature over the raw bytes
 * is known to be right; then it goes to the bot as it came, which does with it what it does with one from its own connection.
 */
export class Endpoint {
  readonly desk: Desk;
  readonly #deps: Deps;
  readonly #seen = new Seen();
  #key: { hex: string; key: KeyObject } | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.desk = new Desk(deps.clock, deps.hex);
  }

  /** Rejects ROUTE_NOT_FOUND when the platform does not deliver here, INTERACTION_…, BODY_…. */
  async receive(platform: Platform, request: SignedRequest): Promise<ChatResponse> {
    const signed = await this.#check(platform, request);
    const payload = payloadOf(platform, request);
    const own = platform === 'discord' ? pongOf(payload) : challengeOf(payload);
    if (own !== undefined) return own;
    const untake = this.#seen.take(signed, this.#deps.clock.now());
    // A delivery that no bot had does not count as seen: it may come again.
    const answer = await this.desk.hand(platform, payload, untake);
    // Discord then has its answer from the bot, by the interaction's callback (its docs, "Responding to an interaction").
    return answer === null ? { status: platform === 'discord' ? 202 : 200, body: '' } : answered(answer);
  }

  async #check(platform: Platform, request: SignedRequest): Promise<Signed> {
    const { config, clock } = this.#deps;
    const { chat } = config.current().config;
    if (!isHttp(chat, platform))
      throw fail('ROUTE_NOT_FOUND', { method: 'POST', path: `/v1/interactions/${platform}` });
    if (platform === 'discord') return checkDiscord(request, this.#publicKey(chat), clock.now());
    return checkSlack(request, await this.#secrets(chat), clock.now());
  }

  #publicKey({ discord }: ChatSpec): KeyObject {
    const hex = discord?.public_key ?? '';
    if (this.#key?.hex !== hex) this.#key = { hex, key: publicKeyFromRaw(Buffer.from(hex, 'hex')) };
    return this.#key.key;
  }

  /** Those that are stored; without one nothing is rightly signed. */
  async #secrets({ slack }: ChatSpec): Promise<string[]> {
    const names = [slack?.signing_secret ?? [], slack?.previous_signing_secret ?? []].flat();
    return Promise.all(names.map((name) => this.#deps.secrets.get(name).catch(() => '')));
  }
}

export const isHttp = (chat: ChatSpec, platform: Platform): boolean => chat[platform]?.transport === 'http';

/** Discord asks whether the endpoint is there before it saves the address, and now and then afterwards. */
const pongOf = (payload: JsonObject): ChatResponse | undefined =>
  payload['type'] === 1 ? answered({ type: 1 }) : undefined;

/** Slack's questions about the address itself. */
function challengeOf(payload: JsonObject): ChatResponse | undefined {
  if (payload['type'] === 'url_verification' && typeof payload['challenge'] === 'string')
    return answered({ challenge: payload['challenge'] });
  return payload['ssl_check'] === '1' ? { status: 200, body: '' } : undefined;
}

const answered = (answer: Json): ChatResponse => ({
  status: 200,
  body: typeof answer === 'string' ? answer : JSON.stringify(answer),
  json: typeof answer !== 'string',
});
