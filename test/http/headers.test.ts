import { IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { SafeResponse } from '../../daemon/http/headers.ts';

const CSP =
  "content-security-policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

function head(write: (response: SafeResponse) => void): string[] {
  const response = new SafeResponse(new IncomingMessage(new Socket()));
  write(response);
  return String(Reflect.get(response, '_header')).trimEnd().split('\r\n');
}

/** All lines of the header that `line` is of. */
const alike = (lines: readonly string[], line: string): string[] =>
  lines.filter((l) => l.toLowerCase().startsWith(`${line.split(':')[0]}:`));

test.each<[string, (response: SafeResponse) => void]>([
  ['nothing given', (r) => r.writeHead(200)],
  ['a reason', (r) => r.writeHead(200, 'Fine')],
  ['headers', (r) => r.writeHead(200, { etag: 'x' })],
  ['a reason and headers', (r) => r.writeHead(200, 'Fine', { etag: 'x' })],
  ['headers as a list', (r) => r.writeHead(200, ['etag', 'x'])],
  ['headers set before', (r) => r.setHeader('etag', 'x').writeHead(200)],
  ['headers set before and given', (r) => r.setHeader('etag', 'x').writeHead(200, { vary: 'y' })],
  ['no head at all', (r) => r.end()],
  ['JSON whole', (r) => r.sendJson(200, '{}')],
  ['JSON whole, headers set before', (r) => r.setHeader('connection', 'close').sendJson(200, '{}')],
])('the security headers are there: %s', (_what, write) => {
  const lines = head(write);
  expect(lines[0]).toMatch(/^HTTP\/1\.1 200 (OK|Fine)$/);
  for (const line of ['cache-control: no-store', 'x-frame-options: DENY', CSP])
    expect(alike(lines, line)).toEqual([line]);
});

test('what a route says itself wins, whatever its case, given or set before', () => {
  const own: OutgoingHttpHeaders = { 'Cache-Control': 'max-age=1' };
  const given = head((r) => r.writeHead(200, own));
  expect(alike(given, 'cache-control')).toEqual(['cache-control: max-age=1']);
  const set = head((r) => r.setHeader('cache-control', 'max-age=2').writeHead(200, { vary: 'y' }));
  expect(alike(set, 'cache-control')).toEqual(['cache-control: max-age=2']);
  expect(alike(set, 'vary')).toEqual(['vary: y']);
});

test('JSON sent whole says what it is and how long in bytes, once each, beside what was set before', () => {
  for (const before of [false, true]) {
    const lines = head((r) => {
      if (before) r.setHeader('connection', 'close');
      r.sendJson(200, '{"a":"é"}');
    }).map((line) => line.toLowerCase());
    for (const line of ['content-type: application/json; charset=utf-8', 'content-length: 10'])
      expect(alike(lines, line)).toEqual([line]);
    if (before) expect(lines).toContain('connection: close');
  }
});
