import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { Slug } from '../../../contracts/ids.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const HeaderName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, 'no name of a header');
const HeaderValue = z
  .string()
  .max(4000)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header is one line');

/** What a value in the answer must be: that value, or what the object says. */
const Expected = z.union([
  z.string().max(1000),
  z.number(),
  z.boolean(),
  z.null(),
  z.strictObject({
    min: z.number().optional(),
    max: z.number().optional(),
    contains: z.string().max(1000).optional(),
    exists: z.boolean().optional(),
  }),
]);
export type Expected = z.infer<typeof Expected>;

export const HttpOptions = z.strictObject({
  /** http: or https:, without user name and password. */
  url: z.string().min(1).max(2000),
  method: z.enum(METHODS).default('GET'),
  /** `value`, or `{ secret: name, prefix: 'Bearer ' }`. */
  headers: z
    .record(
      HeaderName,
      z.union([HeaderValue, z.strictObject({ secret: Slug, prefix: HeaderValue.default('') })]),
    )
    .default({}),
  body: z
    .string()
    .max(64 * 1024)
    .optional(),
  /** Statuses that are well: `200`, `2xx`, `200-299`. */
  status: z
    .array(
      z.union([
        z.int().min(100).max(599),
        z.string().regex(/^[1-5](?:xx|\d\d)(?:-[1-5]\d\d)?$/, 'write 200, 2xx or 200-299'),
      ]),
    )
    .min(1)
    .max(50)
    .default(['2xx']),
  /** Header of the answer → text it must contain, in any case. */
  response_headers: z.record(HeaderName, z.string().max(1000)).default({}),
  contains: z.string().min(1).max(1000).optional(),
  contains_not: z.string().min(1).max(1000).optional(),
  /** Regular expression that the body must match somewhere. */
  matches: z.string().min(1).max(1000).optional(),
  /** JSONPath (RFC 9535, without match() and search()) → what every value it finds must be; it must find one. */
  json: z.record(z.string().min(1).max(500), Expected).default({}),
  /** Slower is degraded. */
  latency: Duration.optional(),
  /** How many redirects are followed; 0 judges the redirect itself. */
  redirects: z.int().min(0).max(10).default(5),
  /** Hosts that redirects may lead to, beside that of the url. */
  redirect_hosts: z.array(z.string().min(1).max(253)).max(50).default([]),
  /** Degraded when the certificate is valid for less. Absent: 14, or a quarter of its lifetime if that is less. */
  tls_days: z.int().min(0).max(825).optional(),
  /** File with the certificates (PEM) of the authority, relative to reeve.yaml. */
  ca: z.string().max(400).optional(),
  /** True: any certificate will do that has not expired. */
  insecure: z.boolean().default(false),
  /** Bytes of the body that are read. */
  max_body: z
    .int()
    .min(1024)
    .max(16 * 1024 * 1024)
    .default(1024 * 1024),
});
export type HttpOptions = z.infer<typeof HttpOptions>;

/** Set by the client itself; a second one would make two readers disagree about where a message ends. */
const OWN = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'trailer',
  'te',
  'expect',
];

/** A URL that may be asked, or why not. */
export function readUrl(text: string, base?: URL): URL | string {
  if (!URL.canParse(text, base?.href)) return 'is no URL';
  const url = new URL(text, base?.href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `begins with ${url.protocol}, not with http: or https:`;
  if (url.username !== '' || url.password !== '')
    return 'carries a user name or password; use `headers` with a secret';
  return url;
}

/** What no schema can see. */
export async function checkHttp(options: HttpOptions): Promise<string[]> {
  const problems: string[] = [];
  const url = readUrl(options.url);
  if (typeof url === 'string') problems.push(`url: "${options.url}" ${url}`);
  for (const name of Object.keys(options.headers))
    if (OWN.includes(name.toLowerCase())) problems.push(`headers: ${name} is set by Reeve itself`);
  if (options.body !== undefined && ['GET', 'HEAD'].includes(options.method))
    problems.push(`body: ${options.method} takes no body`);
  const body = options.contains ?? options.contains_not ?? options.matches;
  if (options.method === 'HEAD' && (body !== undefined || Object.keys(options.json).length > 0))
    problems.push('method: HEAD has no body that could be looked at');
  for (const status of options.status) {
    const [from = '', to] = String(status).split('-');
    if (to !== undefined && (from.endsWith('xx') || Number(to) < Number(from)))
      problems.push(`status: "${status}" is no range such as 200-299`);
  }
  if (options.matches !== undefined) {
    try {
      // eslint-disable-next-line no-new -- compiling is the check
      new RegExp(options.matches, 'u');
    } catch (error) {
      problems.push(`matches: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const paths = Object.keys(options.json);
  if (paths.length === 0) return problems;
  const { compile } = await import('./json-path.ts');
  for (const path of paths) {
    try {
      compile(path);
    } catch (error) {
      problems.push(
        `json: "${path}" is no JSONPath: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return problems;
}
