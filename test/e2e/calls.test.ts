import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { CommandRequest } from '../../contracts/api.ts';
import type { Plan } from '../../contracts/plan.ts';
import { ESTATE, openWorld, RUNBOOKS, type World } from '../helpers/app.ts';

/* A runbook that calls others: what they do is allowed like what it does itself. */

const outer = (attributes: string): string => `---
runbook: outer
title: Calls another
action: run
timeout: 1m
---
\`\`\`call { name=inner runbook=middle ${attributes} }
\`\`\`
`;
const MIDDLE = `---
runbook: middle
title: Calls the one that leaves a trace
action: heal
timeout: 1m
---
\`\`\`call { name=inmost runbook=touch }
\`\`\`
`;
const books = (attributes = ''): Record<string, string> => ({
  ...RUNBOOKS,
  'outer.md': outer(attributes),
  'middle.md': MIDDLE,
});
const run = (
  more: Partial<CommandRequest> = {},
  where = { project: 'shop', env: 'dev' },
): CommandRequest => ({
  command: 'run',
  args: { runbook: 'outer', ...where },
  force: true,
  reason: 'calls',
  ...more,
});
const trace = (world: World): Promise<string> =>
  readFile(path.join(world.root, 'trace.txt'), 'utf8').catch(() => '');
const code = (reply: { error?: { code: string } | undefined }): string | undefined => reply.error?.code;

test('a runbook calls one of another action, which calls a third: one grant covers what was confirmed', async () => {
  const world = await openWorld({ runbooks: books() });
  expect(await world.end(await world.as('ana', run()))).toBe('PASS');
  expect(await trace(world)).toBe('trace\n');
  const [grant] = (await world.records('grant.issued')).filter((r) => r.body.how === 'confirmed');
  expect(grant?.body.grant).toMatchObject({ cap: ['deploy:dev', 'heal:dev', 'run:dev'], prj: ['shop'] });
});

test('attack 15: an environment that a called runbook works in asks for its own approvals', async () => {
  const world = await openWorld({ runbooks: books('env=prod') });
  const asked = await world.as('ana', run());
  const { request } = asked.data as { request: { id: string; needs: number; approvers: string[] } };
  expect(request).toMatchObject({ needs: 1, approvers: ['root', 'ben', 'cleo'] });
  expect(await trace(world)).toBe('');
  const approved = await world.as('ben', { command: 'approve', args: { request: request.id }, force: true });
  expect(await world.end(approved)).toBe('PASS');
  expect(await trace(world)).toBe('trace\n');
});

test('attack 24: what is called is approved by whoever may approve there, as policy is now, and by nobody else', async () => {
  const roles = `roles:
  gate: { verbs: [view, approve], projects: [shop], environments: [prod] }
  beside: { verbs: [view, approve], projects: [shop], environments: [dev] }
projects:
`;
  const people = '  gus: { roles: [gate] }\n  bea: { roles: [beside] }\n  vic:';
  const estate = ESTATE.replace('projects:\n', roles).replace('  vic:', people);
  const world = await openWorld({ estate, runbooks: books('env=prod') });
  const asked = await world.as('ana', run());
  const { request } = asked.data as { request: { id: string } };
  const approve = (person: string) =>
    world.as(person, { command: 'approve', args: { request: request.id }, force: true });
  for (const person of ['bea', 'vic', 'ana']) expect(code(await approve(person)), person).toBe('FORBIDDEN');
  expect(await world.end(await approve('gus'))).toBe('PASS');
  expect(await trace(world)).toBe('trace\n');
});

test('attack 15: nobody reaches through a call what their role does not allow', async () => {
  const estate = ESTATE.replace(
    'projects:\n',
    'roles:\n  elsewhere: { verbs: [view, run, deploy], projects: [other] }\nprojects:\n',
  ).replace('  vic:', '  eve: { roles: [elsewhere] }\n  vic:');
  const world = await openWorld({ estate, runbooks: books('project=shop') });
  expect(code(await world.as('eve', run({}, { project: 'other', env: 'dev' })))).toBe('FORBIDDEN');
  expect(await world.records('grant.issued')).toHaveLength(0);
  expect(await world.end(await world.as('ana', run({}, { project: 'other', env: 'dev' })))).toBe('PASS');
});

test('attack 16: a grant that does not name what is called is refused before anything runs', async () => {
  const world = await openWorld({ runbooks: books() });
  const make = async (cap: string[]): Promise<string> => {
    const made = await world.as('root', {
      command: 'preauth create-grant',
      args: { project_ids: ['shop'], cap, uses: 1 },
      reason: 'ahead',
    });
    return (made.data as { grant_id: string }).grant_id;
  };
  const narrow = await make(['run:dev']);
  expect(code(await world.as('root', run({ grant: narrow })))).toBe('GRANT_SCOPE');
  expect(await world.records('grant.used')).toHaveLength(0);
  const wide = await make(['run:dev', 'heal:dev', 'deploy:dev']);
  expect(await world.end(await world.as('root', run({ grant: wide })))).toBe('PASS');
});

test('attack 23: a grant made ahead gets through no call what wants approvals', async () => {
  const world = await openWorld({
    estate: ESTATE.replace('prod: { approvals: 1 }', 'prod: {}'),
    runbooks: books('env=prod'),
  });
  const made = await world.as('root', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], cap: ['run:dev', 'heal:prod', 'deploy:prod'], uses: 2 },
    reason: 'ahead',
  });
  const { grant_id: grant } = made.data as { grant_id: string };
  expect(await world.end(await world.as('root', run({ grant })))).toBe('PASS');
  await world.write('reeve.yaml', ESTATE);
  await world.as('root', { command: 'config reload' });
  expect(code(await world.as('root', run({ grant })))).toBe('APPROVAL_REQUIRED');
});

test('a halt of the project that a call would reach refuses the caller too', async () => {
  const world = await openWorld({ runbooks: books('project=shop') });
  await world.as('ana', { command: 'halt', args: { project: 'shop' }, reason: 'wrong' });
  expect(code(await world.as('ana', run({}, { project: 'other', env: 'dev' })))).toBe('HALTED');
});

const texts = (reply: { blocks: { type: string }[] }): string => JSON.stringify(reply.blocks);

test('attack 27: who confirms, approves or looks is shown every step of what is called, however deep', async () => {
  const world = await openWorld({ runbooks: books('env=prod') });
  const command = 'echo \\"$REEVE_INPUT_NAME\\" >> trace.txt';
  const shown = await world.as('ana', run({ force: false, interactive: true }));
  expect(texts(shown)).toContain(command);
  expect(texts(shown)).toContain('inner › inmost › leave · runbooks/touch.md:9');
  // Also what it does when it fails.
  expect(texts(shown)).toContain('echo undone >> trace.txt');
  expect(texts(shown)).toContain('deploy on shop/prod');
  const planned = await world.as('vic', {
    command: 'runbook plan',
    args: { runbook: 'outer', project: 'shop', env: 'dev' },
  });
  expect(texts(planned)).toContain(command);

  const asked = await world.as('ana', run());
  const { request } = asked.data as { request: { id: string; plan_ref: { digest: string } } };
  const file = Buffer.from(await world.app.store.artifacts.get(request.plan_ref.digest)).toString('utf8');
  expect(file).toContain(command);
  const look = await world.as('ben', { command: 'grant show', args: { request: request.id } });
  expect(texts(look)).toContain(command);
  const asks = await world.as('ben', { command: 'approve', args: { request: request.id } });
  expect(texts(asks)).toContain(command);
  expect(await trace(world)).toBe('');
});

test('attack 27: steps of another plan beside the digest of the called one are not shown as it', async () => {
  const world = await openWorld({ runbooks: books() });
  const planned = await world.as('vic', {
    command: 'runbook plan',
    args: { runbook: 'outer', project: 'shop', env: 'dev' },
  });
  const { plan } = planned.data as unknown as { plan: Plan };
  const { planBlocks } = world.app.running.deps;
  expect(() => planBlocks(plan, 'x')).not.toThrow();
  const inner = plan.steps[0]?.spec['plan'] as unknown as Plan;
  inner.title = 'Something harmless';
  expect(() => planBlocks(plan, 'x')).toThrow(expect.objectContaining({ code: 'GRANT_PLAN_MISMATCH' }));
});

const WRITER = `---
runbook: writer
title: Writes in the app zone
action: run
outputs: [src/version.txt]
timeout: 1m
---
\`\`\`sh { name=write }
mkdir -p src && echo 7 > src/version.txt
\`\`\`
`;
const CALLER = `---
runbook: caller
title: Calls the writer
action: run
timeout: 1m
---
\`\`\`call { name=inner runbook=between }
\`\`\`
`;
const BETWEEN = CALLER.replace('runbook: caller', 'runbook: between').replace(
  'runbook=between',
  'runbook=writer',
);

test('a called runbook writes in the app zone when a person confirmed the whole plan, and is refused at once otherwise', async () => {
  const estate = `${ESTATE}schedules:
  night: { runbook: caller, project: shop, env: dev, cron: '0 3 1 1 *', at_start: true }
`;
  const world = await openWorld({
    estate,
    runbooks: { ...RUNBOOKS, 'writer.md': WRITER, 'caller.md': CALLER, 'between.md': BETWEEN },
  });
  const version = () => readFile(path.join(world.root, 'src', 'version.txt'), 'utf8').catch(() => '');
  const command = { command: 'run', args: { runbook: 'caller', project: 'shop', env: 'dev' } };
  const made = await world.as('root', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], cap: ['run:dev'], uses: 1 },
    reason: 'ahead',
  });
  const { grant_id: grant } = made.data as { grant_id: string };
  expect(code(await world.as('root', { ...command, grant }))).toBe('ZONE_REFUSED');
  await world.app.startSchedules();
  await expect.poll(async () => (await world.records('schedule.slot'))[0]?.body.outcome).toBe('refused');
  expect(JSON.stringify(await world.records('schedule.slot'))).toContain('ZONE_REFUSED');
  expect(await world.records('grant.used')).toHaveLength(0);
  expect(await world.records('job.queued')).toHaveLength(0);
  expect(await version()).toBe('');

  const shown = await world.as('ana', { ...command, interactive: true });
  expect(texts(shown)).toContain('src/version.txt');
  const confirmed = await world.as('ana', {
    ...command,
    interactive: true,
    confirm: shown.confirm?.digest ?? '',
  });
  expect(await world.end(confirmed)).toBe('PASS');
  expect(await version()).toBe('7\n');
  expect((await world.records('job.queued')).map((r) => r.body.job.confirmed)).toEqual([true, true, true]);
});
