import { createRequire } from 'node:module';
import type * as Sdk from '@linear/sdk';
import { ReeveError } from '../../../contracts/errors.ts';
import { HttpProblem, send } from '../../outgoing.ts';
import { oneLine } from '../../text.ts';
import type { Budget } from './budget.ts';
import { LinearProblem } from './problem.ts';

const PATIENCE = 20_000;
/** Of one answer, bytes. */
const MAX_ANSWER = 4 * 1024 * 1024;

/** It stays out of the bundle: 3 MB that most daemons never need, and 30 MB of memory while it is loaded. */
export const loadSdk = (): typeof Sdk => createRequire(import.meta.url)('@linear/sdk') as typeof Sdk;

export interface TransportDeps {
  api: string;
  token: string;
  /** network.allow */
  allowed: readonly string[];
  budget: Budget;
  now(): number;
  monotonic(): number;
  sdk: Pick<typeof Sdk, 'parseLinearError'>;
  /** For one answer, ms; 20 s when absent. */
  patience?: number;
}

/** How the SDK asks: over our own connection, which judges addresses, ends in time, and hears of the limits. Rejects LinearProblem. */
export function requestOver(deps: TransportDeps): ConstructorParameters<typeof Sdk.LinearSdk>[0] {
  const { api, token, allowed, budget, now, monotonic, patience = PATIENCE } = deps;
  return async <Response>(document: string, variables?: Record<string, unknown>): Promise<Response> => {
    budget.spent(monotonic());
    let answer;
    try {
      answer = await send(
        {
          method: 'POST',
          url: api,
          // An API key stands there bare, a token of OAuth as a bearer (Linear docs, "GraphQL: Authentication").
          headers: {
            'content-type': 'application/json',
            authorization: token.startsWith('lin_oauth_') ? `Bearer ${token}` : token,
          },
          body: JSON.stringify({ query: String(document), variables }),
        },
        { allowed, signal: AbortSignal.timeout(patience), maxBytes: MAX_ANSWER, redirects: 0 },
      );
    } catch (error) {
      if (error instanceof ReeveError) throw new LinearProblem('refused', error.message, { cause: error });
      const why = error instanceof HttpProblem ? error.message : `no answer within ${patience / 1000} s`;
      throw new LinearProblem('down', why, { cause: error });
    }
    const { status, headers } = answer;
    for (const counted of ['requests', 'complexity'] as const) {
      const number = (name: string): number => Number(headers[`x-ratelimit-${counted}-${name}`] ?? NaN);
      const theirs = { remaining: number('remaining'), limit: number('limit'), reset: number('reset') };
      if (Object.values(theirs).every(Number.isFinite)) budget.heard(theirs, now(), monotonic(), counted);
    }
    const result = parse(answer.body);
    if (status >= 200 && status < 300 && result?.errors === undefined && result?.data != null)
      return result.data as Response;
    throw problemOf(deps, { status, headers, result });
  };
}

interface Answered {
  status: number;
  headers: Record<string, string>;
  /** Undefined: no JSON. */
  result: Result | undefined;
}

interface Result {
  data?: unknown;
  errors?: { message?: string; extensions?: { code?: string; type?: string; statusCode?: number } }[];
}

function parse(body: Buffer): Result | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * By what Linear says, and where it says nothing that is of GraphQL by the status alone (types `LinearErrorType` and
 * `parseLinearError` of @linear/sdk, which takes every other 4xx for a key that is wrong; docs, "Rate limiting").
 */
function problemOf({ sdk, now }: TransportDeps, { status, headers, result }: Answered): LinearProblem {
  const [first] = result?.errors ?? [];
  if (first === undefined && ![401, 403, 429].includes(status)) {
    const how = result === undefined || status < 500 ? ', and not as Linear does' : '';
    return new LinearProblem('down', `it answered ${status}${how}`);
  }
  const parsed = sdk.parseLinearError({
    response: { ...result, status, headers: new Headers(headers) },
  } as Parameters<typeof sdk.parseLinearError>[0]);
  const type: string | undefined = parsed.type;
  const said = oneLine(parsed.errors?.[0]?.message ?? first?.message ?? `it answered ${status}`, 300);
  // The first answer to a spent limit is a 400.
  if (type === 'Ratelimited' || first?.extensions?.code === 'RATELIMITED') return spent(headers, now());
  if (type === 'AuthenticationError' || type === 'Forbidden')
    return new LinearProblem('refused', `it does not take the key: ${said}`);
  if (status >= 500 || type === 'InternalError' || type === 'NetworkError' || type === 'LockTimeout')
    return new LinearProblem('down', said);
  const words = `${first?.message ?? ''} ${said}`;
  if (/too complex/i.test(words))
    return new LinearProblem('complex', `it is asked for too much at once: ${said}`);
  return new LinearProblem(/not found|could not find/i.test(words) ? 'gone' : 'invalid', said);
}

/** Which limit is spent, and until when: its reset is a time, in ms. */
function spent(headers: Record<string, string>, now: number): LinearProblem {
  const number = (name: string): number => Number(headers[name] ?? NaN);
  const limits = [
    ['requests', 'requests'],
    ['complexity', 'complexity'],
    ['endpoint-requests', 'requests for this'],
  ] as const;
  const empty = limits.filter(([name]) => number(`x-ratelimit-${name}-remaining`) === 0);
  const [[name, what] = limits[0]] = empty.toSorted(
    ([a], [b]) => number(`x-ratelimit-${b}-reset`) - number(`x-ratelimit-${a}-reset`),
  );
  const seconds = number('retry-after');
  const reset = number(`x-ratelimit-${name}-reset`);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Number.isFinite(reset) ? reset - now : 0;
  return new LinearProblem('limited', `its limit of ${what} is spent`, { retryAfter: Math.max(0, wait) });
}
