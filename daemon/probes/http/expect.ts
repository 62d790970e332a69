import type { Json } from '../../../contracts/json.ts';
import { matchesPattern } from '../../pattern.ts';
import { cut } from '../../text.ts';
import type { Answer } from './exchange.ts';
import type { HttpOptions } from './schema.ts';

const DAY_MS = 86_400_000;
/** Warned of when nothing else is said. */
const TLS_DAYS = 14;

/** Whether the body is looked at. */
export const looksAtBody = ({ contains, contains_not, matches, json }: HttpOptions): boolean =>
  contains !== undefined ||
  contains_not !== undefined ||
  matches !== undefined ||
  Object.keys(json).length > 0;

/**
 * Why an answer is not what was expected; undefined when it is. Rejects with BadPattern when a pattern takes too long,
 * which can be this machine's fault as well as the answer's.
 */
export async function mismatch(answer: Answer, options: HttpOptions): Promise<string | undefined> {
  const { status, headers, body } = answer;
  if (!options.status.some((want) => fits(status, String(want))))
    return `the status is ${status}, not ${options.status.join(' or ')}`;
  for (const [name, want] of Object.entries(options.response_headers)) {
    const found = headers[name.toLowerCase()];
    const text = Array.isArray(found) ? found.join(', ') : found;
    if (text === undefined) return `there is no header ${name}`;
    if (!text.toLowerCase().includes(want.toLowerCase()))
      return `the header ${name} is "${cut(text, 80)}", without "${want}"`;
  }
  if (body.broken !== undefined) return body.broken;
  return looksAtBody(options) ? inBody(body, options) : undefined;
}

function fits(status: number, want: string): boolean {
  const [from = '', to] = want.split('-');
  if (to !== undefined) return status >= Number(from) && status <= Number(to);
  return from.endsWith('xx') ? String(status).startsWith(from.charAt(0)) : status === Number(from);
}

async function inBody(
  { bytes, cut: short }: Answer['body'],
  options: HttpOptions,
): Promise<string | undefined> {
  const text = bytes.toString('utf8');
  const where = short ? `the body, as far as it was read (${options.max_body} bytes, max_body),` : 'the body';
  const { contains, contains_not, matches, json } = options;
  if (contains !== undefined && !text.includes(contains))
    return `${where} does not contain "${cut(contains, 100)}"`;
  if (contains_not !== undefined && text.includes(contains_not))
    return `the body contains "${cut(contains_not, 100)}"`;
  if (matches !== undefined) {
    if (!matchesPattern(matches, text, 'anywhere')) return `${where} does not match ${cut(matches, 100)}`;
  }
  if (Object.keys(json).length === 0) return undefined;
  if (short) return `the body is longer than ${options.max_body} bytes (max_body)`;
  let document: Json;
  try {
    document = JSON.parse(text) as Json;
  } catch {
    return 'the body is not JSON';
  }
  const { atPath } = await import('./json-path.ts');
  for (const [path, want] of Object.entries(json)) {
    const why = atPath(path, document, want);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Days that a certificate is valid still, and what is to be said of it. */
export function certificateDays(
  { from, until }: NonNullable<Answer['certificate']>,
  now: number,
  { tls_days }: HttpOptions,
): { days: number; expired: boolean; soon: boolean } {
  const days = (until - now) / DAY_MS;
  const warn = tls_days ?? Math.min(TLS_DAYS, (until - from) / DAY_MS / 4);
  return { days: Math.floor(days * 10) / 10, expired: days <= 0, soon: days < warn };
}
