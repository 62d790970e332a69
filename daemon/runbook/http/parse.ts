import { z } from 'zod';
import { asIs, inHeader, inJson, inUrl, type Encode } from '../template.ts';
import { StepMistake } from '../steps/kind.ts';

/** A request as written: `METHOD url`, header lines, an empty line, the body (the form of RFC 9112 without version). */
export const RequestSpec = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  url: z.string().min(1).max(4000),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});
export type RequestSpec = z.infer<typeof RequestSpec>;

/** What an answer must be, and what of it is handed on. */
export const ExpectSpec = z.strictObject({
  /** Statuses that pass: `200`, `2xx`. */
  status: z.array(z.string().regex(/^[1-5](?:xx|\d\d)$/)),
  /** JSON Pointer (RFC 6901) → the value that must stand there, as text. */
  json: z.record(z.string(), z.string()),
  /** Output name → JSON Pointer. */
  outputs: z.record(z.string(), z.string()),
  max_bytes: z.int().min(1),
  redirects: z.int().min(0),
});
export type ExpectSpec = z.infer<typeof ExpectSpec>;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Set by the client itself; a second one would make two readers disagree about where a message ends. */
const OWN_HEADERS = ['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'trailer', 'te'];

/** @throws {StepMistake} with the line of the text */
export function parseRequest(text: string): RequestSpec {
  const lines = text.split('\n');
  const [, method = '', url = ''] = /^([A-Z]+)[ \t]+(\S+)[ \t]*$/.exec(lines[0] ?? '') ?? [];
  const known = RequestSpec.shape.method.safeParse(method);
  if (!known.success || url === '')
    throw new StepMistake(
      `the first line is METHOD url, with one of ${RequestSpec.shape.method.options.join(' ')}`,
      1,
    );
  if (!/^https?:\/\//i.test(url))
    throw new StepMistake('the url begins with http:// or https://, as written', 1);
  const headers: Record<string, string> = {};
  let i = 1;
  for (; i < lines.length && lines[i]?.trim() !== ''; i++) {
    const line = lines[i] ?? '';
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!TOKEN.test(name)) throw new StepMistake('a header is Name: value', i + 1);
    if (OWN_HEADERS.includes(name)) throw new StepMistake(`${name} is set by Reeve itself`, i + 1);
    if (Object.hasOwn(headers, name)) throw new StepMistake(`the header ${name} is given twice`, i + 1);
    headers[name] = line.slice(colon + 1).trim();
  }
  const body = lines.slice(i + 1).join('\n');
  if (body !== '' && ['GET', 'HEAD'].includes(method))
    throw new StepMistake(`${method} takes no body`, i + 2);
  return { method: known.data, url, headers, body };
}

/** Fills the templates of a request, each place with its own encoding, in the order of its parts. */
export async function fillRequest(
  request: RequestSpec,
  fill: (text: string, encode: Encode) => string | Promise<string>,
): Promise<RequestSpec> {
  const type = request.headers['content-type'] ?? '';
  const inBody = /\bjson\b/i.test(type) ? inJson : /x-www-form-urlencoded/i.test(type) ? inUrl : asIs;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = await fill(value, inHeader);
  return {
    method: request.method,
    url: await fill(request.url, inUrl),
    headers,
    body: await fill(request.body, inBody),
  };
}

/** `2xx,404` and blanks between. @throws {StepMistake} */
export function parseStatuses(text: string): string[] {
  const list = text.split(/[\s,]+/).filter((item) => item !== '');
  const wrong = list.find((item) => !/^[1-5](?:xx|\d\d)$/.test(item));
  if (wrong !== undefined || list.length === 0)
    throw new StepMistake(`expect: "${wrong ?? ''}" is no status; write 200, 2xx or 200,404`);
  return list;
}

/** Pairs of `left=right` with blanks or commas between, e.g. `version=/version count=/items/0/count`. */
export function parsePairs(name: string, text: string): [string, string][] {
  return text
    .split(/[\s,]+/)
    .filter((item) => item !== '')
    .map((item) => {
      const at = item.indexOf('=');
      if (at < 1) throw new StepMistake(`${name}: "${item}" is no name=value`);
      return [item.slice(0, at), item.slice(at + 1)];
    });
}

/** @throws {StepMistake} */
export function checkPointer(name: string, pointer: string): string {
  if (pointer !== '' && !/^(?:\/(?:[^~/]|~[01])*)+$/.test(pointer))
    throw new StepMistake(`${name}: "${pointer}" is no JSON Pointer such as /checks/0/ok`);
  return pointer;
}
