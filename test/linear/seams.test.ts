import { expect, test } from 'vitest';
import { draftOf } from '../../daemon/integrations/linear/captured.ts';
import { PART_HIDDEN, withoutParts } from '../../daemon/integrations/linear/seams.ts';
import type { Spoken } from '../../daemon/ports/door.ts';
import { createRedactor } from '../../daemon/redact.ts';
import { conversation, said } from './said.ts';

const SECRET = 'correct-horse-battery-staple';
const { text: clean } = createRedactor([SECRET]);

const shown = (...messages: Spoken[]): string[] =>
  withoutParts(conversation(messages), clean).before.map(({ text }) => text);

test('a secret in two messages is hidden in both, wherever it is cut', () => {
  for (let at = 1; at < SECRET.length; at++) {
    const [a, b] = [said(`it is ${SECRET.slice(0, at)}`), said(`${SECRET.slice(at)} now`)];
    expect(shown(said('hello'), a, b, said('thanks'))).toEqual(['hello', PART_HIDDEN, PART_HIDDEN, 'thanks']);
  }
});

test('in three, with others speaking between, by two people', () => {
  const parts = [SECRET.slice(0, 5), SECRET.slice(5, 12), SECRET.slice(12)] as const;
  expect(shown(said(parts[0]), said(parts[1]), said(parts[2]))).toEqual([
    PART_HIDDEN,
    PART_HIDDEN,
    PART_HIDDEN,
  ]);
  expect(shown(said(parts[0]), said('one moment', 'bo'), said(SECRET.slice(5)))).toEqual([
    PART_HIDDEN,
    'one moment',
    PART_HIDDEN,
  ]);
  expect(shown(said(SECRET.slice(0, 9)), said(SECRET.slice(9), 'bo'))).toEqual([PART_HIDDEN, PART_HIDDEN]);
});

test('a private key that was pasted in parts goes, and what follows its end stays', () => {
  const lines = [
    '-----BEGIN PRIVATE KEY-----',
    'MC4CAQAwBQYDK2VwBCIE',
    'IJ1hsZ3v',
    '-----END PRIVATE KEY-----',
  ];
  expect(shown(said('here'), ...lines.map((line) => said(line)), said('got it', 'bo'))).toEqual([
    'here',
    ...lines.map(() => PART_HIDDEN),
    'got it',
  ]);
});

test('what is secret alone is left to be hidden alone, and the rest to be read', () => {
  const messages = [said(`it is ${SECRET}`), said('thanks', 'bo'), said('a line\nand another')];
  expect(shown(...messages)).toEqual(messages.map(({ text }) => text));
});

test('neither title nor text of the draft has a part of it', () => {
  const [half, rest] = [said(SECRET.slice(0, 14)), said(SECRET.slice(14))];
  const what = { by: 'ana', via: 'slack', text: '', context: '', conversation: conversation([half], rest) };
  const { title, body } = draftOf(what, clean);
  for (const part of ['correct', 'battery', 'staple']) expect(`${title}\n${body}`).not.toContain(part);
  expect(title).toContain('hidden');
});

test('of much that was said no part is looked for: all of it is hidden', () => {
  const long = 'x y '.repeat(9000);
  expect(
    shown(...[1, 2, 3, 4].map(() => said(long)), said(SECRET.slice(0, 9)), said(SECRET.slice(9))),
  ).toEqual(Array.from({ length: 6 }, () => PART_HIDDEN));
});
