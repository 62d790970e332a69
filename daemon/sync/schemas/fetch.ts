import type { SchemaSource } from '../../../contracts/estate/sync.ts';
import { HttpProblem, send } from '../../outgoing.ts';
import type { Clock } from '../../ports/clock.ts';

/** Larger descriptions are not mirrored, bytes. */
const MAX_BYTES = 8 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

export interface Fetched {
  bytes: Buffer;
  etag: string | undefined;
}

/**
 * Gets a schema through the judged client. Undefined: it is what `etag` names. Rejects HttpProblem, ADDRESS_REFUSED and
 * the signal's reason.
 */
export async function fetchSchema(
  { url = '' }: SchemaSource,
  etag: string | undefined,
  { clock, allowed, signal }: { clock: Clock; allowed: readonly string[]; signal: AbortSignal },
): Promise<Fetched | undefined> {
  const time = new AbortController();
  const cancel = clock.after(TIMEOUT_MS, () => time.abort(new HttpProblem('it takes longer than a minute')));
  try {
    const answer = await send(
      {
        method: 'GET',
        url,
        headers: {
          accept: 'application/json, application/yaml, application/vnd.oai.openapi, */*;q=0.5',
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
        },
        body: '',
      },
      { allowed, signal: AbortSignal.any([signal, time.signal]), maxBytes: MAX_BYTES, redirects: 3 },
    );
    if (answer.status === 304 && etag !== undefined) return undefined;
    if (answer.status !== 200) throw new HttpProblem(`it answers ${answer.status}`);
    return { bytes: answer.body, etag: answer.headers['etag']?.slice(0, 300) };
  } finally {
    cancel();
  }
}
