import { createRequire } from 'node:module';
import type * as Sdk from '@linear/sdk';
import { ReeveError } from '../../../contracts/errors.ts';
import { HttpProblem, send } from '../../outgoing.ts';
import { oneLine } from '../../text.ts';
import type { Budget } from './budget.ts';
import { LinearProblem } from './problem.ts';

/** For one answer: ms, bytes. */
const PATIENCE = 20_000;
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
}

/** How the SDK asks: over our own connection, which judges addresses, ends in time, and hears of the limits. Rejects LinearProblem. */
export function requestOver(deps: TransportDeps): ConstructorParameters<typeof Sdk.LinearSdk>[0] {
  const { api, token, allowed, budget, now, monotonic } = deps;
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
        { allowed, signal: AbortSignal.timeout(PATIENCE), maxBytes: MAX_ANSWER, redirects: 0 },
      );
    } catch (error) {
      if (error instanceof ReeveError) throw new LinearProblem('refused', error.message, { cause: error });
      const why = error instanceof HttpProblem ? error.message : `no answer within ${PATIENCE / 1000} s`;
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

function problemOf(
  { sdk, now }: TransportDeps,
  {
    status,
    headers,
    result,
  }: { status: number; headers: Record<string, string>; result: Result | undefined },
): LinearProblem {
  if (result === undefined && status >= 400 && status < 500 && ![401, 403, 429].includes(status))
    return new LinearProblem('down', `it answered ${status}, and not as Linear does`);
  const parsed = sdk.parseLinearError({
    response: { ...result, status, headers: new Headers(headers) },
  } as Parameters<typeof sdk.parseLinearError>[0]);
  const type: string | undefined = parsed.type;
  const [first] = result?.errors ?? [];
  const said = oneLine(parsed.errors?.[0]?.message ?? first?.message ?? `it answered ${status}`, 300);
  // The first answer to a spent limit is a 400 (Linear docs, "Rate limiting").
  if (type === 'Ratelimited' || first?.extensions?.code === 'RATELIMITED') {
    const reset = Number(headers['x-ratelimit-requests-reset'] ?? NaN);
    const seconds = Number(headers['retry-after'] ?? NaN);
    const retryAfter = Number.isFinite(seconds) ? seconds * 1000 : Number.isFinite(reset) ? reset - now() : 0;
    return new LinearProblem('limited', 'its limit of requests is spent', {
      retryAfter: Math.max(0, retryAfter),
    });
  }
  if (type === 'AuthenticationError' || type === 'Forbidden')
    return new LinearProblem('refused', `it does not take the key: ${said}`);
  if (status >= 500 || type === 'InternalError' || type === 'NetworkError' || type === 'LockTimeout')
    return new LinearProblem('down', said);
  return new LinearProblem(
    /not found|could not find/i.test(`${first?.message ?? ''} ${said}`) ? 'gone' : 'invalid',
    said,
  );
}
