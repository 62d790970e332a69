import { ReeveError } from '../../contracts/errors.ts';
import { HttpProblem, send } from '../outgoing.ts';
import { oneLine } from '../text.ts';
import { ChannelProblem } from './channel.ts';

/** What is read of an answer, bytes. */
const MAX_ANSWER = 64 * 1024;
/** Statuses after which the same message may be taken later. */
const PATIENCE = new Set([408, 425, 429]);

/** Posts JSON. Resolves on 2xx and nothing else; redirects are not followed. Rejects ChannelProblem. */
export async function post(
  message: { url: string; body: string; headers?: Record<string, string> },
  { allowed, signal, now }: { allowed: readonly string[]; signal: AbortSignal; now: number },
): Promise<void> {
  const { url, body, headers } = message;
  let answer;
  try {
    answer = await send(
      { method: 'POST', url, headers: { 'content-type': 'application/json', ...headers }, body },
      { allowed, signal, maxBytes: MAX_ANSWER, redirects: 0 },
    );
  } catch (error) {
    if (error instanceof ReeveError)
      throw new ChannelProblem(error.message, { permanent: true, cause: error });
    if (error instanceof HttpProblem) throw new ChannelProblem(error.message, { cause: error });
    throw error;
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  const said = oneLine(answer.body.toString('utf8').trim(), 120);
  throw new ChannelProblem(`it answered ${status}${said === '' ? '' : `: ${said}`}`, {
    permanent: status < 500 && !PATIENCE.has(status),
    retry_after: retryAfter(answer.headers['retry-after'], now),
  });
}

/** `Retry-After` (RFC 9110 §10.2.3) as ms from now: seconds, also with a fraction as Discord sends them, or a date. */
export function retryAfter(value: string | undefined, now: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,9}(\.\d{1,6})?$/.test(value.trim())) return Math.ceil(Number(value) * 1000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}
