import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { REDACTED, createRedactor } from '../daemon/redact.ts';

const SECRET = `hunter2!"'\\/ &?=ü#correct-horse`;

/** The same text in chunks of `size`. */
function chunked(secrets: string[], text: string, size: number): string {
  const stream = createRedactor(secrets).stream();
  let out = '';
  for (let i = 0; i < text.length; i += size) out += stream.push(text.slice(i, i + size));
  return out + stream.end();
}

const forms: [string, string][] = [
  ['as it is', SECRET],
  ['JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['URL', encodeURIComponent(SECRET)],
  ['form', encodeURIComponent(SECRET).replaceAll('%20', '+')],
  ['lower-case URL', encodeURIComponent(SECRET).replace(/%../g, (c) => c.toLowerCase())],
  ['hex', Buffer.from(SECRET).toString('hex')],
  ['upper-case hex', Buffer.from(SECRET).toString('hex').toUpperCase()],
  ['shell', SECRET.replaceAll("'", "'\\''")],
];

test.each(forms)('attack 49: %s, whole and split at every place', (_, form) => {
  for (const size of [1, 2, 3, 7, 1000]) {
    expect(chunked([SECRET], `before ${form} after\n`, size)).toBe(`before ${REDACTED} after\n`);
  }
});

test('attack 49: base64 at every alignment, both alphabets, also wrapped and split', () => {
  for (const pad of ['', 'a', 'ab', 'user:', 'xyzzy12']) {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${pad}${SECRET}tail`).toString(encoding);
      for (const size of [1, 5, 1000]) {
        const out = chunked([SECRET], `x ${text} y\n`, size);
        expect(out).toContain(REDACTED);
        // What is left are the digits of what stands around it, and at most two that share bits with it.
        const left = out.replace(REDACTED, '').replace(/^x | y\n$/g, '');
        expect(Buffer.from(left, 'base64').toString('latin1')).not.toMatch(/unter|orrect|hors/);
      }
    }
  }
  const long = 'S3cret'.repeat(30);
  const wrapped = execFileSync('base64', { input: `k=${long}\n` }).toString();
  expect(wrapped.split('\n').length).toBeGreaterThan(3);
  for (const size of [1, 77, 10_000]) {
    const out = chunked([long], wrapped, size);
    expect(out.length).toBeLessThan(30);
    expect(out).toContain(REDACTED);
  }
});

// eslint-disable-next-line vitest/expect-expect -- it is inside the property
test('attack 49: any secret in any text, cut anywhere, never comes out', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 4, maxLength: 40, unit: 'grapheme' }).filter((s) => s.trim().length >= 4),
      fc.array(fc.string({ maxLength: 20, unit: 'grapheme' }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      (secret, parts, size) => {
        const out = chunked([secret], parts.join(secret), size);
        const left = out.split(REDACTED).filter((part) => part.includes(secret));
        expect(REDACTED.includes(secret) ? [] : left).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

test('what is no secret passes unchanged, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('abc', 'hunter', 'hunter2', ' ', '\n', 'x', '=', '/'), { maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      (parts, size) => {
        const text = parts.join('');
        expect(chunked(['hunter22', 'zzzz'], text, size)).toBe(text);
      },
    ),
  );
});

test('overlapping secrets leave nothing of either', () => {
  const out = chunked(['abcdef', 'defghi', 'efgh'], 'x abcdefghi y abcdeefgh z', 1);
  expect(out).toMatch(/^x (\[redacted\])+ y abcde\[redacted\] z$/);
});

test('attack 49: a secret of several lines is found line by line', () => {
  const key = '-- first line of it --\n-- second line of it --\n';
  expect(chunked([key], '  -- second line of it --\n', 4)).toBe(`  ${REDACTED}\n`);
});

const tokens: [string, string][] = [
  ['AWS', 'AKIAIOSFODNN7EXAMPLE'],
  ['GitHub', `ghp_${'a1B2'.repeat(9)}`],
  ['fine-grained GitHub', `github_pat_${'11ABCDE_'.repeat(6)}`],
  ['Slack', 'xoxb-123456789012-abcdefghij'],
  ['grant', `reeve1.${'eyJ2Ijox'.repeat(4)}.${'A'.repeat(86)}`],
  ['JWT', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${'x'.repeat(43)}`],
];

test.each(tokens)('attack 49: a token of %s goes, whoever it belongs to', (_, token) => {
  for (const size of [1, 10, 1000])
    expect(chunked([], `token=${token} and more\n`, size)).toBe(`token=${REDACTED} and more\n`);
});

test('attack 49: bearer headers, passwords in URLs, private keys', () => {
  const r = createRedactor([]);
  expect(r.text('Authorization: Bearer abcdefghijklmnopqrstuvwx')).toBe(`Authorization: Bearer ${REDACTED}`);
  expect(r.text('authorization: Basic dXNlcjpwYXNz')).toBe(`authorization: Basic ${REDACTED}`);
  expect(r.text('postgres://app:s3cr3t@db/x')).toBe(`postgres://app:${REDACTED}@db/x`);
  const pem = `-----BEGIN EC PRIVATE KEY-----\n${'MIIabc/+\n'.repeat(20)}-----END EC PRIVATE KEY-----`;
  for (const size of [1, 13, 5000])
    expect(chunked([], `key:\n${pem}\ndone\n`, size)).toBe(`key:\n${REDACTED}\ndone\n`);
  // Ordinary words are not taken for tokens.
  for (const text of ['Bearer of bad news', 'Basic authentication failed', 'sk-1', 'https://host:8080/a@b'])
    expect(r.text(text)).toBe(text);
});

test('held back is bounded: a line without an end comes out, a token longer than the bound does not', () => {
  const stream = createRedactor(['some-secret']).stream();
  let out = '';
  for (let i = 0; i < 1000; i++) out += stream.push('plain words '.repeat(10));
  expect(out.length).toBeGreaterThan(110_000);
  const long = createRedactor([]).stream();
  let shown = long.push('x '.repeat(3000));
  for (let i = 0; i < 100; i++) shown += long.push(i === 0 ? `ghp_${'a'.repeat(100)}` : 'b'.repeat(100));
  shown += long.push(' end') + long.end();
  expect(shown).not.toMatch(/[ab]{20}/);
  expect(shown).toMatch(/x \[redacted\] end$/);
});

test('values of fewer than four characters hide nothing', () => {
  expect(createRedactor(['abc', '', 'x']).text('abc x')).toBe('abc x');
});
