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
  ['event.labels.filter(l, l.name.startsWith("u")).exists(l, l.name == "urgent")', true],
  ['event.labels.exists(l, l.name == event.action)', false],
  ['event.labels.map(l, l.name).join(",").contains("deploy,urgent")', true],
  ['timestamp("2026-01-01T00:00:00Z") + duration("1h") > timestamp("2026-01-01T00:30:00Z")', true],
])('%s is %s', (text, expected) => expect(ask(text)).toBe(expected));

test.each([
  ['event.action ==', /EOF/],
  ['foo == 1', /Unknown variable: foo/],
  ['event.action.matches("^(a+)+$")', /startsWith/],
  ['event.labels.all(a, event.labels.exists(b, a == b))', /within another loop/],
  // What a payload could make take hours, or fill the memory.
  ['duration(event.action) > duration("1s")', /duration takes text that stands in the rule/],
  ['event.action.contains(event.workflow_run.name)', /contains takes text that stands in the rule/],
  ['event.action.indexOf(event.action) > 0', /indexOf takes/],
  ['event.labels.map(l, l.name).join(event.action) == ""', /join takes/],
  ['cel.bind(a, event.action + event.action, cel.bind(b, a + a, b == a))', /bind is not taken/],
  ['event.labels.exists(l, l in event.labels)', /within a loop/],
  ['event.labels.exists(l, event.labels == event.others)', /within a loop/],
  ['event.labels.exists(l, size(event.action) > 1)', /within a loop/],
  ['event.labels.exists(l, event.action.startsWith(l.name))', /within a loop/],
  ['event.labels.map(l, l.name + l.name).size() > 1', /nothing is added/],
  [`event.labels${'.map(l, l)'.repeat(6)}.size() > 1`, /more than 5 loops/],
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

test('whatever a payload holds, the work is in proportion to its size', () => {
  const long = 'a'.repeat(1_000_000);
  const list = Array.from({ length: 200_000 }, (_none, n) => `${long.slice(0, n % 7)}${n}`);
  const event = { a: `${long}b`, b: long, list, map: Object.fromEntries(list.map((one) => [one, one])) };
  for (const text of [
    'event.a.contains("aaaaaaaaaaaaaaaaaaaab") && event.a.endsWith(event.b)',
    'event.list.exists(x, x == event.a) || event.list.all(x, x != event.b)',
    'event.list.filter(x, x.contains("9")).map(x, size(x)).exists(n, n > 100)',
    'event.a.lowerAscii() == event.b.upperAscii() || event.a in event.list',
    'event.list == event.map.list || event.a in event.map',
    'int(event.a) > 1',
    'double(event.a) > 1.0',
    'timestamp(event.a) > timestamp("2026-01-01T00:00:00Z")',
    'event.a.split("a").size() > 1 && event.list.join("").size() > 1',
  ]) {
    // One that grows with the square takes minutes here, and the test its time.
    const condition = compileCondition(text);
    try {
      expect(condition({ event, source: 'generic/x', name: 'event' })).toBeTypeOf('boolean');
    } catch (error) {
      expect(error).toBeInstanceOf(BadCondition);
    }
  }
});

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
