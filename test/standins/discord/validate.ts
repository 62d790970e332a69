import type { Refusals } from '../platform/refusals.ts';
import { shapes } from '../platform/shape.ts';
import type { ApiError } from './errors.ts';
import { invalidForm, type FormProblem } from './errors.ts';
import type { Sent } from './types.ts';
import type { World } from './world.ts';

const types = shapes(new URL('../../fixtures/standins/discord.schema.json', import.meta.url));

/**
 * Judges what bots send: first by Discord's published limits, then by the shapes of discord-api-types. What does not pass
 * gets 50035 and is remembered. Fields that the types do not know are remembered, but pass: Discord ignores them.
 */
export class Judge {
  readonly #refusals: Refusals;
  readonly #world: World;

  constructor(world: World, refusals: Refusals) {
    this.#world = world;
    this.#refusals = refusals;
  }

  check(call: string, type: keyof Sent, body: unknown, limits: FormProblem[] = []): void {
    const wrong = types
      .problems(type, body)
      .map(({ path, why }): FormProblem => ({ path, code: 'BASE_TYPE_BAD_TYPE', message: why }));
    if (limits.length > 0 || wrong.length > 0) this.refuse(call, body, invalidForm([...limits, ...wrong]));
    const strange = types.unknown(type, withoutNoise(body));
    if (strange.length > 0)
      this.#remember(
        call,
        'unknown_field',
        strange.map(({ path, why }) => `${path.join('.')}: ${why}`),
        body,
      );
  }

  /** Remembers and throws a refusal of a payload. */
  refuse(call: string, body: unknown, error: ApiError): never {
    const why = error.problems.map(({ path, code, message }) => `${path.join('.')}: ${code} ${message}`);
    this.#remember(call, String(error.code), why.length > 0 ? why : [error.message], body);
    throw error;
  }

  #remember(call: string, code: string, why: string[], body: unknown): void {
    this.#refusals.add({ at: this.#world.clock.now(), call, code, why, body });
  }
}

/** discord.js says `enforce_nonce: false` and `tts: false` also where the types know neither. */
function withoutNoise(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (key, value: unknown) =>
    (key === 'enforce_nonce' || key === 'tts') && value === false ? undefined : value,
  );
}
