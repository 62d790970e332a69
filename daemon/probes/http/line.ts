import { nodeHttps } from '../../node-http.ts';
import type { Agent } from 'node:http';
import type { Clock } from '../../ports/clock.ts';
import type { Finding } from '../../ports/probes.ts';
import { resolveTarget } from '../target.ts';

/**
 * A connection is kept for so long, ms. Then the name is resolved and its address judged again, and a new connection
 * proves that one can be made, with the certificate that is served now.
 */
export const KEEP_MS = 60_000;

/** TLS options of a probe. */
export interface TlsOptions {
  ca?: Buffer;
  rejectUnauthorized: boolean;
}

/** A judged address, and the agent whose connections go there and nowhere else. */
export interface Line {
  address: string;
  family: 4 | 6;
  port: number;
  /** Monotonic ms. */
  made: number;
  agent: Agent;
}

/** The connections of one probe: one for each origin it asks. */
export class Lines {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #allowed: () => readonly string[];
  readonly #lines = new Map<string, Line>();

  constructor(clock: Pick<Clock, 'monotonic'>, allowed: () => readonly string[]) {
    this.#clock = clock;
    this.#allowed = allowed;
  }

  /** The line to a URL's origin: the one there is, or a new one to an address that was just resolved and judged. */
  async to(url: URL, tls: TlsOptions, signal: AbortSignal): Promise<Line | { finding: Finding }> {
    const known = this.#lines.get(url.origin);
    const now = this.#clock.monotonic();
    if (known !== undefined && now - known.made < KEEP_MS) return known;
    this.drop(url);
    const secure = url.protocol === 'https:';
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
    const at = await resolveTarget(url.hostname, port, this.#allowed(), signal);
    if ('finding' in at) return at;
    const { Agent } = nodeHttps(secure);
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      // Each connection shakes hands in full, so that the certificate is looked at.
      ...(secure ? { ...tls, maxCachedSessions: 0 } : {}),
    });
    const line: Line = { ...at, port, made: now, agent };
    this.#lines.set(url.origin, line);
    return line;
  }

  /** Closes the connection to a URL's origin. The next run makes another one, to an address that is judged again. */
  drop(url: URL): void {
    this.#lines.get(url.origin)?.agent.destroy();
    this.#lines.delete(url.origin);
  }

  close(): void {
    for (const { agent } of this.#lines.values()) agent.destroy();
    this.#lines.clear();
  }
}
