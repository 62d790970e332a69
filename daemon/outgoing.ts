import { nodeHttps } from './node-http.ts';
import { lookup } from 'node:dns/promises';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { isIP } from 'node:net';
import { fail } from '../contracts/errors.ts';
import { unlessAborted } from './abort.ts';
import { addressProblem } from './address.ts';
import { oneLine } from './text.ts';

/** A request to somewhere outside. */
export interface OutgoingRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface SendOptions {
  /** Entries of network.allow. */
  allowed: readonly string[];
  signal: AbortSignal;
  maxBytes: number;
  /** How many redirects are followed; each target is judged like the first. */
  redirects: number;
  /** All addresses of a name. Absent: the system's resolver. */
  resolve?: (host: string) => Promise<{ address: string; family: number }[]>;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** Where it came from after redirects. */
  url: string;
}

/** What is wrong with a request or an answer, for people. */
export class HttpProblem extends Error {}

/**
 * Sends one request. The name is resolved once, every address it has is judged, and the connection goes to the judged
 * one (the Host header and TLS name stay). Redirects are followed only as far as asked, and lose authorization when they
 * leave the origin. Rejects ADDRESS_REFUSED, HttpProblem, or the signal's reason.
 */
export async function send(request: OutgoingRequest, options: SendOptions): Promise<Answer> {
  let next = request;
  for (let left = options.redirects; ; left--) {
    const url = urlOf(next.url);
    const answer = await exchange(next, url, options);
    const location = answer.headers['location'];
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined || left === 0)
      return answer;
    next = redirected(next, answer.status, url, location);
  }
}

function urlOf(text: string): URL {
  if (!URL.canParse(text)) throw new HttpProblem(`${oneLine(text, 200)} is no URL`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new HttpProblem(`${url.protocol} is not spoken here, only http: and https:`);
  if (url.username !== '' || url.password !== '')
    throw new HttpProblem('a URL carries no user name and password; use an Authorization header');
  return url;
}

function redirected(request: OutgoingRequest, status: number, from: URL, location: string): OutgoingRequest {
  if (!URL.canParse(location, from.href)) throw new HttpProblem('it redirects to what is no URL');
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol !== 'https:')
    throw new HttpProblem('it redirects from https: to http:');
  const bare = status === 303 || ((status === 301 || status === 302) && request.method === 'POST');
  const away = to.origin !== from.origin;
  const private_ = ['authorization', 'cookie', 'proxy-authorization'];
  const headers = Object.entries(request.headers).filter(
    ([name]) => !(away && private_.includes(name)) && !(bare && name.startsWith('content-')),
  );
  return {
    method: bare && request.method !== 'HEAD' ? 'GET' : request.method,
    url: to.href,
    headers: Object.fromEntries(headers),
    body: bare ? '' : request.body,
  };
}

const systemResolver = (host: string) => lookup(host, { all: true, order: 'verbatim' });

/** The address to connect to. All of a name's addresses must be allowed: which one answers is not ours to choose. */
async function judged(
  url: URL,
  { allowed, signal, resolve = systemResolver }: SendOptions,
): Promise<{ address: string; family: number }> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const literal = isIP(host);
  let found = [{ address: host, family: literal }];
  if (literal === 0) {
    try {
      found = await unlessAborted(resolve(host), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new HttpProblem(`${host} cannot be resolved`, { cause: error });
    }
  }
  for (const { address } of found) {
    const why = addressProblem(address, host, port, allowed);
    if (why === undefined) continue;
    throw fail('ADDRESS_REFUSED', { address: address === host ? host : `${host} (${address})`, why });
  }
  const first = found[0];
  if (first === undefined) throw new HttpProblem(`${host} has no address`);
  return first;
}

async function exchange(request: OutgoingRequest, url: URL, options: SendOptions): Promise<Answer> {
  options.signal.throwIfAborted();
  const pinned = await judged(url, options);
  options.signal.throwIfAborted();
  const http = nodeHttps(url.protocol === 'https:');
  const body = Buffer.from(request.body);
  const settings: RequestOptions = {
    method: request.method,
    agent: false,
    headers: {
      'user-agent': 'reeve',
      accept: '*/*',
      ...request.headers,
      ...(body.length > 0 ? { 'content-length': body.length } : {}),
    },
    // Called again by net.connect unless the host is a literal: the answer is the judged address whatever DNS says now.
    lookup: (_host, { all }, done) =>
      all === true ? done(null, [pinned]) : done(null, pinned.address, pinned.family),
    signal: options.signal,
    maxHeaderSize: 64 * 1024,
  };
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void =>
      reject(options.signal.aborted ? (options.signal.reason as Error) : problemOf(error));
    const sent: ClientRequest = http.request(url, settings, (response) => {
      collect(response, options.maxBytes).then(
        (bytes) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: headersOf(response),
            body: bytes,
            url: url.href,
          }),
        (error: unknown) => {
          sent.destroy();
          failed(error);
        },
      );
    });
    sent.once('error', failed);
    sent.end(body);
  });
}

async function collect(response: IncomingMessage, max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > max) throw new HttpProblem(`the answer has more than ${max} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const headersOf = (response: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );

const problemOf = (error: unknown): Error =>
  error instanceof HttpProblem
    ? error
    : new HttpProblem(oneLine(error instanceof Error ? error.message : String(error), 300), { cause: error });
