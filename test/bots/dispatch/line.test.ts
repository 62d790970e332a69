import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReeveError } from '../../../contracts/errors.ts';
import { parseLine, tokensOf } from '../../../bots/dispatch/line.ts';
import { argSpec, catalogueWith, runbookSpec } from '../catalogue.ts';

const catalogue = catalogueWith([
  runbookSpec('greet', [
    argSpec('who', { position: 0 }),
    argSpec('times', { type: 'integer' }),
    argSpec('loud', { type: 'boolean' }),
    argSpec('tags', { type: 'list' }),
    argSpec('extra', { type: 'json' }),
  ]),
]);
const refusal = (line: string): string => {
  try {
    parseLine(catalogue, line);
  } catch (error) {
    return error instanceof ReeveError ? error.code : String(error);
  }
  return 'none';
};

test('a line as in a terminal, and as a phone types it', () => {
  const asked = { kind: 'command', command: 'greet', args: { who: 'Ana Maria', times: 2, loud: true } };
  for (const line of [
    'greet "Ana Maria" --times 2 --loud',
    '/reeve greet “Ana Maria” —times 2 —loud',
    "reeve greet 'Ana Maria' --times=2 --loud=yes",
    'GREET --loud --times 2 "Ana Maria"',
  ])
    expect(parseLine(catalogue, line), line).toEqual(asked);
  expect(parseLine(catalogue, 'greet --no-loud --tags a,b --tags c --extra {"a":[1]}')).toMatchObject({
    args: { loud: false, tags: ['a', 'b', 'c'], extra: { a: [1] } },
  });
  expect(parseLine(catalogue, 'deploy --project shop --reason "fix it" --preauth-grant gr_1')).toEqual({
    kind: 'command',
    command: 'deploy',
    args: { project: 'shop' },
    reason: 'fix it',
    grant: 'gr_1',
  });
  expect(parseLine(catalogue, 'approve req_1')).toMatchObject({
    command: 'grant approve',
    args: { request: 'req_1' },
  });
});

test('an option may be named as Discord writes it, and as the hints of messages do', () => {
  const asked = (line: string) => parseLine(catalogue, line);
  expect(asked('greet times:2 who:Ana')).toMatchObject({ args: { who: 'Ana', times: 2 } });
  // What is no argument of the command, or stands in quotes, is a value like any other.
  expect(asked('greet deploy:dev')).toMatchObject({ args: { who: 'deploy:dev' } });
  expect(asked('greet "who:Ana"')).toMatchObject({ args: { who: 'who:Ana' } });
  expect(refusal('greet times:many')).toBe('CHAT_TEXT');
});

test('help is asked in every way people ask for it', () => {
  for (const [line, topic] of [
    ['', ''],
    ['help', ''],
    ['help jobs list', 'jobs list'],
    ['jobs list --help', 'jobs list'],
    ['/reeve', ''],
  ] as const)
    expect(parseLine(catalogue, line)).toEqual({ kind: 'help', topic });
});

test('what would confirm by itself, or is no such thing, is refused in words', () => {
  expect(refusal('deploy --project shop --force')).toBe('CHAT_FORCE');
  expect(refusal('deploy --confirm sha256:1')).toBe('CHAT_FORCE');
  expect(refusal('deploy --typed prod')).toBe('CHAT_FORCE');
  expect(refusal('deplyo --project shop')).toBe('COMMAND_UNKNOWN');
  expect(refusal('greet --nope 1')).toBe('CHAT_TEXT');
  expect(refusal('greet a b')).toBe('CHAT_TEXT');
  expect(refusal('greet --times two')).toBe('CHAT_TEXT');
  expect(refusal('greet --who')).toBe('CHAT_TEXT');
  expect(refusal('greet "open')).toBe('CHAT_TEXT');
  expect(refusal('greet --extra {')).toBe('CHAT_TEXT');
});

test('attack 46: quotes make one value of anything, and a value in quotes is never a flag', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      const quoted = text.replaceAll('"', '').replaceAll('”', '');
      const asked = parseLine(catalogue, `greet "${quoted}"`);
      expect(asked).toEqual({ kind: 'command', command: 'greet', args: { who: quoted } });
    }),
  );
  expect(parseLine(catalogue, 'greet "--force"')).toMatchObject({ args: { who: '--force' } });
});

test('whatever is typed, the answer is a command, help or a refusal', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.boolean(), (text, known) => {
      const line = known ? `deploy ${text}` : text;
      try {
        const asked = parseLine(catalogue, line);
        expect(['help', 'command']).toContain(asked.kind);
        expect(Object.getPrototypeOf(asked.kind === 'command' ? asked.args : {})).toBe(Object.prototype);
      } catch (error) {
        expect(error).toBeInstanceOf(ReeveError);
      }
    }),
  );
  expect(tokensOf('a  b\n"c d"').map((t) => t.text)).toEqual(['a', 'b', 'c d']);
});
