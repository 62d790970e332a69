import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { CommandRequest } from '../../contracts/api.ts';
import { openWorld, RUNBOOKS, type World } from '../helpers/app.ts';

const deploy = (env: string, more: Partial<CommandRequest> = {}): CommandRequest => ({
  command: 'deploy',
  args: { project: 'shop', env },
  interactive: true,
  ...more,
});
const trace = (world: World): Promise<string> =>
  readFile(path.join(world.root, 'trace.txt'), 'utf8').catch(() => '');
const code = (reply: { error?: { code: string } | undefined }): string | undefined => reply.error?.code;

test('a person is shown the plan, confirms exactly it, and it runs once under a one-use grant', async () => {
  const world = await openWorld();
  const shown = await world.as('ana', deploy('dev'));
  expect(shown.confirm?.digest).toMatch(/^sha256:/);
  expect(await trace(world)).toBe('');
  expect(await world.records('grant.issued')).toHaveLength(0);
  const run = await world.as('ana', deploy('dev', { confirm: shown.confirm?.digest ?? '' }));
  expect(await world.end(run)).toBe('PASS');
  expect(await trace(world)).toBe('trace\n');
  const grants = (await world.records('grant.issued')).filter((r) => r.body.how === 'confirmed');
  expect(grants).toHaveLength(1);
  expect(grants[0]?.body.grant).toMatchObject({
    sub: 'person:ana',
    uses: 1,
    cap: ['deploy:dev'],
    prj: ['shop'],
    plan: shown.confirm?.digest,
  });
});

test('intent, grant use, job and outcome stand in the ledger in this order, each before its effect', async () => {
  const world = await openWorld();
  const run = await world.as('ana', deploy('dev', { force: true, reason: 'order' }));
  await world.end(run);
  const types: string[] = [];
  for await (const r of world.app.store.ledger.read(0)) types.push(r.type);
  const order = [
    'grant.issued',
    'admin.intent',
    'grant.used',
    'job.queued',
    'job.step.started',
    'job.step.finished',
  ];
  const at = order.map((type) => types.indexOf(type));
  expect(at.every((n) => n >= 0)).toBe(true);
  expect(at).toEqual(at.toSorted((a, b) => a - b));
});

test('who cannot be asked and brings no grant is refused, and the refusal is a record', async () => {
  const world = await openWorld();
  const before = (await world.records('admission.refused')).length;
  const reply = await world.as('ana', { command: 'deploy', args: { project: 'shop', env: 'dev' } });
  expect(code(reply)).toBe('GRANT_REQUIRED');
  const refused = await world.records('admission.refused');
  expect(refused).toHaveLength(before + 1);
  expect(refused.at(-1)?.seq).toBe(reply.error?.ledger_seq);
  expect(await trace(world)).toBe('');
});

test('a role without the verb is refused, also for a dry run', async () => {
  const world = await openWorld();
  expect(code(await world.as('vic', deploy('dev', { force: true })))).toBe('FORBIDDEN');
  expect(code(await world.as('vic', deploy('dev', { dry_run: true })))).toBe('FORBIDDEN');
  expect(code(await world.as('vic', { command: 'halt', args: {} }))).toBe('FORBIDDEN');
  expect(code(await world.as('nobody', { command: 'status' }))).toBe('PERSON_UNKNOWN');
});

test('approval: asked, approved by another, runs by itself with the same plan', async () => {
  const world = await openWorld();
  const asked = await world.as('ana', deploy('prod', { force: true, reason: 'release 7' }));
  const request = (asked.data as { request: { id: string; approvers: string[] } }).request;
  expect(request.approvers).not.toContain('ana');
  expect(await trace(world)).toBe('');
  const approved = await world.as('ben', {
    command: 'grant approve',
    args: { request: request.id },
    force: true,
  });
  expect(approved.error).toBeUndefined();
  expect(await world.end(approved)).toBe('PASS');
  const issued = (await world.records('grant.issued')).at(-1);
  const grant = (await world.records('grant.issued')).find((r) => r.body.how === 'approved');
  expect(grant?.body.grant.apr).toEqual(['ben']);
  expect(grant?.body.grant.sub).toBe('person:ana');
  expect(issued).toBeDefined();
});

test('attack 24: nobody approves their own request, also through a second linked account', async () => {
  const world = await openWorld();
  const asked = await world.as('root', deploy('prod', { force: true, reason: 'mine' }));
  const { id } = (asked.data as { request: { id: string } }).request;
  for (const account of ['uid:0', 'discord:123456789012345678']) {
    const reply = await world.as(
      'root',
      { command: 'approve', args: { request: id }, force: true },
      { account },
    );
    expect(code(reply)).toBe('APPROVAL_SELF');
  }
  expect(await trace(world)).toBe('');
});

test('two approvals need two people', async () => {
  const world = await openWorld();
  const asked = await world.as('ana', deploy('vault', { force: true, reason: 'vault' }));
  const { id } = (asked.data as { request: { id: string } }).request;
  const first = await world.as('ben', { command: 'approve', args: { request: id }, force: true });
  expect(first.job).toBeUndefined();
  expect(code(await world.as('ben', { command: 'approve', args: { request: id }, force: true }))).toBe(
    'APPROVAL_TWICE',
  );
  expect(await trace(world)).toBe('');
  expect(
    await world.end(await world.as('cleo', { command: 'approve', args: { request: id }, force: true })),
  ).toBe('PASS');
});

test('attack 23: what changed after the approval does not run', async () => {
  const world = await openWorld();
  const asked = await world.as('ana', deploy('prod', { force: true, reason: 'then changed' }));
  const { id } = (asked.data as { request: { id: string } }).request;
  await world.write(
    'runbooks/touch.md',
    (RUNBOOKS['touch.md'] ?? '').replace('echo "done=yes"', 'echo "done=no"'),
  );
  const reply = await world.as('ben', { command: 'approve', args: { request: id }, force: true });
  expect(code(reply)).toBe('GRANT_PLAN_MISMATCH');
  expect(await trace(world)).toBe('');
});

test('attack 23: inputs that changed between plan and confirmation are refused', async () => {
  const world = await openWorld();
  const shown = await world.as('ana', deploy('dev'));
  const reply = await world.as(
    'ana',
    deploy('dev', {
      args: { project: 'shop', env: 'dev', input: ['name=evil'] },
      confirm: shown.confirm?.digest ?? '',
    }),
  );
  expect(code(reply)).toBe('GRANT_PLAN_MISMATCH');
  expect(await trace(world)).toBe('');
});

test("attack 26: another person's grant is refused", async () => {
  const world = await openWorld();
  const made = await world.as('root', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], auto_deploy_dev: true, subject: 'ana' },
    reason: 'for ana',
  });
  const { grant_id, token } = made.data as { grant_id: string; token: string };
  for (const grant of [grant_id, token])
    expect(code(await world.as('root', deploy('dev', { grant, force: true })))).toBe('GRANT_SUBJECT');
  expect(await world.end(await world.as('ana', deploy('dev', { grant: token, force: true })))).toBe('PASS');
});

test('attack 16: a grant of everything or nothing cannot be made', async () => {
  const world = await openWorld();
  for (const args of [
    { project_ids: [] },
    { project_ids: ['*'], auto_deploy_dev: true },
    { project_ids: ['shop'] },
    { project_ids: ['shop'], cap: ['*:*'] },
    { project_ids: ['shop'], cap: ['deploy:*'] },
  ]) {
    const reply = await world.as('root', { command: 'preauth create-grant', args, reason: 'x' });
    expect(reply.ok).toBe(false);
  }
  expect(await world.records('grant.issued')).toHaveLength(0);
});

test('a grant made ahead cannot go round the approvals that policy asks for; break-glass can, loudly', async () => {
  const world = await openWorld();
  const args = { project_ids: ['shop'], cap: ['deploy:prod'] };
  expect(code(await world.as('root', { command: 'preauth create-grant', args, reason: 'x' }))).toBe(
    'APPROVAL_REQUIRED',
  );
  const made = await world.as('root', {
    command: 'preauth create-grant',
    args: { ...args, break_glass: true, expires_in_hours: 2 },
    reason: 'site down',
  });
  expect(made.error).toBeUndefined();
  const review = (await world.records('review.opened')).at(-1);
  expect(review?.body.skipped.toSorted()).toEqual(['ben', 'cleo']);
  const open = await world.as('root', { command: 'review list' });
  expect((open.data as unknown[]).length).toBe(1);
  expect(
    code(
      await world.as('root', {
        command: 'review close',
        args: { review: review?.body.id ?? '' },
        reason: 'fine by me',
      }),
    ),
  ).toBeDefined();
  expect(
    (
      await world.as('ben', {
        command: 'review close',
        args: { review: review?.body.id ?? '' },
        reason: 'justified',
      })
    ).ok,
  ).toBe(true);
});

test('attack 13: break-glass over its maximum is refused', async () => {
  const world = await openWorld();
  const reply = await world.as('root', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], auto_deploy_dev: true, break_glass: true, expires_in_hours: 3 },
    reason: 'x',
  });
  expect(code(reply)).toBe('GRANT_LIFETIME');
});

test('attack 20: a grant revoked in mid-job stops it at the next step', async () => {
  const world = await openWorld();
  const run = await world.as('ana', {
    command: 'run',
    args: { runbook: 'slow', project: 'shop', env: 'dev' },
    force: true,
  });
  const gid = (run.data as { grant_id: string }).grant_id;
  await expect.poll(() => trace(world), { timeout: 20_000 }).toBe('first\n');
  expect(
    (await world.as('root', { command: 'preauth revoke', args: { grant: gid }, reason: 'stop' })).ok,
  ).toBe(true);
  await writeFile(path.join(world.root, 'go'), '');
  expect(await world.end(run)).not.toBe('PASS');
  expect(await trace(world)).toBe('first\n');
});

test('attack 22: a halt between two steps stops the job; resume lets new work start', async () => {
  const world = await openWorld();
  const run = await world.as('ana', {
    command: 'run',
    args: { runbook: 'slow', project: 'shop', env: 'dev' },
    force: true,
  });
  await expect.poll(() => trace(world), { timeout: 20_000 }).toBe('first\n');
  expect((await world.as('ana', { command: 'halt', args: { project: 'shop' }, reason: 'wrong' })).ok).toBe(
    true,
  );
  await writeFile(path.join(world.root, 'go'), '');
  expect(await world.end(run)).not.toBe('PASS');
  expect(await trace(world)).toBe('first\n');
  expect(code(await world.as('ana', deploy('dev', { force: true })))).toBe('HALTED');
  await world.restart();
  expect(code(await world.as('ana', deploy('dev', { force: true })))).toBe('HALTED');
  expect((await world.as('ana', { command: 'resume', args: { project: 'shop' } })).ok).toBe(true);
  expect(await world.end(await world.as('ana', deploy('dev', { force: true })))).toBe('PASS');
});

test('attack 21: revoked, then the daemon is restarted: still revoked', async () => {
  const world = await openWorld();
  const made = await world.as('root', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], auto_deploy_dev: true },
    reason: 'x',
  });
  const { grant_id, token } = made.data as { grant_id: string; token: string };
  await world.as('root', { command: 'preauth revoke', args: { grant: grant_id } });
  await world.restart();
  for (const grant of [grant_id, token])
    expect(code(await world.as('root', deploy('dev', { grant, force: true })))).toBe('GRANT_REVOKED');
});

test('attack 53: a reason of a megabyte is refused with its limit', async () => {
  const world = await openWorld();
  const reply = await world.as('ana', { command: 'halt', args: {}, reason: 'x'.repeat(1_000_000) });
  expect(code(reply)).toBe('REASON_TOO_LONG');
  expect(await world.records('halt.set')).toHaveLength(0);
});

test('attack 18: a command or project called __proto__ or constructor finds nothing', async () => {
  const world = await openWorld();
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect(code(await world.as('ana', { command: name }))).toBe('COMMAND_UNKNOWN');
    expect(
      code(await world.as('ana', deploy('dev', { args: { project: name, env: 'dev' }, force: true }))),
    ).toBe('PROJECT_UNKNOWN');
    expect(
      code(await world.as('ana', deploy('dev', { args: { project: 'shop', env: name }, force: true }))),
    ).toBe('ENVIRONMENT_UNKNOWN');
  }
});

test('the same nonce twice is one job', async () => {
  const world = await openWorld();
  const [a, b] = [
    await world.as('ana', deploy('dev', { force: true, nonce: 'n1' })),
    await world.as('ana', deploy('dev', { force: true, nonce: 'n1' })),
  ];
  expect(b.job?.id).toBe(a.job?.id);
  await world.end(a);
  expect(await trace(world)).toBe('trace\n');
});

test('pause and drain refuse new work, each with its own words', async () => {
  const world = await openWorld();
  await world.as('root', { command: 'pause', reason: 'maintenance' });
  expect(code(await world.as('ana', deploy('dev', { force: true })))).toBe('PAUSED');
  await world.as('root', { command: 'drain' });
  expect(code(await world.as('ana', deploy('dev', { force: true })))).toBe('DRAINING');
  await world.as('root', { command: 'resume' });
  expect(await world.end(await world.as('ana', deploy('dev', { force: true })))).toBe('PASS');
});

test('replay runs the pinned inputs as a new job; retry of a passed job is refused', async () => {
  const world = await openWorld();
  const first = await world.as(
    'ana',
    deploy('dev', { force: true, args: { project: 'shop', env: 'dev', input: ['name=pinned'] } }),
  );
  await world.end(first);
  const again = await world.as('ana', { command: 'replay', args: { job: first.job?.id ?? '' }, force: true });
  expect(await world.end(again)).toBe('PASS');
  expect(again.job?.id).not.toBe(first.job?.id);
  expect(await trace(world)).toBe('pinned\npinned\n');
  expect(
    code(await world.as('ana', { command: 'jobs retry', args: { job: first.job?.id ?? '' }, force: true })),
  ).toBe('JOB_NOT_RETRYABLE');
});

test('every admin action leaves an AdminEvent with actor, time, reason, before and after, and the audit mirror has it', async () => {
  const world = await openWorld();
  await world.as('root', { command: 'halt', args: { project: 'shop' }, reason: 'look' });
  await world.as('root', { command: 'resume', args: { project: 'shop' }, reason: 'looked' });
  const events = (await world.records('admin.event')).map((r) => r.body);
  expect(events.map((e) => e.action_type)).toEqual(['halt', 'resume']);
  for (const event of events) {
    expect(event).toMatchObject({ actor: { person: 'root' }, result: { status: 'done' } });
    expect(event.before).toBeDefined();
    expect(event.after).toBeDefined();
    expect(Date.parse(event.observed_at_utc)).not.toBeNaN();
  }
  await world.restart();
  const lines = (await readFile(path.join(world.home, 'audit.log.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l) as { action_type: string });
  expect(lines.map((l) => l.action_type)).toEqual(['halt', 'resume']);
});

test("attack 15: a job's child grant is no permission for a second run, by id or as a token", async () => {
  const world = await openWorld();
  await world.end(await world.as('ana', deploy('dev', { force: true })));
  const child = (await world.records('grant.issued')).find((r) => r.body.how === 'child');
  const gid = child?.body.grant.gid ?? '';
  const token = await world.app.running.deps.grants.token(gid);
  for (const grant of [gid, token])
    expect(code(await world.as('ana', deploy('dev', { grant, force: true })))).toBe('GRANT_OF_A_JOB');
  expect(await trace(world)).toBe('trace\n');
});

test('attack 16: a grant for one action opens no runbook of another', async () => {
  const world = await openWorld();
  const made = await world.as('root', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], auto_deploy_dev: true, uses: 5 },
    reason: 'deploy only',
  });
  const grant = (made.data as { grant_id: string }).grant_id;
  const args = { project: 'shop', env: 'dev', runbook: 'slow' };
  expect(code(await world.as('root', { command: 'deploy', args, grant, force: true }))).toBe(
    'ARGUMENTS_INVALID',
  );
  const run = { command: 'run', args: { runbook: 'slow', project: 'shop', env: 'dev' }, grant, force: true };
  expect(code(await world.as('root', run))).toBe('GRANT_SCOPE');
  expect(await trace(world)).toBe('');
});

test('every change of a runbook is a recorded version, and a mistake is recorded with its line while the rest goes on', async () => {
  const world = await openWorld();
  await world.as('ana', { command: 'runbook list' });
  const versions = async (name: string) =>
    (await world.records('config.version')).filter((r) => r.body.config_name === name);
  await world.write(
    'runbooks/touch.md',
    (RUNBOOKS['touch.md'] ?? '').replace('Leave a trace', 'Leave another trace'),
  );
  await expect
    .poll(async () => (await versions('runbook:touch')).length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  await world.write('runbooks/slow.md', (RUNBOOKS['slow.md'] ?? '').replace('timeout: 1m', 'timeout: soon'));
  await expect.poll(async () => (await world.records('config.refused')).length, { timeout: 20_000 }).toBe(1);
  const refused = (await world.records('config.refused'))[0]?.body;
  expect(refused?.config_name).toBe('runbook:slow');
  expect(refused?.problems[0]).toMatch(/^runbooks\/slow\.md:5/);
  expect(await world.end(await world.as('ana', deploy('dev', { force: true })))).toBe('PASS');
});
