import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import path from 'node:path';
import { COSIGN_LIFETIME_MS, CoSignView, type CoSignature } from '../contracts/cosign.ts';
import { fail } from '../contracts/errors.ts';
import type { Block } from '../contracts/reply.ts';
import { canonical } from './canonical.ts';
import { publicLine, signStatement } from './cosign.ts';
import { digestOf } from './digest.ts';
import { createDurably, errno, makeFolder } from './durable.ts';
import { keyId, rawPublicKey } from './ed25519.ts';
import { nodeFs } from './fs.ts';
import { planBlocks } from './plan-view.ts';
import { readPrivate } from './private-file.ts';

/* What `reeve key` and `reeve approve` do on the approver's own machine, with or without a daemon there. */

export interface LocalKey {
  kid: string;
  /** What an admin enrols. */
  line: string;
  key: KeyObject;
}

/** Makes a key file for this user alone (PKCS #8, PEM). Throws `KEY_FILE_EXISTS`. */
export async function makeKey(file: string): Promise<LocalKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  await makeFolder(nodeFs, path.dirname(file));
  try {
    await createDurably(nodeFs, file, Buffer.from(pem), 0o600);
  } catch (error) {
    if (errno(error) === 'EEXIST') throw fail('KEY_FILE_EXISTS', { path: file }, { cause: error });
    throw error;
  }
  return localKey(privateKey);
}

/** Throws `KEY_FILE_MISSING`; `KEY_FILE_REFUSED` for one that others could have read, or that is no Ed25519 key. */
export async function readKey(file: string): Promise<LocalKey> {
  let bytes: Buffer | undefined;
  try {
    bytes = await readPrivate(nodeFs, file, 16 * 1024);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw fail('KEY_FILE_REFUSED', { path: file, why }, { cause });
  }
  if (bytes === undefined) throw fail('KEY_FILE_MISSING', { path: file });
  let key: KeyObject;
  try {
    key = createPrivateKey(bytes);
  } catch (cause) {
    throw fail('KEY_FILE_REFUSED', { path: file, why: 'it is not a private key' }, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw fail('KEY_FILE_REFUSED', { path: file, why: 'it is not an Ed25519 key' });
  return localKey(key);
}

function localKey(key: KeyObject): LocalKey {
  return { kid: keyId(rawPublicKey(key)), line: publicLine(key), key };
}

/** The token that asks for a request. */
export function lookToken({ key, kid }: LocalKey, request: string, now: number): string {
  return signStatement('look', { v: 1, request, kid, ...times(now) }, key);
}

export interface Shown {
  view: CoSignView;
  /** Made from the plan as it arrived: what is shown is what is signed, whatever the other side says of it. */
  digest: string;
  blocks: Block[];
}

/** What arrived, for people. Throws `COSIGN_MALFORMED` for an answer of another form. */
export function shownOf(answer: unknown): Shown {
  const parsed = CoSignView.safeParse(answer);
  if (!parsed.success) throw fail('COSIGN_MALFORMED', { why: 'the daemon answered with another form' });
  const view = parsed.data;
  const digest = digestOf(canonical(view.plan));
  const { asked_by, reason, needs, approved_by, expires, keep, uses, lifetime_ms } = view;
  return {
    view,
    digest,
    blocks: [
      {
        type: 'fields',
        fields: [
          { label: 'Request', value: view.request },
          { label: 'Asked by', value: asked_by },
          { label: 'Reason', value: reason },
          { label: 'Approved', value: `${approved_by.length} of ${needs} ${approved_by.join(', ')}`.trim() },
          ...(keep
            ? [
                { label: 'Uses', value: uses },
                { label: 'Usable after the approval for', value: { duration: lifetime_ms } },
              ]
            : []),
          { label: 'Waits until', value: { time: expires } },
        ],
      },
      ...planBlocks(view.plan, digest),
    ],
  };
}

/** The signed decision. */
export function decisionToken(
  { key, kid }: LocalKey,
  { view, digest }: Shown,
  decided: Pick<CoSignature, 'decision' | 'reason'>,
  now: number,
): string {
  const { aud, person, request } = view;
  const statement = { v: 1 as const, aud, request, plan: digest, by: person, kid, ...decided, ...times(now) };
  return signStatement('cosign', statement, key);
}

const times = (now: number) => ({
  iat: now,
  exp: now + COSIGN_LIFETIME_MS,
  nonce: randomBytes(16).toString('hex'),
});
