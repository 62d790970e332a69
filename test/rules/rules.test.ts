import { expect, test } from 'vitest';
import { openHooks, type Hooks } from '../webhooks/rig.ts';

const RULES = `rules:
  main:
    on: github.workflow_run.completed
    if: event.workflow_run.conclusion == "success" && event.workflow_run.head_branch == "main"
    runbook: touch
    project: shop
    env: dev
    inputs: { name: { from: event.workflow_run.name } }
`;

/** A world with this rule accepted. */
async function withRules(rules = RULES): Promise<Hooks> {
  const hooks = await openHooks(rules);
  await accept(hooks);
  return hooks;
}
async function accept(hooks: Hooks): Promise<void> {
  for (const name of Object.keys(hooks.app.running.deps.config.current().config.rules)) {
    const args = { mandate: `rule:${name}` };
    const accepted = await hooks.as('root', { command: 'config accept', args, force: true });
    if (!accepted.ok) throw new Error(JSON.stringify(accepted.error));
  }
}
const run = (over: object = {}, action = 'completed') => ({
  action,
  workflow_run: { conclusion: 'success', head_branch: 'main', name: 'ci', ...over },
});
const send = async (hooks: Hooks, body: object, event = 'workflow_run', id?: string): Promise<string> => {
  const answer = await hooks.github(body, { event, ...(id === undefined ? {} : { id }) });
  expect(answer.status).toBe(200);
  await hooks.app.running.features.rulesSettled();
  return (JSON.parse(answer.text) as { delivery: string }).delivery;
};
const decided = async (hooks: Hooks) => (await hooks.records('rule.decided')).map(({ body }) => body);

test('a delivery starts the runbook once, with inputs from the payload, under a grant of the rule; explain says why', async () => {
  const hooks = await withRules();
  const delivery = await send(hooks, run(), 'workflow_run', 'run-1');
  const [ran] = await hooks.records('rule.ran');
  const { status } = await hooks.app.running.jobs.wait(ran?.body.job ?? '');
  const { spec } = await hooks.app.running.jobs.get(ran?.body.job ?? '');
  expect([status, spec.inputs, spec.anchor]).toEqual([
    'PASS',
    { name: 'ci' },
    { kind: 'delivery', id: `rule:main/${delivery}` },
  ]);
  const grants = (await hooks.records('grant.issued')).map(({ body }) => JSON.stringify(body));
  expect(grants.some((grant) => grant.includes(spec.grant_id) && grant.includes('rule:main'))).toBe(true);

  // The sender repeats itself, and a person has it handled once more: the same job.
  await send(hooks, run(), 'workflow_run', 'run-1');
  await hooks.as('root', { command: 'webhook redeliver', args: { delivery } });
  await hooks.app.running.features.rulesSettled();
  expect(await hooks.records('job.queued')).toHaveLength(1);

  const explained = await hooks.as('root', { command: 'rules explain', args: { delivery } });
  expect(explained).toMatchObject({
    ok: true,
    data: {
      rules: [
        {
          rule: 'main',
          matches: true,
          inputs: { name: 'ci' },
          decided: { decision: 'run', job: spec.job_id },
        },
      ],
    },
  });
});

test.each([
  [
    'another action',
    run({}, 'requested'),
    /for github.workflow_run.completed, and this is github.workflow_run.requested/,
  ],
  ['a condition that does not hold', run({ conclusion: 'failure' }), /does not hold/],
  ['a field that is not there', { action: 'completed' }, /No such key: workflow_run/],
  ['an input that is none', run({ name: ['ci'] }), /inputs.name: it yields no text/],
])('%s starts nothing, and explain says so', async (_what, body, why) => {
  const hooks = await withRules();
  const delivery = await send(hooks, body);
  expect(await hooks.records('job.queued')).toEqual([]);
  const { data } = await hooks.as('root', { command: 'rules explain', args: { delivery } });
  const [rule] = (data as { rules: { matches: boolean; why: string }[] }).rules;
  expect(rule).toMatchObject({ matches: false, why: expect.stringMatching(why) as string });
});

test('what the payload says is data: the runbook’s own pattern refuses it, nothing is run', async () => {
  const hooks = await withRules();
  await send(hooks, run({ name: 'x; touch /tmp/owned' }));
  expect((await hooks.records('rule.ran'))[0]?.body.why).toMatch(/name/);
  expect(await hooks.records('job.queued')).toEqual([]);
});

test('a rule that nobody accepted, or whose runbook was changed since, starts nothing', async () => {
  const hooks = await openHooks(RULES);
  const first = await send(hooks, run({ name: 'a' }));
  expect((await decided(hooks)).map(({ decision }) => decision)).toEqual(['not_allowed']);
  await accept(hooks);
  // It came before the rule was accepted; a person may still want it.
  await hooks.as('root', { command: 'webhook redeliver', args: { delivery: first } });
  await hooks.app.running.features.rulesSettled();
  expect((await decided(hooks)).at(-1)?.decision).toBe('run');

  const { readFile } = await import('node:fs/promises');
  const runbook = await readFile(`${hooks.root}/runbooks/touch.md`, 'utf8');
  await hooks.write('runbooks/touch.md', runbook.replace('echo "done=yes"', 'echo "done=no"'));
  await hooks.as('root', { command: 'config reload' });
  await send(hooks, run({ name: 'b' }));
  expect((await decided(hooks)).at(-1)).toMatchObject({
    decision: 'not_allowed',
    why: expect.stringContaining('rule:main') as string,
  });
});

test('a rule that starts too much is stopped, with an alert, until a person resets it', async () => {
  const hooks = await withRules(RULES.replace('    inputs:', '    max: 3\n    within: 1h\n    inputs:'));
  for (const name of ['a', 'b', 'c', 'd', 'e']) await send(hooks, run({ name }));
  expect((await decided(hooks)).map(({ decision }) => decision)).toEqual([
    'run',
    'run',
    'run',
    'stopped',
    'stopped',
  ]);
  expect(await hooks.records('rule.stopped')).toHaveLength(1);
  expect((await hooks.as('root', { command: 'alerts list' })).data).toMatchObject([
    { key: 'rule:main:stopped' },
  ]);

  await hooks.restart();
  await send(hooks, run({ name: 'f' }));
  expect((await decided(hooks)).at(-1)?.decision).toBe('stopped');
  expect(await hooks.as('root', { command: 'rules reset', args: { rule: 'main' } })).toMatchObject({
    ok: true,
  });
  expect((await hooks.as('root', { command: 'alerts list' })).data).toEqual([]);
  await send(hooks, run({ name: 'g' }));
  expect((await decided(hooks)).at(-1)?.decision).toBe('run');
});

test('a rule that follows from its own effect, directly or through another rule, is not run again', async () => {
  const other = `  back:
    on: github.deployment_status
    runbook: touch
    project: shop
    env: dev
    inputs: { name: { from: event.name } }
`;
  const hooks = await withRules(RULES + other);
  await send(hooks, run({ name: 'a' }));
  const first = (await hooks.records('rule.ran'))[0]?.body.job ?? '';
  // What Reeve writes names the job that wrote it.
  await send(hooks, { ...run({ name: 'b' }), note: `by ${first}` });
  await send(hooks, { name: 'c', note: `by ${first}` }, 'deployment_status');
  const second = (await hooks.records('rule.ran')).at(-1)?.body.job ?? '';
  expect(second).not.toBe(first);
  await send(hooks, { ...run({ name: 'd' }), note: `by ${second}` });
  expect((await decided(hooks)).map(({ rule, decision }) => [rule, decision])).toEqual([
    ['main', 'run'],
    ['main', 'loop'],
    ['back', 'run'],
    ['main', 'loop'],
  ]);
});

test('what a rule could not start is started when a person has it handled once more, and then once', async () => {
  const hooks = await withRules();
  await hooks.as('root', { command: 'halt', args: { project: 'shop' }, reason: 'a test' });
  const delivery = await send(hooks, run({ name: 'a' }));
  expect((await hooks.records('rule.ran')).map(({ body }) => body.job)).toEqual([undefined]);
  await hooks.as('root', { command: 'resume', args: { project: 'shop' } });
  for (let n = 0; n < 3; n++) {
    await hooks.as('root', { command: 'webhook redeliver', args: { delivery } });
    await hooks.app.running.features.rulesSettled();
  }
  expect(await hooks.records('job.queued')).toHaveLength(1);
  const explained = await hooks.as('root', { command: 'rules explain', args: { delivery } });
  expect(explained.data).toMatchObject({
    rules: [{ decided: { decision: 'run', job: expect.stringMatching(/^job_/) as string } }],
  });
});

test('what came while the daemon was being stopped is looked at by the next one, and nothing twice', async () => {
  const hooks = await withRules();
  await hooks.github(run({ name: 'a' }), { event: 'workflow_run' });
  await hooks.restart();
  await hooks.app.running.features.rulesSettled();
  await hooks.restart();
  await hooks.app.running.features.rulesSettled();
  expect(await hooks.records('job.queued')).toHaveLength(1);
});

test.each([
  ['on: github.workflow_run.completed', 'on: linear.Issue.create', undefined],
  ['on: github.workflow_run.completed', 'on: generic/nobody.x', /nobody calls in from generic\/nobody/],
  ['== "main"', '== ', /EOF/],
  ['event.workflow_run.name }', 'event.name.matches("(a+)+") }', /startsWith/],
])('%s as %s: mistakes are told with their line', async (from, to, why) => {
  const hooks = await openHooks();
  const { readFile } = await import('node:fs/promises');
  const estate = await readFile(`${hooks.root}/reeve.yaml`, 'utf8');
  await hooks.write('reeve.yaml', estate + RULES.replace(from, to));
  const reply = await hooks.as('root', { command: 'config check' });
  if (why === undefined) expect(reply.ok).toBe(true);
  else expect(JSON.stringify(reply.data)).toMatch(why);
});
