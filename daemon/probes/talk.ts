import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, isIP, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { unlessAborted } from '../abort.ts';
import { errno } from '../durable.ts';
import type { ProberDeps } from '../ports/probe-kinds.ts';
import type { Finding } from '../ports/probes.ts';
import { oneLine } from '../text.ts';
import { found, foundAt, isOurs, resolveTarget } from './target.ts';

export const Host = z.string().min(1).max(253);
export const Port = z.int().min(1).max(65_535);

/** What a service did wrong, in words for people; it becomes the finding. */
export class Trouble extends Error {
  readonly verdict: Finding['verdict'];
  constructor(why: string, verdict: Finding['verdict'] = 'down') {
    super(why);
    this.verdict = verdict;
  }
}

/** `why` of a finding: one line of at most 300 characters, whatever a server says. */
export const sentence = (text: string): string => oneLine(text, 270);

/** The finding for whatever went wrong with `what`, e.g. `redis at db:6379`. */
export function troubleFound(error: unknown, what: string, signal: AbortSignal): Finding {
  if (error instanceof Trouble) return found(error.verdict, sentence(error.message));
  if (signal.aborted) return found('down', sentence(`${what} did not answer in time`));
  const said = errno(error) || (error instanceof Error ? error.message : String(error));
  return found(isOurs(error) ? 'inconclusive' : 'down', sentence(`${what} does not answer (${said})`));
}

/** What one talk may receive, bytes: libraries keep a message until it is whole, however long it says that it is. */
const MAX_RECEIVED = 32 * 1024 * 1024;
/** How often that is looked at, ms: a socket that a library reads from tells nobody else. */
const LOOK_EVERY_MS = 50;

export interface Talk {
  socket: Socket;
  /** The judged address that is connected. */
  address: string;
}

/**
 * Resolves, judges, connects to the judged address, and lets `use` talk. Whatever happens is a finding; the socket is
 * destroyed at the end, as soon as the signal aborts, and when it has received 32 MiB. An `up` without its own time gets
 * that of the whole talk.
 *
 * @param what how the service is called in findings, e.g. `redis at db:6379`
 */
export async function talk(
  to: { host: string; port: number; what: string },
  deps: Pick<ProberDeps, 'clock' | 'allowed'>,
  signal: AbortSignal,
  use: (talk: Talk) => Promise<Finding>,
): Promise<Finding> {
  const at = await resolveTarget(to.host, to.port, deps.allowed(), signal);
  if ('finding' in at) return at.finding;
  const started = deps.clock.monotonic();
  const socket = connect({ host: at.address, port: to.port, family: at.family, autoSelectFamily: false });
  let stopLooking = (): void => undefined;
  const broken = new Promise<never>((_resolve, reject) => {
    socket.on('error', reject);
    const look = (): void => {
      if (socket.bytesRead > MAX_RECEIVED) reject(new Trouble(`${to.what} does not stop sending`));
      else stopLooking = deps.clock.after(LOOK_EVERY_MS, look);
    };
    look();
  });
  const run = async (): Promise<Finding> => {
    await once(socket, 'connect');
    return use({ socket, address: at.address });
  };
  try {
    const finding = await unlessAborted(Promise.race([run(), broken]), signal);
    const ms = finding.ms ?? (finding.verdict === 'up' ? deps.clock.monotonic() - started : null);
    return foundAt(at.address, { ...finding, ms });
  } catch (error) {
    return foundAt(at.address, troubleFound(error, to.what, signal));
  } finally {
    stopLooking();
    socket.destroy();
  }
}

/** The keys of kinds that may speak TLS. */
export const tlsKeys = {
  tls: z.boolean().default(false),
  /** Name in the certificate and in SNI; absent: the host. */
  servername: Host.optional(),
  /** PEM file of the authority to trust instead of the well-known ones, below the estate's root. */
  ca: z.string().min(1).max(1000).optional(),
};

export interface TlsOptions {
  host: string;
  servername?: string | undefined;
  ca?: string | undefined;
}

/** What tls.connect needs. Rejects Trouble when the authority's file cannot be read. */
export async function tlsSettings(
  { host, servername, ca }: TlsOptions,
  root: string,
): Promise<{ servername?: string; host: string; ca?: Buffer }> {
  const name = servername ?? host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return {
    // SNI carries names only (RFC 6066); the certificate is compared with `host`, which may be an address.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    host: name,
    ...(ca === undefined ? {} : { ca: await authority(ca, root) }),
  };
}

export async function authority(file: string, root: string): Promise<Buffer> {
  try {
    return await readFile(resolve(root, file));
  } catch (error) {
    throw new Trouble(`ca: ${file} cannot be read (${errno(error)})`, 'inconclusive');
  }
}

/** TLS over a connected socket, verified. Rejects Trouble with the reason. */
export async function secured(
  socket: Socket,
  options: TlsOptions & { alpn?: string[] },
  root: string,
): Promise<Socket> {
  const settings = await tlsSettings(options, root);
  const { connect: upgrade } = await import('node:tls');
  const alpn = options.alpn === undefined ? {} : { ALPNProtocols: options.alpn };
  const inner = upgrade({ ...settings, ...alpn, socket });
  // Later errors end what is waited for through the outer socket.
  inner.on('error', (error) => socket.destroy(error));
  await new Promise<void>((done, reject) => {
    inner.once('secureConnect', done);
    inner.once('error', (error) => reject(new Trouble(`no TLS: ${tlsReason(error)}`)));
    inner.once('close', () => reject(new Trouble('no TLS: it closed the connection')));
  });
  return inner;
}

/** OpenSSL's errors in words. */
export function tlsReason(error: Error): string {
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return reason.replace(/^.*?SSL routines:[^:]*:/, '').replace(/:\.\..*$/s, '');
}

/** A secret's value. Rejects Trouble that names it: without it nothing can be said about the target. */
export async function secretOf({ secrets }: Pick<ProberDeps, 'secrets'>, name: string): Promise<string> {
  try {
    return await secrets.get(name);
  } catch {
    throw new Trouble(
      `the secret ${name} is missing: \`reeve secret set ${name} --value -\``,
      'inconclusive',
    );
  }
}
