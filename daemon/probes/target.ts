import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { addressProblem } from '../address.ts';
import { unlessAborted } from '../abort.ts';
import { errno } from '../durable.ts';
import type { Finding, ProbeView } from '../ports/probes.ts';

type Verdict = NonNullable<ProbeView['last']>['verdict'];

export const found = (verdict: Verdict, why: string, ms: number | null = null): Finding => ({
  verdict,
  why,
  ms,
});

/** Whether an address is on this machine, so that no uplink has a part in what is found there. */
export const isNear = (address: string): boolean => /^(?:127\.|::1$|::ffff:127\.)/i.test(address);

/** The finding, with the note that its target stands on this machine if it does. */
export const foundAt = (address: string, finding: Finding): Finding =>
  isNear(address) ? { ...finding, near: true } : finding;

/** The judged address of a host, or the finding that says why there is none. */
export type Resolved = { address: string; family: 4 | 6 } | { finding: Finding };

/** Errors that tell of our own network or process, not of the target (errno(3), getaddrinfo(3)). */
const OURS: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
]);

/** Whether an error is trouble on our own side, which proves nothing about the target. */
export const isOurs = (error: unknown): boolean => OURS.has(errno(error));

/**
 * Resolves a name once and judges every address it has: which one answers is not ours to choose. What connects must use
 * the returned address, so that a name that resolves differently later (DNS rebinding) gains nothing.
 *
 * @param host name or IP literal, brackets allowed
 * @param signal getaddrinfo(3) cannot be cancelled; when this aborts, nobody waits for it any longer
 */
export async function resolveTarget(
  host: string,
  port: number,
  allowed: readonly string[],
  signal?: AbortSignal,
): Promise<Resolved> {
  const bare = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  const literal = isIP(bare);
  let addresses: { address: string; family: number }[] = [{ address: bare, family: literal }];
  if (literal === 0) {
    try {
      addresses = await unlessAborted(lookup(bare, { all: true, order: 'verbatim' }), signal);
    } catch (error) {
      if (signal?.aborted === true)
        return { finding: found('inconclusive', `the resolver did not answer for ${bare} in time`) };
      if (isOurs(error))
        return {
          finding: found('inconclusive', `the resolver did not answer for ${bare} (${errno(error)})`),
        };
      return { finding: found('down', `${bare} does not exist in DNS (${errno(error)})`) };
    }
  }
  for (const { address } of addresses) {
    const why = addressProblem(address, bare, port, allowed);
    if (why === undefined) continue;
    const shown = address === bare ? bare : `${bare} (${address})`;
    return { finding: found('inconclusive', `ADDRESS_REFUSED: ${shown} is not probed: ${why}`) };
  }
  const first = addresses[0];
  if (first === undefined) return { finding: found('down', `${bare} has no address`) };
  return { address: first.address, family: first.family === 6 ? 6 : 4 };
}
