import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { RecordType } from '../../contracts/record.ts';
import { openWorld, RUNBOOKS, type World } from '../helpers/app.ts';

/* Approved, and then the daemon died before the job was there. */

const trace = (world: World): Promise<string> =>
  readFile(path.join(world.root, 'trace.txt'), 'utf8').catch(() => '');
const notes = (world: World): Promise<string> =>
  readFile(path.join(world.root, 'grimoires', 'loa', 'NOTES.md'), 'utf8').catch(() => '');

async function ask(world: World): Promise<{ id: string; plan: string }> {
  const asked = await world.as('ana', {
    command: 'deploy',
    args: { project: 'shop', env: 'prod' },
    force: true,
    reason: 'release 7',
  });
  return (asked.data as { request: { id: string; plan: string } }).request;
}

/** From the first record of this type on nothing more is written: what the ledger holds is what a crash would leave. */
function dieAfter(world: World, type: RecordType, after?: RecordType): void {
  const { ledger } = world.app.store;
  const append = ledger.append.bind(ledger);
  let [armed, dead] = [after === undefined, false];
  ledger.subscribe((record) => {
    if (armed && record.type === type) dead = true;
    armed ||= record.type === after;
  });
  ledger.append = async (...args) => {
    // What the end of this process writes is not what is looked at.
    if (dead && args[0] !== 'daemon.stopped') throw new Error('the process is gone');
    return append(...args);
  };
}

/** Waits for every job there is. */
async function settled(world: World): Promise<string[]> {
  const { jobs } = world.app.running;
  await Promise.all(jobs.list().map((job) => jobs.wait(job.spec.job_id)));
  return jobs.list().map((job) => `${job.status} ${job.spec.requested_by}`);
}

for (const type of ['grant.approved', 'grant.issued', 'admin.intent', 'grant.used'] as const)
  test(`a crash right after ${type} of the last approval: the next start runs the job, once`, async () => {
    const world = await openWorld();
    const { id } = await ask(world);
    // The approval's own intent comes first; the job's is the one after the grant.
    dieAfter(world, type, type === 'admin.intent' ? 'grant.issued' : undefined);
    const reply = await world.as('ben', { command: 'approve', args: { request: id }, force: true });
    expect(reply.ok).toBe(false);
    expect(await world.records('job.queued')).toHaveLength(0);
    expect(await trace(world)).toBe('');

    await world.restart();
    expect(await settled(world)).toEqual(['PASS ana']);
    const [queued] = await world.records('job.queued');
    expect(queued?.body.job.anchor).toEqual({ kind: 'nonce', id });
    await world.restart();
    expect(await settled(world)).toEqual(['PASS ana']);
    expect(await trace(world)).toBe('trace\n');
    expect((await world.records('grant.used')).filter((r) => r.body.cap === 'deploy:prod')).toHaveLength(1);
    expect((await world.records('grant.issued')).filter((r) => r.body.how === 'approved')).toHaveLength(1);
    expect(await world.records('grant.lapsed')).toHaveLength(0);
  });

test('what may not run any more at the next start is on the record, in NOTES.md and in the status, and never runs', async () => {
  for (const [because, code] of [
    ['halted', 'HALTED'],
    ['changed', 'GRANT_PLAN_MISMATCH'],
    ['late', 'GRANT_EXPIRED'],
  ] as const) {
    const world = await openWorld();
    const { ledger } = world.app.store;
    let { id, plan } = await ask(world);
    if (because === 'late') {
      const { grants } = world.app.running.deps;
      const [
        { at: _at, state: _s, approvals: _a, denied: _d, lapsed: _l, expired: _e, gid: _g, id: _i, ...body },
      ] = (await grants.requests()) as [Awaited<ReturnType<typeof grants.requests>>[number]];
      const { request } = await grants.request({ ...body, lifetime_ms: 1 });
      ({ id, plan } = request);
    }
    await ledger.append('grant.approved', { id, by: 'ben', plan });
    if (because === 'halted') await world.as('root', { command: 'halt', args: { project: 'shop' } });
    if (because === 'changed')
      await world.write('runbooks/touch.md', `${RUNBOOKS['touch.md']}\nAnother word.\n`);
    await world.restart();
    expect((await world.records('grant.lapsed')).map((r) => [r.body.id, r.body.code])).toEqual([[id, code]]);
    expect(world.app.status().requests_lapsed).toBe(1);
    const shown = await world.as('vic', { command: 'grant show', args: { request: id } });
    expect(shown.data).toMatchObject({ state: 'lapsed', lapsed: { code } });
    expect(JSON.stringify(shown.blocks)).toContain(code);
    await expect
      .poll(() => notes(world), { timeout: 20_000 })
      .toContain(`${id} was approved but did not run`);

    await world.as('root', { command: 'resume' });
    await writeFile(path.join(world.root, 'runbooks', 'touch.md'), RUNBOOKS['touch.md'] ?? '');
    await world.restart();
    expect(await world.records('job.queued')).toHaveLength(0);
    expect(await trace(world)).toBe('');
    // Somebody has seen it.
    const deny = { command: 'grant deny', args: { request: id }, reason: 'seen' };
    expect((await world.as('vic', deny)).error?.code).toBe('FORBIDDEN');
    expect((await world.as('ana', deny)).ok).toBe(true);
    expect(world.app.status().requests_lapsed).toBe(0);
    await expect.poll(() => notes(world), { timeout: 20_000 }).not.toContain('did not run');
  }
});

test('a job that cannot start at its last approval is told to the requester too, and starts at no later time', async () => {
  const world = await openWorld();
  const { id } = await ask(world);
  await world.write('runbooks/touch.md', `${RUNBOOKS['touch.md']}\nAnother word.\n`);
  const reply = await world.as('ben', { command: 'approve', args: { request: id }, force: true });
  expect(reply.error?.code).toBe('GRANT_PLAN_MISMATCH');
  expect((await world.records('grant.lapsed')).map((r) => r.body.code)).toEqual(['GRANT_PLAN_MISMATCH']);
  await world.write('runbooks/touch.md', RUNBOOKS['touch.md'] ?? '');
  await world.restart();
  expect(await world.records('job.queued')).toHaveLength(0);
  expect(world.app.status().requests_lapsed).toBe(1);
});

test('a crash between the use of an approved grant and the retry it is for: the next start makes that attempt, once', async () => {
  const book = (RUNBOOKS['touch.md'] ?? '').replace(
    '"$REEVE_INPUT_NAME" >> trace.txt',
    '"$REEVE_INPUT_NAME" >> trace.txt; [ -e ok ]',
  );
  const world = await openWorld({ runbooks: { 'touch.md': book } });
  const first = await ask(world);
  const failed = await world.as('ben', { command: 'approve', args: { request: first.id }, force: true });
  expect(await world.end(failed)).toBe('FAIL');
  await writeFile(path.join(world.root, 'ok'), '');
  const job = failed.job?.id ?? '';
  const asked = await world.as('ana', { command: 'jobs retry', args: { job }, force: true });
  const { id } = (asked.data as { request: { id: string } }).request;
  dieAfter(world, 'grant.used');
  await world.as('ben', { command: 'approve', args: { request: id }, force: true });
  await world.restart();
  expect(await settled(world)).toEqual(['PASS ana']);
  await world.restart();
  expect((await world.app.running.jobs.get(job)).attempts).toHaveLength(2);
  expect(await trace(world)).toBe('trace\nundone\ntrace\n');
});

test('the question of a step whose job was cut off is answered by nobody any more', async () => {
  const world = await openWorld({
    runbooks: {
      'gated.md': `---
runbook: gated
title: Asks in the middle
action: run
timeout: 1m
---
\`\`\`approve { name=gate }
Go on?
\`\`\`
\`\`\`sh { name=work }
echo on >> trace.txt
\`\`\`
`,
    },
  });
  const where = { runbook: 'gated', project: 'shop', env: 'dev' };
  const run = () => world.as('ana', { command: 'run', args: where, force: true });
  await run();
  const asked = async (n: number) => {
    await expect.poll(() => world.records('grant.requested'), { timeout: 20_000 }).toHaveLength(n);
    return (await world.records('grant.requested')).at(-1)?.body.id ?? '';
  };
  const stale = await asked(1);
  await world.restart();
  const late = await world.as('ben', { command: 'approve', args: { request: stale }, force: true });
  expect(late.error?.code).toBe('REQUEST_CLOSED');
  expect(await world.records('grant.approved')).toHaveLength(0);
  const second = await run();
  const live = await asked(2);
  const approved = await world.as('ben', { command: 'approve', args: { request: live }, force: true });
  expect(approved.ok).toBe(true);
  expect(await world.end(second)).toBe('PASS');
  expect(await trace(world)).toBe('on\n');
});

const DISCORD = { via: 'discord', account: '100000000000000001' } as const;
const SLACK = { via: 'slack', account: 'U0BEN' } as const;

/** Who the ledger says to have started jobs, how and from which account. */
async function starters(world: World): Promise<{ jobs: unknown[]; events: unknown[] }> {
  const jobs = (await world.records('job.queued')).map(({ body: { job } }) => [
    job.requested_by,
    job.correlation_ids,
  ]);
  const starts = [...(await world.records('admin.intent')), ...(await world.records('admin.event'))];
  const events = starts.filter(({ body }) => ['deploy', 'retry'].includes(body.action_type));
  return { jobs, events: events.map(({ body }) => body.actor) };
}

test('a job that another person approved is recorded with the account that asked, the approval with the approver’s', async () => {
  const world = await openWorld();
  const asked = await world.as(
    'ana',
    { command: 'deploy', args: { project: 'shop', env: 'prod' }, force: true, reason: 'release 7' },
    DISCORD,
  );
  const { id } = (asked.data as { request: { id: string } }).request;
  const reply = await world.as('ben', { command: 'approve', args: { request: id }, force: true }, SLACK);
  expect(reply.ok).toBe(true);
  await settled(world);
  const { jobs, events } = await starters(world);
  expect(jobs).toEqual([['ana', DISCORD]]);
  expect(events).toEqual([
    { person: 'ana', ...DISCORD },
    { person: 'ana', ...DISCORD },
  ]);
  expect((await world.records('grant.approved'))[0]?.body).toMatchObject({
    by: 'ben',
    account: SLACK.account,
  });
});

test('the same when the daemon died in between and the next start runs it', async () => {
  const world = await openWorld();
  const asked = await world.as(
    'ana',
    { command: 'deploy', args: { project: 'shop', env: 'prod' }, force: true, reason: 'release 7' },
    DISCORD,
  );
  const { id } = (asked.data as { request: { id: string } }).request;
  dieAfter(world, 'grant.approved');
  await world.as('ben', { command: 'approve', args: { request: id }, force: true }, SLACK);
  await world.restart();
  expect(await settled(world)).toEqual(['PASS ana']);
  const { jobs, events } = await starters(world);
  expect(jobs).toEqual([['ana', DISCORD]]);
  expect(events).toEqual([
    { person: 'ana', ...DISCORD },
    { person: 'ana', ...DISCORD },
  ]);
});

test('a request that says no account, as older ledgers have it, names none, and nobody else’s', async () => {
  const world = await openWorld();
  const { ledger } = world.app.store;
  const append = ledger.append.bind(ledger);
  ledger.append = async (type, body, ...more) => {
    if (type === 'grant.requested') for (const name of ['via', 'account']) Reflect.deleteProperty(body, name);
    return append(type, body, ...more);
  };
  const { id } = await ask(world);
  await world.as('ben', { command: 'approve', args: { request: id }, force: true }, SLACK);
  await settled(world);
  expect((await starters(world)).jobs).toEqual([['ana', { via: 'daemon' }]]);
});
