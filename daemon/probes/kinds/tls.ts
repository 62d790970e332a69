import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { z } from 'zod';
import { shownTime } from '../amount.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { STARTTLS, askForTls } from '../starttls.ts';
import { found } from '../target.ts';
import { Host, Port, Trouble, sentence, talk, tlsKeys, tlsReason, tlsSettings } from '../talk.ts';

const schema = z.strictObject({
  host: Host,
  port: Port.default(443),
  servername: tlsKeys.servername,
  ca: tlsKeys.ca,
  /** Days of validity left: fewer are degraded … */
  warn: z.int().min(0).max(3650).default(21),
  /** … and down. */
  crit: z.int().min(0).max(3650).default(7),
  /** SHA-256 of the certificate, hex. It must be this one; then no authority is needed. */
  fingerprint: z
    .string()
    .regex(
      /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i,
      'a SHA-256 fingerprint: 32 bytes in hex, colons between if you like',
    )
    .optional(),
  starttls: z.enum(STARTTLS).optional(),
});
type Options = z.infer<typeof schema>;

const DAY = 86_400_000;

/** The certificate of a TLS server: trusted, for this name, valid now and for some days more. */
export const tls = probeKind({
  kind: 'tls',
  summary: "Checks a server's TLS certificate: chain, name, days left, pinned fingerprint.",
  schema,
  example: 'host: shop.example\nport: 443\nwarn: 21\ncrit: 7',
  check: ({ warn, crit }) => (crit > warn ? [`crit: ${crit} is above warn: ${warn}`] : []),
  open(options, deps) {
    const { host, port, starttls } = options;
    return {
      run: (signal) =>
        talk({ host, port, what: `${host}:${port}` }, deps, signal, async ({ socket }) => {
          if (starttls !== undefined) await askForTls(socket, starttls);
          const { certificate, problem } = await handshake(socket, options, deps.root);
          return judge(options, certificate, problem, deps.clock.now());
        }),
      close: () => undefined,
    };
  },
});

interface Shown {
  certificate: X509Certificate;
  /** OpenSSL's verdict about the chain, undefined when it is trusted. */
  problem: string | undefined;
}

/** A handshake that ends whatever the certificate is: what is wrong with it is ours to say. */
async function handshake(socket: Socket, options: Options, root: string): Promise<Shown> {
  const settings = await tlsSettings(options, root);
  const { connect } = await import('node:tls');
  const inner = connect({
    ...settings,
    socket,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      inner.once('secureConnect', resolve);
      inner.once('error', (error) => reject(new Trouble(`no TLS handshake: ${tlsReason(error)}`)));
      inner.once('close', () => reject(new Trouble('no TLS handshake: it closed the connection')));
    });
    const certificate = inner.getPeerX509Certificate();
    if (certificate === undefined) throw new Trouble('it shows no certificate');
    // An Error or its code, depending on the version of Node; null when all is well.
    const said = inner.authorizationError as Error | string | null | undefined;
    const problem =
      said === null || said === undefined || inner.authorized
        ? undefined
        : typeof said === 'string'
          ? said
          : ((said as NodeJS.ErrnoException).code ?? said.message);
    return { certificate, problem };
  } finally {
    inner.on('error', () => undefined);
    inner.destroy();
  }
}

/** verify(1) in words. */
const CHAIN: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends at an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the authority that signed it is unknown, or an intermediate certificate is missing',
  UNABLE_TO_GET_ISSUER_CERT: 'an issuer of its chain is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'the authority that signed it is unknown, or an intermediate certificate is missing',
  CERT_HAS_EXPIRED: 'a certificate of its chain has expired',
  CERT_NOT_YET_VALID: 'a certificate of its chain is not valid yet',
  CERT_REVOKED: 'it was revoked',
};

function judge(
  options: Options,
  certificate: X509Certificate,
  problem: string | undefined,
  now: number,
): Finding {
  const from = Date.parse(certificate.validFrom);
  const until = Date.parse(certificate.validTo);
  if (Number.isNaN(from) || Number.isNaN(until))
    return found('down', `the certificate of ${options.host}:${options.port} says no time that can be read`);
  const left = until - now;
  const figures = { tls_days: Math.floor((left / DAY) * 100) / 100 };
  const finding = (verdict: Finding['verdict'], why: string): Finding => ({
    ...found(verdict, sentence(why)),
    figures,
  });
  const name = options.servername ?? options.host;
  const whose = `the certificate of ${options.host}:${options.port}`;
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  if (left <= 0) return finding('down', `${whose} expired ${shownTime(-left)} ago, on ${day(until)}`);
  if (from > now)
    return finding('down', `${whose} is not valid before ${day(from)}, ${shownTime(from - now)} from now`);
  if (!covers(certificate, name)) {
    const names = certificate.subjectAltName ?? certificate.subject.replaceAll('\n', ', ');
    return finding('down', `${whose} is not for ${name} but for ${names}`);
  }
  if (options.fingerprint !== undefined) {
    const bare = (text: string): string => text.replaceAll(':', '').toLowerCase();
    if (bare(certificate.fingerprint256) !== bare(options.fingerprint))
      return finding('down', `${whose} is another one than the pinned: ${bare(certificate.fingerprint256)}`);
  } else if (problem !== undefined)
    return finding('down', `${whose} is not trusted: ${CHAIN[problem] ?? problem}`);
  const ends = `${whose} ends in ${shownTime(left)}, on ${day(until)}`;
  if (left < options.crit * DAY) return finding('down', ends);
  if (left < options.warn * DAY) return finding('degraded', ends);
  return finding('up', '');
}

function covers(certificate: X509Certificate, name: string): boolean {
  const bare = name.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return (isIP(bare) === 0 ? certificate.checkHost(bare) : certificate.checkIP(bare)) !== undefined;
}
