import { nodeHttps } from '../../node-http.ts';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { errno } from '../../durable.ts';
import { readBody, type Body } from './body.ts';
import type { Line, TlsOptions } from './line.ts';

export interface Asked {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  maxBody: number;
  /** Whether the body is looked at, or only counted. */
  keepBody: boolean;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Body;
  /** Validity of the certificate it came with, ms. */
  certificate: { from: number; until: number } | undefined;
}

/** No answer, and where it got stuck. */
export class NoAnswer extends Error {
  readonly stage: 'connect' | 'answer' | 'body';
  /** It came over a connection that had been used before: the other side may just have closed it. */
  readonly stale: boolean;

  constructor(stage: NoAnswer['stage'], stale: boolean, cause: unknown) {
    super('no answer', { cause });
    this.stage = stage;
    this.stale = stale;
  }
}

/**
 * One request over a line. Rejects with NoAnswer: also when `signal` aborts, with whose reason as its cause. Nothing stays
 * open but the line's own connection.
 */
export async function exchange(
  asked: Asked,
  line: Line,
  tls: TlsOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const { url } = asked;
  const secure = url.protocol === 'https:';
  const { request } = nodeHttps(secure);
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    let stage: NoAnswer['stage'] = 'connect';
    const sent: ClientRequest = request({
      method: asked.method,
      host: line.address,
      port: line.port,
      family: line.family,
      path: url.pathname + url.search,
      agent: line.agent,
      headers: asked.headers,
      setHost: false,
      maxHeaderSize: 64 * 1024,
      ...(secure ? { ...tls, servername: isIP(name) === 0 ? name : '' } : {}),
    });
    const over = (): void => void sent.destroy(signal.reason as Error);
    const failed = (error: unknown): void => {
      signal.removeEventListener('abort', over);
      const stale = sent.reusedSocket && !signal.aborted && stage !== 'body';
      reject(new NoAnswer(stage, stale, signal.aborted ? signal.reason : error));
    };
    signal.addEventListener('abort', over, { once: true });
    sent.once('socket', (socket) => {
      if (!socket.connecting && (!secure || !(socket instanceof TLSSocket) || socket.getProtocol() !== null))
        stage = 'answer';
      else socket.once(secure ? 'secureConnect' : 'connect', () => (stage = 'answer'));
    });
    sent.once('response', (response) => {
      stage = 'body';
      // After its body the response has given its socket back.
      const certificate = secure ? certificateOf(response) : undefined;
      void readBody(response, asked.maxBody, asked.keepBody).then((body) => {
        if (signal.aborted) {
          failed(signal.reason);
          return;
        }
        signal.removeEventListener('abort', over);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          certificate,
        });
      });
    });
    sent.on('error', failed);
    sent.end(asked.body);
    if (signal.aborted) over();
  });
}

/** One connection has one certificate. */
const certificates = new WeakMap<object, { from: number; until: number }>();

function certificateOf({ socket }: IncomingMessage): Answer['certificate'] {
  if (!(socket instanceof TLSSocket)) return undefined;
  let found = certificates.get(socket);
  if (found === undefined) {
    const { valid_from, valid_to } = socket.getPeerCertificate();
    found = { from: Date.parse(valid_from), until: Date.parse(valid_to) };
    if (Number.isNaN(found.until)) return undefined;
    certificates.set(socket, found);
  }
  return found;
}

/** Codes of OpenSSL's certificate check (openssl-verify(1)) and of Node's, in words. */
const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority nobody here knows',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes without those between it and its authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority nobody here knows',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority nobody here knows',
  CERT_REVOKED: 'its certificate was revoked',
  HPE_HEADER_OVERFLOW: 'its headers are longer than 64 KiB',
  ECONNRESET: 'the connection was closed before an answer came',
};

/** Why there was no answer, for people; `late` when its time was over. */
export function wordsOf({ stage, cause }: NoAnswer, host: string, late: boolean): string {
  if (late)
    return {
      connect: `no connection to ${host} in time`,
      answer: `${host} was connected and did not answer in time`,
      body: `${host} answered, and the body did not end in time`,
    }[stage];
  const code = errno(cause);
  if (code in CERTIFICATE) return `${host}: ${CERTIFICATE[code]}`;
  if (code.startsWith('HPE_')) return `${host} does not speak HTTP (${code})`;
  const what = stage === 'connect' ? `no connection to ${host}` : `no answer from ${host}`;
  return `${what} (${code === '' ? String(cause) : code})`;
}
