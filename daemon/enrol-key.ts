import { createPublicKey } from 'node:crypto';
import { fail } from '../contracts/errors.ts';
import { PUBLIC_KEY_BYTES, rawPublicKey } from './ed25519.ts';

/** The curve of RFC 8032 §5.1: −x² + y² = 1 + d·x²·y² over p = 2^255 − 19, base point of prime order L. */
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * power(121666n, P - 2n));
const SQRT_MINUS_1 = power(2n, (P - 1n) / 4n);

/** Extended homogeneous coordinates (x = X/Z, y = Y/Z, x·y = T/Z). */
type Point = readonly [X: bigint, Y: bigint, Z: bigint, T: bigint];
const IDENTITY: Point = [0n, 1n, 1n, 0n];

/**
 * Checks a raw public key before it is trusted: 32 bytes, the one canonical encoding of a point on the curve, and that
 * point of the prime order L (so neither small-order nor mixed, with which one signature can fit many messages).
 * Throws `GRANT_KEY_REJECTED`. Costs a few milliseconds: for enrolment, not for verification.
 */
export function checkPublicKey(raw: Uint8Array): void {
  if (raw.length !== PUBLIC_KEY_BYTES) throw rejected(`it has ${raw.length} bytes instead of 32`);
  const bits = raw.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const y = bits & (2n ** 255n - 1n);
  if (y >= P) throw rejected('its encoding is not canonical');
  const x = recoverX(y);
  if (x === undefined) throw rejected('it is not a point on the curve');
  const odd = bits >> 255n;
  if (x === 0n && odd === 1n) throw rejected('its encoding is not canonical');
  const signed = (x & 1n) === odd ? x : P - x;
  const point: Point = [signed, y, 1n, mod(signed * y)];
  if (isIdentity(multiply(8n, point))) throw rejected('it is a point of small order');
  if (!isIdentity(multiply(L, point))) throw rejected('it is not a point of prime order');
}

/**
 * Takes a public key as PEM or DER (SubjectPublicKeyInfo) and gives its 32 raw bytes, checked as `checkPublicKey` does.
 * Any other key type is refused, whatever id it claims. Throws `GRANT_KEY_REJECTED`.
 */
export function importPublicKey(key: string | Uint8Array): Uint8Array {
  const imported = readPublicKey(key);
  if (imported.asymmetricKeyType !== 'ed25519') {
    throw rejected(`it is of type ${imported.asymmetricKeyType ?? 'unknown'}, not ed25519`);
  }
  const raw = rawPublicKey(imported);
  checkPublicKey(raw);
  return raw;
}

function readPublicKey(key: string | Uint8Array): ReturnType<typeof createPublicKey> {
  try {
    return typeof key === 'string'
      ? createPublicKey({ key, format: 'pem' })
      : createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });
  } catch (cause) {
    throw fail('GRANT_KEY_REJECTED', { why: 'it is not a readable public key' }, { cause });
  }
}

const rejected = (why: string): Error => fail('GRANT_KEY_REJECTED', { why });

/** x² = (y² − 1) / (d·y² + 1); RFC 8032 §5.1.3. */
function recoverX(y: bigint): bigint | undefined {
  const square = mod((y * y - 1n) * power(mod(D * y * y + 1n), P - 2n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * SQRT_MINUS_1);
  return mod(x * x) === square ? x : undefined;
}

/** Complete addition, RFC 8032 §5.1.4. */
function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function multiply(scalar: bigint, point: Point): Point {
  let sum = IDENTITY;
  let doubled = point;
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return sum;
}

function isIdentity([x, y, z]: Point): boolean {
  return x === 0n && y === z;
}

function mod(n: bigint): bigint {
  const rest = n % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}
