import { z } from 'zod';
import { ReeveError } from '../../../contracts/errors.ts';
import { errno } from '../../durable.ts';
import { HttpProblem, send } from '../../outgoing.ts';
import type { ProberDeps } from '../../ports/probe-kinds.ts';
import { isOurs } from '../target.ts';
import { Trouble, secretOf } from '../talk.ts';

/** An address of a JSON-RPC API, or the secret that holds it (many have their key in the path). */
export const Endpoint = z.union([
  z.string().min(1).max(2000),
  z.strictObject({ secret: z.string().min(1).max(128) }),
]);
export type Endpoint = z.infer<typeof Endpoint>;

/** What is wrong with an endpoint as written; undefined when nothing is. */
export function endpointProblem(endpoint: Endpoint): string | undefined {
  if (typeof endpoint !== 'string') return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    return 'it begins with http:// or https://';
  return url.username === '' && url.password === '' ? undefined : 'it carries no user name and password';
}

/** Bytes: a block with the hashes of its transactions has a tenth of it. */
const MAX_ANSWER = 4 * 1024 * 1024;

/** Every request asks one thing; an answer to something else (JSON-RPC 2.0, 5) may come from a cache or a proxy gone wrong. */
const ID = 1;
const Answer = z.object({
  id: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).nullish(),
});

/** The other side understood the question and answered with an error. */
export class RpcError extends Trouble {
  readonly code: number;
  constructor(why: string, code: number) {
    super(why);
    this.code = code;
  }
}

/** JSON-RPC 2.0 over HTTP, one call a request: many providers refuse batches. */
export class Rpc {
  readonly #endpoint: Endpoint;
  readonly #deps: ProberDeps;
  readonly #signal: AbortSignal;

  constructor(endpoint: Endpoint, deps: ProberDeps, signal: AbortSignal) {
    this.#endpoint = endpoint;
    this.#deps = deps;
    this.#signal = signal;
  }

  /** The host, never the path: a key may stand there. */
  get name(): string {
    return nameOf(this.#endpoint);
  }

  /** Where it is, in the one form that a URL has; it may hold a key. Rejects Trouble. */
  async address(): Promise<string> {
    if (typeof this.#endpoint === 'string') return new URL(this.#endpoint).href;
    const { secret } = this.#endpoint;
    const url = await secretOf(this.#deps, secret);
    if (endpointProblem(url) !== undefined)
      throw new Trouble(`the secret ${secret} is no address that begins with https://`, 'inconclusive');
    return new URL(url).href;
  }

  /** The result, as this schema has it. Rejects Trouble with words for people. */
  async call<S extends z.ZodType>(
    schema: S,
    method: string,
    params: readonly unknown[] = [],
  ): Promise<z.infer<S>> {
    const url = await this.address();
    if (typeof this.#endpoint === 'string') return this.#call(url, schema, method, params);
    try {
      return await this.#call(url, schema, method, params);
    } catch (error) {
      // Some servers repeat the key they were given.
      if (error instanceof Trouble) error.message = hidden(error.message, new URL(url));
      throw error;
    }
  }

  async #call<S extends z.ZodType>(
    url: string,
    schema: S,
    method: string,
    params: readonly unknown[],
  ): Promise<z.infer<S>> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ID, method, params });
    const answer = await this.#send(url, body);
    if (answer.status === 429) throw new Trouble('it answers 429 Too Many Requests', 'degraded');
    const parsed = read(answer.body);
    if (parsed?.error !== undefined && parsed.error !== null)
      throw new RpcError(
        `${method} fails: ${parsed.error.message} (${parsed.error.code})`,
        parsed.error.code,
      );
    if (answer.status !== 200) throw new Trouble(`it answers with status ${answer.status}`);
    if (parsed === undefined) throw new Trouble(`it answers ${method} with what is no JSON-RPC`);
    if (parsed.id !== ID) throw new Trouble(`it answers ${method} with the answer to another question`);
    const result = schema.safeParse(parsed.result);
    if (result.success) return result.data;
    throw new Trouble(`it answers ${method} with what makes no sense`);
  }

  async #send(url: string, body: string): Promise<{ status: number; body: Buffer }> {
    try {
      return await send(
        {
          method: 'POST',
          url,
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body,
        },
        { allowed: this.#deps.allowed(), signal: this.#signal, maxBytes: MAX_ANSWER, redirects: 0 },
      );
    } catch (error) {
      if (this.#signal.aborted) throw new Trouble('it did not answer in time');
      if (error instanceof ReeveError && error.code === 'ADDRESS_REFUSED')
        throw new Trouble(`ADDRESS_REFUSED: ${error.message}`, 'inconclusive');
      const cause = error instanceof HttpProblem && error.cause !== undefined ? error.cause : error;
      const why = `it does not answer (${errno(cause) || (error instanceof Error ? error.message : String(error))})`;
      throw new Trouble(why, isOurs(cause) ? 'inconclusive' : 'down');
    }
  }
}

/** A text without the parts of an address that may be a key. */
function hidden(text: string, url: URL): string {
  const parts = [url.hostname, ...url.pathname.split('/'), ...url.searchParams.values()];
  return parts.filter((part) => part.length >= 4).reduce((rest, part) => rest.replaceAll(part, '…'), text);
}

export function nameOf(endpoint: Endpoint): string {
  if (typeof endpoint !== 'string') return `(secret ${endpoint.secret})`;
  return URL.canParse(endpoint) ? new URL(endpoint).host : 'it';
}

function read(body: Buffer): z.infer<typeof Answer> | undefined {
  try {
    return Answer.parse(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** A hexadecimal quantity (Ethereum JSON-RPC) that is a possible number of things. */
export const Quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/i)
  .transform((text, context) => {
    const value = BigInt(text);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    context.addIssue({ code: 'custom', message: 'too large' });
    return z.NEVER;
  });
export const Count = z.int().min(0);
