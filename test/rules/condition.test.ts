import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BadCondition, compileCondition, holds, inputOf } from '../../daemon/integrations/rules/condition.ts';

const run = {
  action: 'completed',
  number: 5,
  workflow_run: { conclusion: 'success', head_branch: 'main', name: 'ci', nothing: null },
  labels: [{ name: 'deploy' }, { name: 'urgent' }],
};
const facts = { event: run, source: 'github', name: 'workflow_run' };
const ask = (text: string): boolean => holds(compileCondition(text), facts);

test.each([
  [
    'event.workflow_run.conclusion == "success" && event.workflow_run.head_branch in ["main", "release"]',
    true,
  ],
  ['event.number >= 5 && event.number < 6', true],
  ['event.labels.exists(label, label.name == "deploy")', true],
  ['has(event.pull_request) && event.pull_request.merged', false],
  ['event.workflow_run.name.startsWith("c")', true],
  ['event.workflow_run.nothing == null', true],
  ['source == "github" && name == "workflow_run"', true],
  ['!(event.action == "completed")', false],
])('%s is %s', (text, expected) => expect(ask(text)).toBe(expected));

test.each([
  ['event.action ==', /EOF/],
  ['foo == 1', /Unknown variable: foo/],
  ['event.action.matches("^(a+)+$")', /startsWith/],
  ['event.labels.all(a, event.labels.exists(b, a == b))', /within another loop/],
  ['(('.repeat(200), /depth|token|EOF/i],
  [`event.number in [${'1,'.repeat(600)}1]`, /nodes|elements/i],
])('%s cannot be a condition', (text, why) =>
  expect(() => compileCondition(text)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(why) }),
  ),
);

test.each([
  'event.nope == 1',
  'event.number',
  'event.constructor',
  'event.__proto__ == 1',
  'event.action > 5',
])('%s has no answer, and says why', (text) => expect(() => ask(text)).toThrow(BadCondition));

test('an input is text, a whole number, true or false, and nothing else', () => {
  const input = (text: string) => inputOf(compileCondition(text), facts);
  expect(input('event.workflow_run.head_branch')).toBe('main');
  expect(input('event.number')).toBe(5);
  expect(input('size(event.labels)')).toBe(2);
  expect(input('event.workflow_run.conclusion == "success"')).toBe(true);
  for (const text of [
    'event.labels',
    'event.workflow_run',
    'event.workflow_run.nothing',
    'event.number / 2.0',
  ])
    expect(() => input(text)).toThrow(BadCondition);
});

test('no text makes anything but an answer or BadCondition', () => {
  const part = fc.constantFrom(
    ...'event|.|action|number|"|(|)|[|]|==|&&|||!|in|size|has|exists|x|,|1|constructor|__proto__|?|:|{|}|+'.split(
      '|',
    ),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 25 }), (parts) => {
      try {
        compileCondition(parts.join(' '))(facts);
      } catch (error) {
        expect(error).toBeInstanceOf(BadCondition);
      }
    }),
    { numRuns: 2000 },
  );
});
