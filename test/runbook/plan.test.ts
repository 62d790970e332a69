import { createServer } from 'node:http';
import { readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { oneLine } from '../../daemon/text.ts';
import { calledRuns, wholePlan } from '../../contracts/plan.ts';
import { planDigest } from '../../daemon/runbook/index.ts';
import { makeWorld, refusal, runPlan } from './world.ts';

const STEP = '```sh { name=one }\ntrue\n```';

test('attack 50: planning executes, writes and connects to nothing', async () => {
  let connections = 0;
  const server = createServer((_, response) => response.end('ok'));
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const touched: string[] = [];
  const service = (name: string) => () => {
    touched.push(name);
    return Promise.reject(new Error(name));
  };
  const world = await makeWorld({
    estate: { network: { allow: ['127.0.0.1', 'localhost'] } },
    services: {
      secrets: service('secrets'),
      putArtifact: service('artifact'),
      call: service('call'),
      approve: service('approve'),
      notify: service('notify'),
      backup: service('backup'),
      restore: service('restore'),
    },
  });
  const mark = join(world.root, 'mark');
  const steps = [
    `\`\`\`sh { name=a }\ntouch ${mark}\nnode -e 'fetch("http://127.0.0.1:${port}/")'\n\`\`\``,
    `\`\`\`bash { name=b }\n$(touch ${mark})\`touch ${mark}\`\n\`\`\``,
    `\`\`\`http { name=c }\nGET http://localhost:${port}/\n\n\`\`\``,
    `\`\`\`wait { name=d }\nGET http://127.0.0.1:${port}/\n\`\`\``,
    '```wait { name=e for=1m }\n```',
    '```assert { name=f }\ninputs.x == "1"\n```',
    '```approve { name=g }\nGo on?\n```',
    '```notify { name=h }\nHello\n```',
    '```artifact { name=i path=x }\n```',
    '```backup { name=j driver=reeve }\n```',
    '```restore { name=k driver=reeve }\n```',
    '```call { name=l runbook=other }\n```',
  ];
  await world.write('other', `\`\`\`sh { name=m }\ntouch ${mark}\n\`\`\``);
  await world.write('x', steps.join('\n'), `secrets: [token]\ninputs: { x: { pattern: ".*" } }\n`);
  const before = await readdir(world.root, { recursive: true });
  const plan = await world.plan('x', { inputs: { x: `$(touch ${mark})` } });
  expect(await world.runbooks.lint()).toEqual([]);
  expect(plan.steps.map(({ kind }) => kind)).toHaveLength(12);
  expect(await readdir(world.root, { recursive: true })).toEqual(before);
  expect([existsSync(mark), connections, touched]).toEqual([false, 0, []]);
  // The traces are real ones: running leaves them.
  const first = { ...plan, steps: plan.steps.slice(0, 1) };
  const spec = { ...plan.steps[0]?.spec, secrets: [] };
  await runPlan(
    world.runner,
    { ...first, steps: first.steps.map((s) => ({ ...s, spec })) },
    await world.context(plan),
  );
  expect([existsSync(mark), connections]).toEqual([true, 1]);
});

test('attack 27: what is shown is what runs: every byte of a script is in the plan and in its digest', async () => {
  const world = await makeWorld();
  const script = `printf '%s' "a  b\t"  \n\n   printf c # ${'x'.repeat(5000)}\n`;
  await world.write('x', `\`\`\`sh { name=one }\n${script}\`\`\``);
  const plan = await world.plan('x');
  expect(plan.steps[0]?.spec).toMatchObject({ argv: ['/bin/sh', '-eu', '-c'], script: script.slice(0, -1) });
  const digests = new Set([planDigest(plan)]);
  for (const changed of [
    script.replace('a  b', 'a b'),
    `${script}\n`,
    script.replace('\t', ' '),
    script.replace('xx', 'xy'),
  ]) {
    await world.write('x', `\`\`\`sh { name=one }\n${changed}\`\`\``);
    const next = await world.plan('x');
    digests.add(planDigest({ ...next, runbook_digest: plan.runbook_digest }));
  }
  expect(digests.size).toBe(5);
  // The file is not looked at again: what runs comes from the plan.
  await world.write('x', '```sh { name=one }\nprintf changed\n```');
  const { log } = await runPlan(world.runner, plan, await world.context(plan));
  expect(log).toBe('a  b\tc');
});

test('attack 27: the plan digest covers inputs, targets, environment, project, config and action', async () => {
  const world = await makeWorld();
  await world.write('x', STEP, 'inputs: { a: { type: string } }\n');
  const base = { inputs: { a: '1' } };
  const plans = await Promise.all([
    world.plan('x', base),
    world.plan('x', { inputs: { a: '2' } }),
    world.plan('x', { ...base, targets: { target: 'docker' } }),
    world.plan('x', { ...base, env: 'prod' }),
    world.plan('x', { ...base, project: 'shop' }),
  ]);
  expect(new Set(plans.map(planDigest)).size).toBe(5);
  expect(planDigest(await world.plan('x', base))).toBe(planDigest(plans[0]));
});

test('attack 46: shell syntax in an input is refused unless declared, and inert when it is', async () => {
  const world = await makeWorld();
  await world.write('strict', STEP, 'inputs: { x: {} }\n');
  const mark = join(world.root, 'mark');
  const nasty = [
    `; touch ${mark}`,
    `$(touch ${mark})`,
    `\`touch ${mark}\``,
    `a\ntouch ${mark}`,
    '-rf',
    '--help',
    'a|b',
    'a&b',
    'a>b',
    'a\\b',
    'a\rb',
    '\u001b[2J',
  ];
  for (const x of nasty) {
    const error = await refusal(world.plan('strict', { inputs: { x } }));
    expect([error.code, error.params['name']]).toEqual(['INPUT_INVALID', 'x']);
    // eslint-disable-next-line no-control-regex -- these must not be there
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
  }
  await world.write(
    'open',
    '```sh { name=one }\nprintf "<%s>" "$REEVE_INPUT_X"\n```\n```notify { name=n }\n${inputs.x}\n```',
    'inputs: { x: { pattern: "[^]*" } }\nlock: "l/${inputs.x}"\n',
  );
  for (const x of nasty) {
    const { log, status } = await world.run('open', { x });
    expect([log.split('told')[0], status, existsSync(mark)]).toEqual([`<${x}>`, 'PASS', false]);
    const { lock } = await world.plan('open', { inputs: { x } });
    expect(lock).toBe(oneLine(lock ?? ''));
  }
  expect((await refusal(world.plan('open', { inputs: { x: 'a\0b' } }))).code).toBe('INPUT_INVALID');
});

const wrong: [string, string, Json | undefined, RegExp][] = [
  ['integer', '{ type: integer, min: 1, max: 5 }', '6', /above 5/],
  ['integer', '{ type: integer }', '1.5', /no whole number/],
  ['integer', '{ type: integer }', '9007199254740993', /no whole number/],
  ['boolean', '{ type: boolean }', 'yes', /not true or false/],
  ['enum', '{ type: enum, values: [red, green] }', 'gren', /did you mean green\?/],
  ['project', '{ type: project }', 'nope', /is no project: reeve, shop/],
  ['environment', '{ type: environment }', 'stagin', /did you mean staging\?/],
  ['duration', '{ type: duration }', '5', /no duration/],
  ['job', '{ type: job }', 'job_1', /no job id/],
  ['digest', '{ type: digest }', 'sha256:1', /no sha256/],
  ['pattern', '{ pattern: "[a-z]+" }', 'ab1', /does not match/],
  ['slow pattern', '{ pattern: "(a+)+" }', `${'a'.repeat(40)}!`, /longer than 200 ms/],
  ['length', '{ max_length: 3 }', 'abcd', /longer than 3/],
  ['object', '{ type: string }', { a: 1 }, /neither text/],
  ['missing', '{ type: string }', undefined, /is missing/],
];
test.each(wrong)('a wrong input names itself: %s', async (_, spec, value, why) => {
  const world = await makeWorld();
  await world.write('x', STEP, `inputs: { it: ${spec} }\n`);
  const inputs: JsonObject = value === undefined ? {} : { it: value };
  const error = await refusal(world.plan('x', { inputs }));
  expect([error.code, error.params['name']]).toEqual(['INPUT_INVALID', 'it']);
  expect(error.message).toMatch(why);
});

test('all wrong inputs are named at once, also unknown ones', async () => {
  const world = await makeWorld();
  await world.write('x', STEP, 'inputs: { alpha: {}, beta: { type: integer } }\n');
  const error = await refusal(world.plan('x', { inputs: { alhpa: '1', beta: 'x' } }));
  expect(error.more).toEqual([
    'alhpa: is not declared; did you mean alpha?',
    'alpha: is missing',
    'beta: is no whole number',
  ]);
  const proto = JSON.parse('{"alpha":"a","beta":1,"__proto__":{"x":1}}') as Record<string, string>;
  expect((await refusal(world.plan('x', { inputs: proto }))).params['name']).toBe('__proto__');
});

test('inputs are typed, have defaults, and project and env are the run’s own', async () => {
  const world = await makeWorld();
  const front = `title: "X \${project} \${inputs.n}"
inputs:
  project: { type: project }
  env: { type: environment, default: staging }
  n: { type: integer, default: 3 }
  b: { type: boolean, default: false }
  o: { optional: true }
`;
  await world.write('x', STEP, front.replace(/^title.*\n/, ''));
  const plan = await world.plan('x', { env: 'prod', inputs: { n: '7', b: 'true' } });
  expect(plan.inputs).toEqual({ project: 'reeve', env: 'prod', n: 7, b: true });
  expect(plan.environment_names).toContain('REEVE_INPUT_N');
  expect((await refusal(world.plan('x', { inputs: { env: 'prod' } }))).message).toContain('this runs on dev');
});

test('only known projects and environments, and only those the runbook is for', async () => {
  const world = await makeWorld();
  await world.write('x', STEP, 'projects: [reeve]\nenvironments: [dev]\n');
  expect((await refusal(world.plan('x', { project: 'nope' }))).code).toBe('PROJECT_UNKNOWN');
  expect((await refusal(world.plan('x', { env: 'nope' }))).code).toBe('ENVIRONMENT_UNKNOWN');
  expect((await refusal(world.plan('x', { env: 'prod' }))).params['name']).toBe('env');
  expect((await refusal(world.plan('x', { project: 'shop' }))).params['name']).toBe('project');
});

test('a runbook does its own action, or what the estate gives it, and no other', async () => {
  const world = await makeWorld();
  await world.write('danger', STEP, 'action: deploy\n');
  await world.write('mapped', STEP);
  expect((await world.plan('danger')).action).toBe('deploy');
  expect((await refusal(world.plan('danger', { action: 'run' }))).code).toBe('ARGUMENTS_INVALID');
  expect((await world.plan('mapped', { project: 'shop', action: 'deploy' })).action).toBe('deploy');
  expect((await refusal(world.plan('mapped', { action: 'deploy' }))).code).toBe('ARGUMENTS_INVALID');
});

test('a call has the plan of what it calls in its own; cycles and depth are refused', async () => {
  const world = await makeWorld();
  await world.write('inner', '```sh { name=one }\necho "$REEVE_INPUT_WHO"\n```', 'inputs: { who: {} }\n');
  await world.write(
    'outer',
    '```call { name=first runbook=inner }\nwho: ${project}\n```\n```call { name=second runbook=inner env=prod }\nwho: me\n```',
  );
  const plan = await world.plan('outer');
  const inner = planDigest(await world.plan('inner', { inputs: { who: 'reeve' } }));
  expect(plan.calls['first']).toBe(inner);
  expect(plan.steps[0]?.spec).toEqual({
    runbook: 'inner',
    project: 'reeve',
    env: 'dev',
    inputs: { who: 'reeve' },
    plan_digest: inner,
    runs: [
      {
        runbook: 'inner',
        runbook_digest: (await world.runbooks.get('inner')).digest,
        action: 'run',
        project: 'reeve',
        env: 'dev',
      },
    ],
    plan: await world.plan('inner', { inputs: { who: 'reeve' } }),
  });
  expect(calledRuns(plan).map(({ env }) => env)).toEqual(['dev', 'prod']);
  expect(plan.calls['second']).not.toBe(inner);
  await world.write('inner', '```sh { name=one }\ntrue\n```', 'inputs: { who: {} }\n');
  expect((await world.plan('outer')).calls['first']).not.toBe(inner);

  await world.write('a', '```call { name=c runbook=b }\n```');
  await world.write('b', '```call { name=c runbook=a }\n```');
  expect((await refusal(world.plan('a'))).message).toContain('it calls itself: a → b → a');
  for (let i = 1; i <= 6; i++)
    await world.write(`r${i}`, i === 6 ? STEP : `\`\`\`call { name=c runbook=r${i + 1} }\n\`\`\``);
  expect((await refusal(world.plan('r1'))).message).toContain('more than 5 runbooks');
  expect((await world.plan('r2')).steps).toHaveLength(1);
  expect((await refusal(world.plan('outer', { project: 'shop' }))).code).toBe('ENVIRONMENT_UNKNOWN');
});

test('attack 50: what is called over and over is too much at a bounded number of steps', async () => {
  const world = await makeWorld();
  // 40 calls in each of four: 2.6 million steps, if they were all to be planned.
  for (const [name, called] of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
    ['d', 'leaf'],
  ] as const) {
    const calls = Array.from({ length: 40 }, (_, i) => `\`\`\`call { name=c${i} runbook=${called} }\n\`\`\``);
    await world.write(name, calls.join('\n'));
  }
  await world.write('leaf', STEP);
  expect((await refusal(world.plan('a'))).message).toContain('more than 1000 steps');
  expect(wholePlan(await world.plan('d'))).toHaveLength(41);
});

test('templates are filled, encoded for their place, and outputs stay as written', async () => {
  const world = await makeWorld();
  const http = `\`\`\`http { name=h expect=201 }
POST https://example.com/a/\${inputs.x}?q=\${inputs.x}&s=\${steps.one.outputs.id}
Content-Type: application/json
X-Env: \${env}

{"x": "\${inputs.x}", "literal": "$\${env}"}
\`\`\``;
  await world.write('x', `${STEP}\n${http}`, 'inputs: { x: { pattern: "[^]*" } }\n');
  const plan = await world.plan('x', { inputs: { x: 'a/b"?&=é ${env}' } });
  expect(plan.steps[1]?.spec['request']).toEqual({
    method: 'POST',
    url: 'https://example.com/a/a%2Fb%22%3F%26%3D%C3%A9%20%24%7Benv%7D?q=a%2Fb%22%3F%26%3D%C3%A9%20%24%7Benv%7D&s=${steps.one.outputs.id}',
    headers: { 'content-type': 'application/json', 'x-env': 'dev' },
    body: '{"x": "a/b\\"?&=é $${env}", "literal": "$${env}"}',
  });
  await world.write(
    'y',
    `${STEP}\n\`\`\`http { name=h }\nGET https://example.com/\nX-A: \${inputs.x}\n\`\`\``,
    'inputs: { x: { pattern: "[^]*" } }\n',
  );
  expect((await refusal(world.plan('y', { inputs: { x: 'a\r\nX-Evil: 1' } }))).message).toContain(
    'printable ASCII',
  );
  await world.write(
    'z',
    `${STEP}\n\`\`\`http { name=h }\nGET https://example.com/\${inputs.x}/b\n\`\`\``,
    'inputs: { x: {} }\n',
  );
  expect((await refusal(world.plan('z', { inputs: { x: '..' } }))).code).toBe('INPUT_INVALID');
});
