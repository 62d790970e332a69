import { randomBytes, randomFillSync } from 'node:crypto';

export const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));

/** Asking the system costs ten times as much as the bytes of one id, so ids come from a page that is filled at once. */
const page = Buffer.alloc(4096);
let used = page.length;

/** Random lower-case hex digits for an id. Each byte of the page is used once and then zeroed. */
export function randomHex(digits: number): string {
  const bytes = Math.ceil(digits / 2);
  if (bytes > page.length) return randomBytes(bytes).toString('hex').slice(0, digits);
  if (used + bytes > page.length) {
    randomFillSync(page);
    used = 0;
  }
  const end = used + bytes;
  const text = page.toString('hex', used, end);
  page.fill(0, used, end);
  used = end;
  return text.slice(0, digits);
}
