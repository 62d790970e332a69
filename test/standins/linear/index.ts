import { execute, Kind, parse, validate } from 'graphql';
import { Faults } from '../platform/faults.ts';
import { PlatformServer, type Answer, type Call } from '../platform/server.ts';
import { deliveryOf, type Delivery } from './hooks.ts';
import { resolver, root } from './resolve.ts';
import { linearSchema } from './schema.ts';
import { LinearWorld, type User } from './world.ts';

const HOUR = 3_600_000;

/** Linear on a port of 127.0.0.1. `close()` when done. */
export class LinearStandin {
  readonly world: LinearWorld;
  readonly faults = new Faults();
  /** Names of the operations that came, in order, also those that failed. */
  readonly asked: string[] = [];
  /** What the schema or this world refused: a request that real Linear would not take. */
  readonly refused: string[] = [];
  /** Key → its user; one that is deleted is revoked. */
  readonly keys = new Map<string, User>();
  /** Requests that each key has left, of 5000 an hour. */
  remaining = 5000;
  reset = Date.now() + HOUR;
  /** What was not yet sent to `deliver`. */
  readonly deliveries: Delivery[] = [];
  readonly secret: string;
  readonly #server: PlatformServer;

  constructor(secret: string) {
    this.secret = secret;
    this.world = new LinearWorld((change) => this.deliveries.push(deliveryOf(this.world, change, secret)));
    this.#server = new PlatformServer({
      call: (call) => this.#call(call),
      upgrade: (_request, socket) => socket.destroy(),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/graphql`;
  }
  get host(): string {
    return `127.0.0.1:${this.#server.port}`;
  }
  listen = (): Promise<void> => this.#server.listen();
  close = (): Promise<void> => this.#server.close();

  async #call(call: Call): Promise<Answer | 'drop'> {
    const fault = this.faults.take(call);
    if (fault?.kind === 'answer') return fault.answer;
    if (fault?.kind === 'drop') return 'drop';
    if (fault?.kind === 'hold') await fault.until;
    const answer = await this.#answer(call);
    if (fault?.kind === 'lose-answer') return 'drop';
    return fault?.kind === 'lie' ? fault.answer : answer;
  }

  async #answer({ method, path, headers, body }: Call): Promise<Answer> {
    if (method !== 'POST' || path !== '/graphql') return { status: 404, body: 'Not found' };
    const user = this.keys.get(headers.authorization ?? '');
    if (user === undefined) return unauthenticated();
    if (this.reset <= Date.now()) {
      this.reset = Date.now() + HOUR;
      this.remaining = 5000;
    }
    if (this.remaining <= 0) return { ...limited(), headers: this.#limits() };
    this.remaining--;
    const { query, variables } = JSON.parse(body.toString()) as { query: string; variables?: object };
    const document = parse(query);
    const wrong = validate(linearSchema(), document);
    const [operation] = document.definitions;
    this.asked.push(operation?.kind === Kind.OPERATION_DEFINITION ? (operation.name?.value ?? '') : '');
    if (wrong.length > 0) {
      this.refused.push(...wrong.map(({ message }) => message));
      return { status: 400, headers: this.#limits(), body: { errors: wrong.map(validation) } };
    }
    const result = await execute({
      schema: linearSchema(),
      document,
      rootValue: root(this.world, user),
      fieldResolver: resolver,
      ...(variables === undefined ? {} : { variableValues: variables as Record<string, unknown> }),
    });
    for (const { message, extensions } of result.errors ?? [])
      if (extensions['code'] === undefined) this.refused.push(message);
    // An answer without data is a bad request there.
    const status = result.errors === undefined ? 200 : 400;
    return {
      status,
      headers: this.#limits(),
      body: { ...result, ...(status === 200 ? {} : { data: null }) },
    };
  }

  #limits(): Record<string, string> {
    return {
      'x-ratelimit-requests-limit': '5000',
      'x-ratelimit-requests-remaining': String(this.remaining),
      'x-ratelimit-requests-reset': String(this.reset),
    };
  }
}

const failure = (status: number, message: string, extensions: object): Answer => ({
  status,
  body: {
    errors: [{ message, extensions: { statusCode: status, userError: true, ...extensions } }],
    data: null,
  },
});

const unauthenticated = (): Answer =>
  failure(401, 'Authentication required, not authenticated', {
    type: 'authentication error',
    code: 'AUTHENTICATION_ERROR',
    userPresentableMessage: 'You need to authenticate to access this operation.',
  });

/** A 400 that says 429 (Linear docs, "Rate limiting"). */
const limited = (): Answer => ({
  ...failure(429, 'Rate limit exceeded. Only 5000 requests are allowed per 1 hour.', {
    type: 'ratelimited',
    code: 'RATELIMITED',
    userPresentableMessage: 'Rate limit exceeded. Only 5000 requests are allowed per 1 hour.',
  }),
  status: 400,
});

const validation = ({ message, locations }: { message: string; locations?: unknown }): object => ({
  message,
  locations,
  extensions: { type: 'graphql error', code: 'GRAPHQL_VALIDATION_FAILED', userError: true },
});

export async function startLinear(secret: string): Promise<LinearStandin> {
  const linear = new LinearStandin(secret);
  await linear.listen();
  return linear;
}
