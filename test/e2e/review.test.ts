import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { CommandRequest } from '../../contracts/api.ts';
import { ESTATE, openWorld, RUNBOOKS, type World } from '../helpers/app.ts';

/* Ways around the door that a review found, each closed since. */

const deploy = (env: string, more: Partial<CommandRequest> = {}): CommandRequest => ({
  command: 'deploy',
  args: { project: 'shop', env },
  interactive: true,
  ...more,
});
const trace = (world: World): Promise<string> =>
  readFile(path.join(world.root, 'trace.txt'), 'utf8').catch(() => '');
const code = (reply: { error?: { code: string } | undefined }): string | undefined => reply.error?.code;
const ledgerText = async (world: World): Promise<string> => {
  const lines: string[] = [];
  for await (const record of world.app.store.ledger.read(0)) lines.push(JSON.stringify(record));
  return lines.join('\n');
};

test('attack 24: a grant made ahead by somebody whom the environment does not name as approver is refused', async () => {
  const estate = ESTATE.replace('prod: { approvals: 1 }', 'prod: { approvals: 1, approvers: [cleo] }');
  const world = await openWorld({ estate });
  const make = (person: string) =>
    world.as(person, {
      command: 'preauth create-grant',
      args: { project_ids: ['shop'], auto_deploy_prod: true, subject: 'ana' },
      reason: 'a favour',
    });
  expect(code(await make('ben'))).toBe('APPROVAL_REQUIRED');
  expect(await world.records('grant.issued')).toHaveLength(0);
  expect(code(await make('cleo'))).toBeUndefined();
});

test('attack 23: a grant made ahead opens nothing that wants more approvals since', async () => {
  const world = await openWorld({ estate: ESTATE.replace('prod: { approvals: 1 }', 'prod: {}') });
  const made = await world.as('root', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], auto_deploy_prod: true, uses: 3 },
    reason: 'before the policy',
  });
  const grant = (made.data as { grant_id: string }).grant_id;
  expect(await world.end(await world.as('root', deploy('prod', { grant, force: true })))).toBe('PASS');
  await world.write('reeve.yaml', ESTATE);
  await world.as('root', { command: 'config reload' });
  expect(code(await world.as('root', deploy('prod', { grant, force: true })))).toBe('APPROVAL_REQUIRED');
  expect(await trace(world)).toBe('trace\n');
});

test('attack 49: a value meant for a secret stands in no record, whatever was mistyped around it', async () => {
  const world = await openWorld();
  const value = 'hunter2-hunter2';
  for (const request of [
    { command: 'secret put', args: { name: 'token', value } },
    { command: 'secret set', args: { name: 'token', vlaue: value } },
    { command: 'secret set', args: { name: 'token', value: [value] } },
    { command: 'secret set', args: { name: 'to ken', value } },
    { command: 'secret set', args: { name: 'token', value }, forse: true },
  ] as CommandRequest[]) {
    const reply = await world.as('root', request);
    expect(reply.ok).toBe(false);
    expect(JSON.stringify(reply)).not.toContain(value);
  }
  expect(await world.records('admission.refused')).toHaveLength(5);
  expect(await ledgerText(world)).not.toContain(value);
});

test('attack 49: a secret at the place where arguments are cut off is hidden as a whole', async () => {
  const world = await openWorld();
  const value = 'correct-horse-battery-staple';
  await world.as('root', { command: 'secret set', args: { name: 'token', value } });
  for (let before = 1850; before < 2010; before += 10)
    await world.as('vic', { command: 'note', args: { text: 'x'.repeat(before) + value } });
  expect((await world.records('admission.refused')).length).toBeGreaterThan(10);
  expect(await ledgerText(world)).not.toContain('correct-ho');
});

test('attack 51: a refusal is recorded whatever characters it is about', async () => {
  const world = await openWorld();
  const requests: CommandRequest[] = [{ command: 'nothing \ud800' }];
  for (let n = 0; n < 4; n++)
    requests.push({ command: 'note', args: { text: 'y'.repeat(n) + '😀'.repeat(900 + n) } });
  for (let n = 195; n < 200; n++) requests.push({ command: 'z'.repeat(n - 1) + '😀' });
  for (const request of requests) {
    const reply = await world.as('vic', request);
    expect(reply.ok).toBe(false);
    expect(reply.error?.ledger_seq).toBeTypeOf('number');
  }
});

test('attack 53: a reason that no record can hold is refused, and leaves no halt that cannot be lifted', async () => {
  const world = await openWorld();
  const reply = await world.as('ana', {
    command: 'halt',
    args: { project: 'shop' },
    reason: 'odd \ud800',
  });
  expect(code(reply)).toBe('BODY_INVALID');
  expect(world.app.running.deps.work.halts()).toEqual([]);
  // The same from within, past the door: it can be lifted.
  const { work } = world.app.running.deps;
  await work.halt({ project: 'shop' }, 'ana', 'odd \ud800');
  expect(work.halted('shop')).toBeDefined();
  await world.restart();
  await world.as('ana', { command: 'resume', args: { project: 'shop' } });
  expect(world.app.running.deps.work.halts()).toEqual([]);
  await world.restart();
  expect(world.app.running.deps.work.halts()).toEqual([]);
});

test('words that are to be shown nowhere are not shown with the configuration', async () => {
  const world = await openWorld({ estate: `${ESTATE}redact: [s3same-open]\n` });
  const shown = await world.as('vic', { command: 'config show' });
  expect(shown.ok).toBe(true);
  expect(JSON.stringify(shown)).not.toContain('s3same-open');
});

test('attack 49: a secret rotated while a job runs is hidden in what the job prints after', async () => {
  const world = await openWorld({
    runbooks: {
      'leak.md': `---
runbook: leak
title: Prints its secret twice
action: run
secrets: [api_key]
timeout: 1m
---
\`\`\`sh { name=first }
echo "one $API_KEY"
echo first >> trace.txt
while [ ! -e go ]; do sleep 0.05; done
\`\`\`
\`\`\`sh { name=second }
echo "two $API_KEY"
echo "got=$API_KEY" >> "$REEVE_OUTPUT"
\`\`\`
`,
    },
  });
  const set = (value: string) =>
    world.as('root', { command: 'secret set', args: { name: 'api_key', value } });
  await set('the-old-value-1');
  const run = await world.as('ana', {
    command: 'run',
    args: { runbook: 'leak', project: 'shop', env: 'dev' },
    force: true,
  });
  await expect.poll(() => trace(world), { timeout: 20_000 }).toBe('first\n');
  await set('the-new-value-2');
  await writeFile(path.join(world.root, 'go'), '');
  expect(await world.end(run)).toBe('PASS');
  const logs = await world.as('ana', { command: 'jobs logs', args: { job: run.job?.id ?? '' } });
  const text = JSON.stringify(logs) + (await ledgerText(world));
  expect(text).toContain('two [redacted]');
  expect(text).not.toContain('the-old-value-1');
  expect(text).not.toContain('the-new-value-2');
});

test('what the environment is comes from one place: an input that says otherwise is refused', async () => {
  const world = await openWorld({
    runbooks: {
      'carry.md': `---
runbook: carry
title: Carry a release
action: promote
inputs: { from: { type: environment }, to: { type: environment } }
---
\`\`\`sh { name=carry }
echo "$REEVE_INPUT_TO" >> trace.txt
\`\`\`
`,
    },
  });
  for (const request of [
    { command: 'promote', args: { project: 'shop', from: 'prod', to: 'dev', input: ['to=prod'] } },
    {
      command: 'run',
      args: { runbook: 'carry', project: 'shop', env: 'dev', input: ['from=dev', 'to=prod'] },
    },
  ]) {
    const reply = await world.as('ana', { ...request, force: true });
    expect(reply.ok).toBe(false);
  }
  expect(await trace(world)).toBe('');
  const right = { command: 'promote', args: { project: 'shop', from: 'vault', to: 'dev' }, force: true };
  expect(await world.end(await world.as('ana', right))).toBe('PASS');
  expect(await trace(world)).toBe('dev\n');
});

test('a break-glass review is closed by somebody who may approve there', async () => {
  const estate = ESTATE.replace(
    'projects:\n',
    'roles:\n  elsewhere: { verbs: [view, approve], projects: [other] }\nprojects:\n',
  ).replace('  vic:', '  eve: { roles: [elsewhere] }\n  vic:');
  const world = await openWorld({ estate });
  const args = { project: 'shop', env: 'prod', break_glass: true };
  const run = await world.as('ana', deploy('prod', { args, force: true, reason: 'site down' }));
  await world.end(run);
  const review = (await world.records('review.opened'))[0]?.body.id ?? '';
  const close = (person: string) =>
    world.as(person, { command: 'review close', args: { review }, reason: 'fine' });
  expect(code(await close('eve'))).toBe('FORBIDDEN');
  expect((await close('cleo')).ok).toBe(true);
});

test('a pause is lifted by those who may pause; others lift halts alone', async () => {
  const world = await openWorld();
  await world.as('root', { command: 'pause', reason: 'maintenance' });
  await world.as('ana', { command: 'halt', reason: 'also' });
  const reply = await world.as('ana', { command: 'resume' });
  expect(world.app.running.deps.work.halts()).toEqual([]);
  expect(world.app.running.deps.work.paused()).toBeDefined();
  expect(reply.tone).toBe('warn');
  expect(code(await world.as('ana', { command: 'resume' }))).toBe('FORBIDDEN');
  expect((await world.as('root', { command: 'resume' })).ok).toBe(true);
  expect(world.app.running.deps.work.paused()).toBeUndefined();
});

test('a role for one project sees nothing of the grants, requests and plans of others', async () => {
  const estate = ESTATE.replace(
    'projects:\n',
    'roles:\n  only: { verbs: [view], projects: [other] }\nprojects:\n',
  ).replace('  vic:', '  eve: { roles: [only] }\n  vic:');
  const world = await openWorld({ estate });
  const asked = await world.as('ana', deploy('prod', { force: true, reason: 'confidential' }));
  const request = (asked.data as { request: { id: string } }).request.id;
  const made = await world.as('root', {
    command: 'preauth create-grant',
    args: { project_ids: ['shop'], auto_deploy_dev: true },
    reason: 'confidential',
  });
  const grant = (made.data as { grant_id: string }).grant_id;
  for (const command of ['grant list', 'preauth list']) {
    const reply = await world.as('eve', { command });
    expect(reply.ok).toBe(true);
    expect(JSON.stringify(reply)).not.toContain('confidential');
  }
  const look: CommandRequest[] = [
    { command: 'grant show', args: { request } },
    { command: 'preauth show', args: { grant } },
    { command: 'plan', args: { runbook: 'touch', project: 'shop', env: 'dev' } },
  ];
  for (const one of look) {
    expect(code(await world.as('eve', one))).toBe('FORBIDDEN');
    expect(code(await world.as('vic', one))).toBeUndefined();
  }
});

test('a repeated nonce leaves no grant behind', async () => {
  const world = await openWorld();
  await world.end(await world.as('ana', deploy('dev', { force: true, nonce: 'same' })));
  const before = (await world.records('grant.issued')).length;
  const again = await world.as('ana', deploy('dev', { force: true, nonce: 'same' }));
  expect(again.data).toMatchObject({ existing: true });
  expect(await world.records('grant.issued')).toHaveLength(before);
});

test('a reserve of halts that cannot be read halts everything, and can be lifted', async () => {
  const world = await openWorld();
  await world.app.stop('test');
  await writeFile(world.app.store.home.reserve, '[{"scope":"all","since":1,"by":"an');
  await world.restart();
  expect(code(await world.as('ana', deploy('dev', { force: true })))).toBe('HALTED');
  expect(await world.records('halt.set')).toHaveLength(1);
  expect((await world.as('ana', { command: 'resume' })).ok).toBe(true);
  await world.restart();
  expect(await world.end(await world.as('ana', deploy('dev', { force: true })))).toBe('PASS');
});

test('the newest jobs that somebody may see, however many others there are', async () => {
  const estate = ESTATE.replace(
    'projects:\n',
    'roles:\n  only: { verbs: [view], projects: [other] }\nprojects:\n',
  ).replace('  vic:', '  eve: { roles: [only] }\n  vic:');
  const world = await openWorld({ estate });
  await world.end(
    await world.as('ana', { command: 'deploy', args: { project: 'other', env: 'dev' }, force: true }),
  );
  await world.end(await world.as('ana', deploy('dev', { force: true })));
  const seen = await world.as('eve', { command: 'jobs list', args: { limit: 1 } });
  expect(seen.data).toHaveLength(1);
});

test('a role for one environment sees locks, drills, schedules, mandates and reviews of that place alone', async () => {
  const estate = `${ESTATE.replace(
    'projects:\n',
    'roles:\n  only: { verbs: [view], projects: [other] }\nprojects:\n',
  ).replace('  vic:', '  eve: { roles: [only] }\n  vic:')}schedules:
  ours: { runbook: practise, project: other, env: dev, cron: '0 3 1 1 *' }
  theirs: { runbook: practise, project: shop, env: dev, cron: '0 3 1 1 *' }
`;
  const world = await openWorld({
    estate,
    runbooks: {
      ...RUNBOOKS,
      'practise.md': `---
runbook: practise
title: A drill
action: run_drill
timeout: 1m
---
\`\`\`sh { name=work }
true
\`\`\`
`,
      'holder.md': `---
runbook: holder
title: Holds a lock
action: run
lock: the-one-of-\${project}
timeout: 1m
---
\`\`\`sh { name=wait }
while [ ! -e go ]; do sleep 0.05; done
\`\`\`
`,
    },
  });
  await world.app.startSchedules();
  const ended: Promise<string>[] = [];
  for (const project of ['shop', 'other']) {
    const where = { project, env: 'dev' };
    await world.end(
      await world.as('ana', { command: 'drill run', args: { drill: 'practise', ...where }, force: true }),
    );
    const held = await world.as('ana', {
      command: 'run',
      args: { runbook: 'holder', ...where },
      force: true,
    });
    ended.push(world.end(held));
  }
  const glass = { project: 'shop', env: 'prod', break_glass: true };
  await world.end(await world.as('ana', deploy('prod', { args: glass, force: true, reason: 'site down' })));
  await expect.poll(() => world.app.running.jobs.locks().length, { timeout: 20_000 }).toBe(2);
  await expect
    .poll(() => world.records('drill.result').then((all) => all.length), { timeout: 20_000 })
    .toBe(2);

  const look = async (person: string, command: string): Promise<string> =>
    JSON.stringify(await world.as(person, { command }));
  const count = async (person: string, command: string): Promise<number> => {
    const { data } = await world.as(person, { command });
    return Array.isArray(data) ? data.length : (data as { mandates: unknown[] }).mandates.length;
  };
  for (const [command, all, some] of [
    ['locks list', 2, 1],
    ['drill history', 2, 1],
    ['schedule list', 2, 1],
    ['config diff', 2, 1],
    ['review list', 1, 0],
  ] as const) {
    expect(await count('vic', command), command).toBe(all);
    expect(await count('eve', command), command).toBe(some);
  }
  expect(await look('eve', 'locks list')).toContain('the-one-of-other');
  expect(await look('eve', 'locks list')).not.toContain('the-one-of-shop');
  expect(await look('eve', 'schedule list')).not.toContain('theirs');
  await writeFile(path.join(world.root, 'go'), '');
  await Promise.all(ended);
});

test('attack 20: a grant is revoked by whoever may approve where it reaches, by its issuer and by its holder', async () => {
  const estate = ESTATE.replace(
    'projects:\n',
    `roles:
  gate: { verbs: [view, approve], projects: [shop], environments: [prod] }
  beside: { verbs: [view, approve], projects: [shop], environments: [dev] }
  hands: { verbs: [view, run, deploy] }
projects:
`,
  ).replace(
    '  vic:',
    '  gus: { roles: [gate] }\n  bea: { roles: [beside] }\n  hal: { roles: [hands] }\n  vic:',
  );
  const world = await openWorld({ estate });
  const make = async (): Promise<string> => {
    const made = await world.as('ben', {
      command: 'preauth create-grant',
      args: { project_ids: ['shop'], auto_deploy_prod: true, subject: 'ana' },
      reason: 'a night',
    });
    return (made.data as { grant_id: string }).grant_id;
  };
  const revoke = async (person: string, grant: string) =>
    code(await world.as(person, { command: 'preauth revoke', args: { grant }, reason: 'not now' }));
  const grant = await make();
  for (const person of ['vic', 'hal', 'bea']) expect(await revoke(person, grant), person).toBe('FORBIDDEN');
  // ben may approve and made it; cleo and gus only may approve there; ana holds it.
  for (const person of ['cleo', 'gus', 'ben', 'ana'])
    expect(await revoke(person, await make()), person).toBeUndefined();
  expect((await world.records('grant.revoked')).map((r) => r.body.by)).toEqual(['cleo', 'gus', 'ben', 'ana']);
});

test('the status shows somebody the jobs of the places they may see, and attack 18: an input named __proto__ is refused', async () => {
  const estate = ESTATE.replace(
    'projects:\n',
    'roles:\n  only: { verbs: [view], projects: [other] }\nprojects:\n',
  ).replace('  vic:', '  eve: { roles: [only] }\n  vic:');
  const world = await openWorld({ estate });
  const other = { command: 'deploy', args: { project: 'other', env: 'dev' }, force: true };
  await world.end(await world.as('ana', other));
  for (let n = 0; n < 6; n++) await world.end(await world.as('ana', deploy('dev', { force: true })));
  const seen = async (person: string): Promise<unknown[]> =>
    ((await world.as(person, { command: 'status' })).data as { last_jobs: unknown[] }).last_jobs;
  expect(await seen('vic')).toHaveLength(5);
  expect(await seen('eve')).toHaveLength(1);
  const args = { project: 'shop', env: 'dev', input: ['__proto__=x'] };
  expect(code(await world.as('ana', deploy('dev', { args, force: true })))).toBe('ARGUMENTS_INVALID');
});

test('a file that is broken while the daemon runs is named, with its line, wherever somebody looks', async () => {
  const world = await openWorld();
  const file = path.join(world.root, 'reeve.yaml');
  const good = await readFile(file, 'utf8');
  const look = async (command: string): Promise<string> => {
    const { title, blocks } = await world.as('ana', { command });
    return JSON.stringify([title, blocks]);
  };
  const line = good.split('\n').length;
  // An end that never comes is named where the file ends.
  const place = new RegExp(`reeve\\.yaml:(${line}|${line + 1}):\\d+`);
  expect(await look('status')).not.toMatch(/reeve\.yaml:/);
  expect(await look('config diff')).not.toMatch(/reeve\.yaml:/);
  await writeFile(file, `${good}schedules: [\n`);
  await expect.poll(() => world.records('config.refused'), { timeout: 20_000 }).toHaveLength(1);
  for (const command of ['status', 'config diff']) {
    expect(await look(command), command).toContain('the version before it stays in force');
    expect(await look(command), command).toMatch(place);
  }
  await writeFile(file, good);
  await expect.poll(() => look('status'), { timeout: 20_000 }).not.toMatch(place);
  expect(await look('config diff')).not.toMatch(place);
});

test('the examples in the catalogue name a project of the estate that its reader may see', async () => {
  const world = await openWorld({
    estate: ESTATE.replace('projects:\n', 'projects:\n  reeve:\n    environments: { dev: {} }\n'),
  });
  const caller = { via: 'web', account: '0', interactive: true } as const;
  const examples = async (person: string): Promise<string> =>
    JSON.stringify(
      (await world.app.running.door.catalogue({ ...caller, person })).commands.map((c) => c.examples),
    );
  expect(await examples('ana')).toContain('deploy --project shop --env');
  expect(await examples('ana')).not.toContain('my-project');
});
