import { expect, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import type { StepServices } from '../../daemon/ports/steps.ts';
import { BadExpression, holds, parseExpression } from '../../daemon/runbook/expression.ts';
import { planDigest } from '../../daemon/runbook/index.ts';
import type { Ref } from '../../daemon/runbook/template.ts';
import { makeWorld } from './world.ts';

const look = (ref: Ref): string | undefined =>
  ref.of === 'env'
    ? 'prod'
    : ref.of === 'input'
      ? { n: '10', s: 'a b', t: 'true' }[ref.name]
      : ref.of === 'output'
        ? { big: '9007199254740993', pi: '3.14' }[ref.name]
        : undefined;

test.each([
  ['inputs.n == 10', true],
  ['inputs.n == "10.0"', true],
  ['inputs.n > 9 and inputs.n < 11', true],
  ['inputs.n >= 10 and not inputs.n != 10', true],
  ['inputs.s == "a b"', true],
  ["inputs.s contains 'b'", true],
  ['inputs.s matches "^a .$"', true],
  ['inputs.s matches "^b"', false],
  ['inputs.t', true],
  ['not inputs.t or env == "prod"', true],
  ['(env == "dev" or env == "prod") and inputs.n <= 10', true],
  ['env == "dev" or env == "prod" and inputs.n > 10', false],
  ['${steps.a.outputs.big} == 9007199254740992', false],
  ['steps.a.outputs.big > 9007199254740992', true],
  ['steps.a.outputs.pi < 3.15', true],
  ['60000 == 1m and 1500ms < 2s', true],
  ['"say \\"hi\\"" contains "\\"hi"', true],
])('expression: %s', (text, expected) => {
  expect(holds(parseExpression(text), look)).toBe(expected);
});

test.each([
  '',
  'inputs.n ==',
  '== 1',
  '(1 == 1',
  '1 == 1)',
  '1 == 1 2',
  'process.exit()',
  'inputs.n = 1',
  '"open',
  'secrets.x == "1"',
  'a == 1',
  `${'('.repeat(100)}1 == 1`,
  '1 == 1; 2 == 2',
])('no expression: %s', (text) => {
  expect(() => parseExpression(text)).toThrow(BadExpression);
});

test('order needs numbers, and a missing value is said by name', () => {
  expect(() => holds(parseExpression('inputs.s < 3'), look)).toThrow('both must be numbers');
  expect(() => holds(parseExpression('steps.a.outputs.gone == 1'), look)).toThrow(
    'steps.a.outputs.gone has no value',
  );
});

test('an assertion that fails names the values', async () => {
  const world = await makeWorld();
  await world.write(
    'x',
    '```assert { name=a message="too small on ${env}" }\n# a comment\n1 == 1\ninputs.n > 5\n```',
    'inputs: { n: { type: integer } }\n',
  );
  const { results } = await world.run('x', { n: 3 });
  expect(results['a']).toEqual({
    status: 'FAIL',
    error_code: 'ASSERTION_FAILED',
    why: 'Assertion a: too small on dev (inputs.n > 5 does not hold: inputs.n is "3").',
  });
  expect((await world.run('x', { n: 6 })).status).toBe('PASS');
});

test('artifact keeps what stands in scratch and nothing else', async () => {
  const world = await makeWorld();
  const setup =
    '```sh { name=make }\nmkdir d; printf data > "$REEVE_SCRATCH/a.txt"; mkdir "$REEVE_SCRATCH/sub"; ln -s /etc "$REEVE_SCRATCH/etc"; ln -s /etc/passwd "$REEVE_SCRATCH/p"; printf out > outside; ln outside "$REEVE_SCRATCH/hard"; mkfifo "$REEVE_SCRATCH/pipe"; rmdir d\necho name=a >> "$REEVE_OUTPUT"; echo up=../outside >> "$REEVE_OUTPUT"\n```\n';
  const attempts: [path: string, why: RegExp][] = [
    ['etc/passwd', /leads out/],
    ['p', /symbolic link/],
    ['hard', /hard link/],
    ['pipe', /no plain file|not a plain file/],
    ['sub', /not a plain file/],
    ['gone', /no such file/],
    ['${steps.make.outputs.up}', /not a path below/],
  ];
  for (const [path, why] of attempts) {
    await world.write('x', `${setup}\`\`\`artifact { name=keep path=${path} }\n\`\`\``);
    const { results } = await world.run('x');
    expect(results['keep']).toMatchObject({ status: 'FAIL', error_code: 'STEP_FAILED' });
    expect(results['keep']?.why).toMatch(why);
  }
  expect(world.artifacts).toEqual([]);
  await world.write(
    'x',
    `${setup}\`\`\`artifact { name=keep path="\${steps.make.outputs.name}.txt" media_type=text/plain }\n\`\`\``,
  );
  const { results } = await world.run('x');
  expect(results['keep']).toMatchObject({ status: 'PASS', outputs: { size: '4' } });
  expect(world.artifacts.map(({ bytes, name }) => [bytes.toString(), name])).toEqual([['data', 'a.txt']]);
  for (const path of ['/etc/passwd', '../x', 'a/../../x', '"a//b"', './a']) {
    await world.write('y', `\`\`\`artifact { name=keep path=${path} }\n\`\`\``);
    await expect(world.plan('y')).rejects.toMatchObject({ code: 'RUNBOOK_INVALID', at: 'runbooks/y.md:5' });
  }
});

test('wait waits, and can be stopped', async () => {
  const world = await makeWorld();
  await world.write('x', '```wait { name=w for=20ms }\n```');
  expect((await world.run('x')).status).toBe('PASS');
  await world.write('x', '```wait { name=w for=10m }\n```');
  const stop = new AbortController();
  const running = world.run('x', {}, { signal: stop.signal });
  stop.abort(fail('HALTED', { scope: 'reeve', since: 'now', by: 'ana', reason: 'x', flag: '' }));
  expect((await running).results['w']).toMatchObject({ status: 'CANCELLED', error_code: 'HALTED' });
  await world.write('y', '```wait { name=w }\n```\n```wait { name=v for=2m timeout=1m }\n```');
  expect((await world.runbooks.lint('y')).map(({ at }) => at)).toEqual([
    'runbooks/y.md:5',
    'runbooks/y.md:7',
  ]);
});

test('approve asks with the filled question, and a refusal fails the step', async () => {
  const asked: object[] = [];
  const approve: StepServices['approve'] = async ({ signal: _, ...request }) => {
    asked.push(request);
    if (request.question.includes('no')) throw fail('APPROVAL_SELF', { approvers: 'bo' });
    return { by: ['bo', 'cy'] };
  };
  const world = await makeWorld({ services: { approve } });
  await world.write(
    'x',
    '```approve { name=ask approvals=2 timeout=1h }\nGo to ${env} with ${inputs.x}?\n```',
    'inputs: { x: {} }\n',
  );
  const yes = await world.run('x', { x: 'it' });
  expect(yes.results['ask']).toEqual({ status: 'PASS', outputs: { approved_by: 'bo,cy' } });
  expect(asked).toMatchObject([
    { step: 'ask', question: 'Go to dev with it?', approvals: 2, timeout_ms: 3_600_000 },
  ]);
  expect((await world.run('x', { x: 'no' })).results['ask']).toMatchObject({
    status: 'FAIL',
    error_code: 'APPROVAL_SELF',
  });
});

test('call runs the planned callee and passes on how it ended', async () => {
  const requests: { plan_digest: string; inputs: object }[] = [];
  const call: StepServices['call'] = async ({ signal: _, ...request }) => {
    requests.push(request);
    const status = requests.length === 1 ? ('PASS' as const) : ('FAIL' as const);
    const plan = await world.plan('inner', { inputs: request.inputs });
    const { spec } = await world.context(plan);
    const attempt_id = `${spec.job_id}.1`;
    const time = '2026-01-02T03:04:05.678Z';
    const record = { job_id: spec.job_id, attempt_id, status, created_at_utc: time, updated_at_utc: time };
    return {
      spec,
      title: 'inner',
      status,
      queued_at: 0,
      attempts: [{ record, fence: 1, steps: [], outputs: { answer: '42' }, why: 'it broke' }],
    };
  };
  const world = await makeWorld({ services: { call } });
  await world.write('inner', '```sh { name=one }\ntrue\n```', 'inputs: { who: {} }\n');
  await world.write(
    'x',
    '```call { name=c runbook=inner }\nwho: ${project}\n```\n```assert { name=a }\nsteps.c.outputs.answer == 42\n```',
  );
  const good = await world.run('x');
  expect(good.status).toBe('PASS');
  const inner = planDigest(await world.plan('inner', { inputs: { who: 'reeve' } }));
  expect(requests[0]).toMatchObject({
    runbook: 'inner',
    inputs: { who: 'reeve' },
    plan_digest: inner,
    step: 'c',
  });
  expect(Object.values(good.plan.calls)).toEqual([inner]);
  const bad = await world.run('x');
  expect(bad.results['c']).toMatchObject({
    status: 'FAIL',
    why: expect.stringMatching(/ended FAIL: it broke/) as string,
  });
});

test('backup and restore hand their filled options to the driver', async () => {
  const got: object[] = [];
  const world = await makeWorld({
    services: {
      backup: async (driver, given) => {
        got.push({ driver, given });
        return { outputs: { id: 'b-7' }, artifacts: [] };
      },
      restore: async (driver, given) => {
        got.push({ driver, given });
        return { outputs: { ok: 'true' }, artifacts: [], phases: { fetch: 1 } };
      },
    },
  });
  await world.write(
    'x',
    '```backup { name=b driver=reeve keep=7 }\nwhat: [ledger, "${env}"]\n```\n```yaml { kind=restore name=r driver=reeve }\nbackup: ${steps.b.outputs.id}\nnote: "a: ${steps.b.outputs.id}"\n```',
  );
  const { results, status } = await world.run('x');
  expect(status).toBe('PASS');
  expect(got).toEqual([
    { driver: 'reeve', given: { keep: '7', what: ['ledger', 'dev'] } },
    { driver: 'reeve', given: { backup: 'b-7', note: 'a: b-7' } },
  ]);
  expect(results['r']).toMatchObject({ data: { fetch: 1 } });
});

test('a service that throws anything is a failed step, never a crash', async () => {
  const world = await makeWorld({ services: { notify: () => Promise.reject(new TypeError('odd')) } });
  await world.write(
    'x',
    '```notify { name=n channel=ops tone=bad }\nhello ${steps.m.outputs.gone}\n```\n```notify { name=m on=failure }\nx\n```',
  );
  expect((await world.runbooks.lint('x')).length).toBe(1);
  await world.write('x', '```notify { name=n }\nhello\n```');
  expect((await world.run('x')).results['n']).toEqual({
    status: 'FAIL',
    error_code: 'STEP_FAILED',
    why: 'Step n failed: odd.',
  });
});
