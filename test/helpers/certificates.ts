import { isIP } from 'node:net';
import { generate } from 'selfsigned';

const DAY = 86_400_000;

export interface Authority {
  key: string;
  cert: string;
}

/** An authority that nobody trusts unless told to. */
export async function newAuthority(): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: `Test authority ${Math.random()}` }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 365 * DAY),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}

export interface CertificateOptions {
  names?: string[];
  /** Days from now; may be negative. */
  from?: number;
  until?: number;
  /** Absent: signed by itself. */
  authority?: Authority;
}

/** A server's key and certificate, short-lived and made for one test. */
export async function newCertificate({
  names = ['localhost', '127.0.0.1'],
  from = -1,
  until = 90,
  authority,
}: CertificateOptions = {}): Promise<{ key: string; cert: string; fingerprint: string }> {
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'none' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + from * DAY),
    notAfterDate: new Date(Date.now() + until * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
    ...(authority === undefined ? {} : { ca: authority }),
  });
  const { X509Certificate } = await import('node:crypto');
  return { key: made.private, cert: made.cert, fingerprint: new X509Certificate(made.cert).fingerprint256 };
}
