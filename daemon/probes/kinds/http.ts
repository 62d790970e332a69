import { plural } from '../../../contracts/units.ts';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BadPattern } from '../../pattern.ts';
import { probeKind, type ProberDeps } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { exchange, NoAnswer, wordsOf, type Answer, type Asked } from '../http/exchange.ts';
import { certificateDays, looksAtBody, mismatch } from '../http/expect.ts';
import { KEEP_MS, Lines, type TlsOptions } from '../http/line.ts';
import { checkHttp, HttpOptions, readUrl } from '../http/schema.ts';
import { found, foundAt, isOurs } from '../target.ts';

/** A run that ends early. */
class Ended extends Error {
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(finding.why);
    this.finding = finding;
  }
}

/** Asks a URL and judges the answer. */
export const http = probeKind({
  kind: 'http',
  summary: 'Asks a URL: status, headers, body, JSONPath, latency, redirects, days left of the certificate.',
  schema: HttpOptions,
  example: [
    'url: https://shop.example/healthz',
    'status: [200, 2xx, 200-299] # default 2xx',
    "headers: { authorization: { secret: shop-token, prefix: 'Bearer ' } }",
    'response_headers: { content-type: application/json }',
    'contains: ok # also contains_not, and matches (a regular expression)',
    "json: { '$.status': up, '$.queue.length': { max: 100 } }",
    'latency: 800ms # slower is degraded',
    'redirects: 5 # 0 judges the redirect itself',
    'redirect_hosts: [login.example] # beside the own host',
    'tls_days: 14 # a certificate with fewer days is degraded',
    '# method, body, ca (file), insecure, max_body',
  ].join('\n'),
  check: checkHttp,
  open(options, deps) {
    const prober = new HttpProber(options, deps);
    return { run: (signal) => prober.run(signal), close: () => prober.close() };
  },
});

class HttpProber {
  readonly #options: HttpOptions;
  readonly #deps: ProberDeps;
  readonly #lines: Lines;
  #tls: { options: TlsOptions; read: number } | undefined;
  /** Of the last address that was asked. */
  #address = '';

  constructor(options: HttpOptions, deps: ProberDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#lines = new Lines(deps.clock, deps.allowed);
  }

  close(): void {
    this.#lines.close();
  }

  async run(signal: AbortSignal): Promise<Finding> {
    const { clock } = this.#deps;
    const begun = clock.monotonic();
    try {
      const answer = await this.#follow(signal);
      const ms = clock.monotonic() - begun;
      return foundAt(this.#address, await this.#judge(answer, ms));
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      return foundAt(this.#address, error.finding);
    }
  }

  async #judge(answer: Answer, ms: number): Promise<Finding> {
    const { latency } = this.#options;
    const figures: Record<string, number> = { status: answer.status, bytes: answer.body.size };
    const certificate =
      answer.certificate && certificateDays(answer.certificate, this.#deps.clock.now(), this.#options);
    if (certificate !== undefined) figures['tls_days'] = certificate.days;
    const finding = (verdict: Finding['verdict'], why: string): Finding => ({ verdict, why, ms, figures });
    if (certificate?.expired === true) return finding('down', 'its certificate has expired');
    let why: string | undefined;
    try {
      why = await mismatch(answer, this.#options);
    } catch (error) {
      if (!(error instanceof BadPattern)) throw error;
      return finding('inconclusive', error.message);
    }
    if (why !== undefined) return finding('down', why);
    if (certificate?.soon === true)
      return finding('degraded', `its certificate expires in ${plural(certificate.days, 'day')}`);
    if (latency !== undefined && ms > latency)
      return finding('degraded', `it took ${Math.round(ms)} ms, over ${latency} ms`);
    return finding('up', '');
  }

  /** The answer at the end of the redirects. */
  async #follow(signal: AbortSignal): Promise<Answer> {
    const { redirects } = this.#options;
    let asked = await this.#first();
    for (let left = redirects; ; left--) {
      const answer = await this.#ask(asked, signal);
      const { location } = answer.headers;
      if (redirects === 0 || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
      if (location === undefined) return answer;
      if (left === 0) throw new Ended(found('down', `it redirects more than ${redirects} times`));
      asked = this.#redirected(asked, answer.status, location);
    }
  }

  async #first(): Promise<Asked> {
    const options = this.#options;
    const url = readUrl(options.url);
    if (typeof url === 'string') throw new Ended(found('inconclusive', `its url ${url}`));
    const { method, body, max_body } = options;
    const keepBody = looksAtBody(options);
    return { url, method, body, maxBody: max_body, keepBody, headers: await this.#headers(url) };
  }

  async #headers(url: URL): Promise<Record<string, string>> {
    const { headers, body } = this.#options;
    const all: Record<string, string> = {
      'user-agent': 'reeve',
      accept: '*/*',
      'accept-encoding': 'identity',
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    };
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value === 'string') all[name.toLowerCase()] = value;
      else
        try {
          all[name.toLowerCase()] = value.prefix + (await this.#deps.secrets.get(value.secret));
        } catch {
          throw new Ended(
            found(
              'inconclusive',
              `the secret ${value.secret} is not there: reeve secret set ${value.secret} --value -`,
            ),
          );
        }
    }
    return { ...all, host: url.host };
  }

  #redirected(asked: Asked, status: number, location: string): Asked {
    const to = readUrl(location, asked.url);
    if (typeof to === 'string') throw new Ended(found('down', `it redirects to what ${to}`));
    const own = new URL(this.#options.url).hostname;
    if (to.hostname !== own && !this.#options.redirect_hosts.includes(to.hostname))
      throw new Ended(
        found('down', `it redirects to ${to.hostname.slice(0, 100)}, which is not in redirect_hosts`),
      );
    if (asked.url.protocol === 'https:' && to.protocol !== 'https:')
      throw new Ended(found('down', 'it redirects from https: to http:'));
    const bare = status === 303 || ((status === 301 || status === 302) && asked.method === 'POST');
    const away = to.origin !== asked.url.origin;
    // What was meant for the one is told to no other: neither secrets nor anything else that was written for it.
    const kept = away ? ['user-agent', 'accept', 'accept-encoding'] : Object.keys(asked.headers);
    const headers = Object.fromEntries(
      Object.entries(asked.headers).filter(
        ([name]) => kept.includes(name) && !(bare && name.startsWith('content-')),
      ),
    );
    return {
      ...asked,
      url: to,
      method: bare && asked.method !== 'HEAD' ? 'GET' : asked.method,
      body: bare || away ? undefined : asked.body,
      headers: { ...headers, host: to.host },
    };
  }

  async #ask(asked: Asked, signal: AbortSignal): Promise<Answer> {
    const tls = await this.#readTls();
    const repeatable = ['GET', 'HEAD', 'OPTIONS'].includes(asked.method);
    // What must not be sent twice gets a connection of its own, so that it need never be repeated.
    if (!repeatable) this.#lines.drop(asked.url);
    for (let again = repeatable; ; again = false) {
      const line = await this.#lines.to(asked.url, tls, signal);
      if ('finding' in line) throw new Ended(line.finding);
      this.#address = line.address;
      try {
        return await exchange(asked, line, tls, signal);
      } catch (error) {
        // After any failure the name is resolved and judged anew, and the authority read.
        this.#lines.drop(asked.url);
        this.#tls = undefined;
        if (!(error instanceof NoAnswer)) throw error;
        if (again && error.stale) continue;
        const ours = !signal.aborted && isOurs(error.cause);
        throw new Ended(
          found(ours ? 'inconclusive' : 'down', wordsOf(error, asked.url.host.slice(0, 100), signal.aborted)),
        );
      }
    }
  }

  async #readTls(): Promise<TlsOptions> {
    const now = this.#deps.clock.monotonic();
    // As long as a connection is kept: an authority that was replaced is believed with the next one.
    if (this.#tls !== undefined && now - this.#tls.read < KEEP_MS) return this.#tls.options;
    const { ca, insecure } = this.#options;
    const tls: TlsOptions = { rejectUnauthorized: !insecure };
    if (ca !== undefined) {
      try {
        tls.ca = await readFile(path.resolve(this.#deps.root, ca));
      } catch {
        throw new Ended(found('inconclusive', `the certificates in ${ca} cannot be read`));
      }
    }
    this.#tls = { options: tls, read: now };
    return tls;
  }
}
