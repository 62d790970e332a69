import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAttributes } from '../../daemon/runbook/attributes.ts';
import { BadExpression, holds, parseExpression } from '../../daemon/runbook/expression.ts';
import { BadOutputs, parseOutputs } from '../../daemon/runbook/exec/outputs.ts';
import { loadRunbook } from '../../daemon/runbook/index.ts';
import { asIs, fillAll, fillSome, type Ref } from '../../daemon/runbook/template.ts';
import { oneLine } from '../../daemon/text.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeWorld, refusal } from './world.ts';

const piece = fc.oneof(
  fc.constantFrom(
    '---\n',
    '\n',
    'runbook: x\n',
    'title: X\n',
    'inputs:\n  a: { type: integer }\n',
    '__proto__: 1\n',
    'constructor: { a: 1 }\n',
    '&a [',
    '*a',
    '!!binary x\n',
    '? [a]\n: b\n',
    '<<: *a\n',
    '```sh { name=a }\n',
    '```\n',
    '````',
    '~~~http { name=b expect=${inputs.a} }\n',
    '{',
    '}',
    '"',
    "'",
    '${',
    '$${',
    '${inputs.a}',
    '${steps.a.outputs.b}',
    '# Rollback\n',
    '> ',
    '- ',
    '    ',
    '\t',
    '<!--',
    '-->',
    '[[',
    '](',
    '|',
    '>-\n',
    'GET http://a/\n',
    'name=',
    'a: 1e999\n',
    'a: .nan\n',
  ),
  fc.string({ maxLength: 30, unit: 'binary' }),
);

test('whatever a file holds, it is a runbook or a list of mistakes, never a crash', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (parts) => {
      const { runbook, problems } = await loadRunbook(Buffer.from(parts.join('')), 'runbooks/x.md', 'x');
      const errors = problems.filter(({ severity }) => severity === 'error');
      expect(runbook === undefined).toBe(errors.length > 0);
      for (const { at, message } of problems) {
        expect(at).toMatch(/^runbooks\/x\.md:[1-9]\d*$/);
        expect(oneLine(message)).toBe(message);
      }
    }),
    { numRuns: 400 },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('a valid head with any YAML behind it is read or refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.json({ maxDepth: 6 }),
      fc.constantFrom('inputs', 'needs', 'objectives', 'lock', 'secrets', 'timeout'),
      async (json, key) => {
        const text = `---\nrunbook: x\ntitle: X\n${key}: ${json}\n---\n\`\`\`sh { name=a }\ntrue\n\`\`\`\n`;
        const { problems, runbook } = await loadRunbook(Buffer.from(text), 'x.md', 'x');
        expect(runbook !== undefined || problems.length > 0).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

test('random bytes are refused with RUNBOOK_INVALID by the folder as well', async () => {
  const world = await makeWorld();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
      await writeFile(join(world.root, 'runbooks/x.md'), bytes);
      expect((await refusal(world.runbooks.get('x'))).code).toBe('RUNBOOK_INVALID');
    }),
    { numRuns: 50 },
  );
});

test('bombs: deep nesting, aliases, quotes, brackets', async () => {
  const head = '---\nrunbook: x\ntitle: X\n';
  const tail = '\n---\n```sh { name=a }\ntrue\n```\n';
  const bombs = [
    `${head}lock: ${'['.repeat(30_000)}${tail}`,
    `${head}lock: ${'{a: '.repeat(12_000)}${tail}`,
    `${head}a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nlock: [*c,*c]${tail}`,
    `${head}lock: ${'x'.repeat(70_000)}${tail}`,
    `${head}lock: a${tail}${'>'.repeat(200_000)}${'['.repeat(200_000)}${'- '.repeat(100_000)}`,
    `${head}lock: a${tail}${'> '.repeat(100)}\n`.repeat(2),
  ];
  for (const bomb of bombs) {
    const { problems } = await loadRunbook(Buffer.from(bomb), 'x.md', 'x');
    expect(problems.length).toBeLessThan(51);
  }
});

test('a value put into a template never becomes a placeholder', () => {
  const tricky = fc
    .array(fc.constantFrom('$', '{', '}', '${', '$${', '${project}', '${steps.a.outputs.b}', 'x'), {
      maxLength: 8,
    })
    .map((p) => p.join(''));
  const literal = fc.constantFrom('{', '{project}', '$x', 'text ', '{steps.a.outputs.b}', '}', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(tricky, literal), { maxLength: 5 }), (pairs) => {
      const template = pairs.map(([, text], i) => `\${inputs.v${i}}${text}`).join('');
      const look = (ref: Ref): string | undefined =>
        ref.of === 'input' ? pairs[Number(ref.name.slice(1))]?.[0] : undefined;
      const expected = pairs.flat().join('');
      expect(fillAll(template, look, asIs)).toBe(expected);
      // What is filled in the plan is never filled again when it runs.
      expect(fillAll(fillSome(template, look, asIs), () => 'LATER', asIs)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('small readers never crash', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const { values } = parseAttributes(`{${text}`);
      expect(Object.values(values).every((v) => typeof v === 'string')).toBe(true);
      try {
        holds(parseExpression(text), () => '1');
      } catch (error) {
        if (!(error instanceof BadExpression)) throw error;
      }
      try {
        parseOutputs(Buffer.from(text));
      } catch (error) {
        if (!(error instanceof BadOutputs)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
