import { access, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openHooks, type Hooks } from '../webhooks/rig.ts';

const rule = (name: string, runbook: string): string => `rules:
  ${name}:
    on: github.pull_request
    runbook: ${runbook}
    project: shop
    env: dev
    max: 100
    inputs: { branch: { from: event.pull_request.head.ref } }
`;
/** Takes what it is given, and does with it what shells and programs are caught by. `pattern`: what it allows. */
const runbook = (pattern: string | undefined): string => `---
runbook: build
title: Build a branch
action: run
inputs: { branch: { type: string${pattern === undefined ? '' : `, pattern: ${JSON.stringify(pattern)}`} } }
timeout: 1m
---
\`\`\`sh { name=build }
printf '%s' "$REEVE_INPUT_BRANCH" > seen.txt
printf 'argv=%s' -- "$REEVE_INPUT_BRANCH" > argv.txt
\`\`\`
`;

async function open(pattern?: string, name = 'build'): Promise<Hooks> {
  const hooks = await openHooks();
  await hooks.write('runbooks/build.md', runbook(pattern));
  const estate = await readFile(`${hooks.root}/reeve.yaml`, 'utf8');
  await hooks.write('reeve.yaml', estate + rule(name, 'build'));
  expect(await hooks.as('root', { command: 'config reload' })).toMatchObject({ ok: true });
  const args = { mandate: `rule:${name}` };
  expect(await hooks.as('root', { command: 'config accept', args, force: true })).toMatchObject({ ok: true });
  return hooks;
}
async function deliver(hooks: Hooks, body: object | string): Promise<void> {
  expect((await hooks.github(body, { event: 'pull_request' })).status).toBe(200);
  await hooks.app.running.features.rulesSettled();
}
const branch = (ref: string) => ({ action: 'opened', pull_request: { head: { ref } } });
const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

test.each([
  ['--upload-pack=touch owned', /begins with -/],
  ['-oProxyCommand=touch owned', /begins with -/],
  ['main; touch owned', /needs a pattern/],
  ['$(touch owned)', /needs a pattern/],
  ['`touch owned`', /needs a pattern/],
  ['main\ntouch owned', /needs a pattern/],
  ['main\0', /NUL/],
  ['../../../etc/passwd; x', /needs a pattern/],
  ['\ud800', /Unicode/],
  ['x'.repeat(100_000), /longer/],
])(
  'attack 46: a branch called %j starts nothing where the runbook allows no such thing',
  async (ref, why) => {
    const hooks = await open();
    await deliver(hooks, branch(ref));
    const [ran] = await hooks.records('rule.ran');
    expect(ran?.body.why).toMatch(why);
    expect(await hooks.records('job.queued')).toEqual([]);
  },
);

test('attack 46: what a runbook does allow reaches the shell as it is, and is neither run nor filled in', async () => {
  const hooks = await open('^[^\\u0000]{1,200}$');
  const evil =
    '$(touch owned) `touch owned`; touch owned\n--upload-pack=x {{branch}} ${inputs.branch} ${{ github.token }} %s';
  await deliver(hooks, branch(evil));
  const [ran] = await hooks.records('rule.ran');
  const { status } = await hooks.app.running.jobs.wait(ran?.body.job ?? '');
  expect(status).toBe('PASS');
  expect(await readFile(`${hooks.root}/seen.txt`, 'utf8')).toBe(evil);
  expect(await readFile(`${hooks.root}/argv.txt`, 'utf8')).toBe(`argv=--argv=${evil}`);
  expect(await there(`${hooks.root}/owned`)).toBe(false);
});

test('attack 39: names of prototypes in a payload and in a condition are names, or nothing at all', async () => {
  const hooks = await open('^[a-z]{1,20}$');
  for (const body of [
    '{"action":"opened","__proto__":{"pull_request":{"head":{"ref":"main"}}}}',
    '{"action":"opened","constructor":{"prototype":{"pull_request":{"head":{"ref":"main"}}}}}',
    '{"action":"opened","pull_request":{"head":{"__proto__":{"ref":"main"}}}}',
    '{"action":"opened","pull_request":{"head":{"constructor":{"name":"x"}}}}',
  ])
    await deliver(hooks, body);
  expect(await hooks.records('job.queued')).toEqual([]);
  expect('pull_request' in {}).toBe(false);
  await deliver(hooks, branch('main'));
  expect(await hooks.records('job.queued')).toHaveLength(1);
});

test('attack 38: a payload of 10,000 levels is kept, and decided as unusable', async () => {
  const hooks = await open('^[a-z]{1,20}$');
  await deliver(hooks, `{"action":"opened","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`);
  expect(await hooks.records('webhook.received')).toHaveLength(1);
  expect((await hooks.records('rule.decided')).map(({ body }) => body.decision)).toEqual(['unusable']);
  await deliver(hooks, branch('main'));
  expect(await hooks.records('job.queued')).toHaveLength(1);
});

test('a rule called constructor counts like any other, also after a restart', async () => {
  const hooks = await open('^[a-z]{1,20}$', 'constructor');
  await deliver(hooks, branch('main'));
  await hooks.restart();
  await deliver(hooks, branch('next'));
  expect(await hooks.records('job.queued')).toHaveLength(2);
  expect((await hooks.as('root', { command: 'rules list' })).data).toMatchObject([
    { name: 'constructor', runs: 2 },
  ]);
});

test('events that nobody knows, and an action that is none, are kept and start nothing; what comes out of order is decided each for itself', async () => {
  const hooks = await open('^[a-z]{1,20}$');
  for (const [event, body] of [
    ['quantum_entangled', { action: 'opened' }],
    ['pull_request_review_comment', branch('main')],
    ['pull_request', { action: { toString: 'opened' }, pull_request: null }],
    ['pull_request', ['no object']],
  ] as const)
    expect((await hooks.github(body, { event })).status).toBe(200);
  await hooks.app.running.features.rulesSettled();
  expect(await hooks.records('webhook.received')).toHaveLength(4);
  expect(await hooks.records('job.queued')).toEqual([]);
  // Closed before it was opened: a rule says with its condition what it makes of that.
  await deliver(hooks, { ...branch('late'), action: 'closed' });
  await deliver(hooks, branch('early'));
  const inputs = (await hooks.records('job.queued')).map(({ body }) => body.job.inputs['branch']);
  expect(inputs).toEqual(['late', 'early']);
});
