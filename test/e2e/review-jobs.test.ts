import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ESTATE, openWorld, RUNBOOKS, type World } from '../helpers/app.ts';

/* What a review found in jobs, homes and approvals, each closed since. */

const trace = (world: World): Promise<string> =>
  readFile(path.join(world.root, 'trace.txt'), 'utf8').catch(() => '');
const code = (reply: { error?: { code: string } | undefined }): string | undefined => reply.error?.code;
const book = (id: string, more: string, script: string): string =>
  `---\nrunbook: ${id}\ntitle: ${id}\naction: run\ntimeout: 1m\n${more}---\n\`\`\`sh { name=one }\n${script}\n\`\`\`\n`;
const run = (runbook: string, reason = 'why') => ({
  command: 'run',
  args: { runbook, project: 'shop', env: 'dev' },
  force: true,
  reason,
});
/** One of each two falls apart wherever it is cut. */
const CUT = [0, 1].map((n) => 'a'.repeat(n) + '😀'.repeat(990));

test('attack 51: a long reason of a cancel, a retry, a lock or a call is cut between characters', async () => {
  const world = await openWorld({
    estate: `${ESTATE}limits: { concurrent_jobs: 1 }\n`,
    runbooks: {
      ...RUNBOOKS,
      'locked.md': book('locked', 'lock: "${project}"\n', 'test -e go || exit 1'),
      'outer.md': `---\nrunbook: outer\ntitle: outer\naction: run\n---\n\`\`\`call { name=in runbook=touch }\n\`\`\`\n`,
    },
  });
  const failed = [];
  for (const reason of CUT) {
    failed.push(await world.as('ana', run('locked', reason)));
    expect(await world.end(failed.at(-1) ?? { ...failed[0]!, title: '' })).toBe('FAIL');
    expect(await world.end(await world.as('ana', run('outer', reason)))).toBe('PASS');
  }
  const slow = await world.as('ana', run('slow'));
  await expect.poll(() => trace(world), { timeout: 20_000 }).toContain('first\n');
  for (const reason of CUT) {
    const waiting = await world.as('ana', run('locked'));
    const args = { job: waiting.job?.id ?? '' };
    expect(code(await world.as('ana', { command: 'jobs cancel', args, reason }))).toBeUndefined();
    expect(await world.end(waiting)).toBe('CANCELLED');
  }
  await writeFile(path.join(world.root, 'go'), '');
  expect(await world.end(slow)).toBe('PASS');
  for (const [i, reason] of CUT.entries()) {
    const args = { job: failed[i]?.job?.id ?? '' };
    const again = await world.as('ana', { command: 'jobs retry', args, reason, force: true });
    expect(await world.end(again)).toBe('PASS');
  }
  await world.restart();
  expect(await world.end(await world.as('ana', run('locked')))).toBe('PASS');
});

test('attack 49: the last words of a failed step hold no half of a secret', async () => {
  const value = 'correct-horse-battery-staple';
  const lengths = [280, 290, 2010, 2030, 2040];
  const world = await openWorld({
    runbooks: Object.fromEntries(
      lengths.map((n) => [
        `fail-${n}.md`,
        book(`fail-${n}`, 'secrets: [word]\n', `printf '%${n}s%s%${n}s\\n' x "$WORD" y >&2\nexit 3`),
      ]),
    ),
  });
  await world.as('root', { command: 'secret set', args: { name: 'word', value } });
  for (const n of lengths) {
    const job = await world.as('ana', run(`fail-${n}`));
    expect(await world.end(job)).toBe('FAIL');
    const shown = JSON.stringify(await world.app.running.jobs.get(job.job?.id ?? ''));
    for (let at = 0; at + 7 <= value.length; at++) expect(shown).not.toContain(value.slice(at, at + 7));
  }
});

test('a home that has lost its keys is not taken for a new one', async () => {
  const world = await openWorld();
  await world.app.stop('test');
  const kept = await readFile(path.join(world.app.store.home.keys, 'keys.json'));
  await rm(path.join(world.app.store.home.keys, 'keys.json'));
  await expect(world.restart()).rejects.toMatchObject({ code: expect.stringMatching(/^KEYS_/) as string });
  await writeFile(path.join(world.app.store.home.keys, 'keys.json'), kept, { mode: 0o600 });
  await rm(world.app.store.home.keys, { recursive: true });
  await expect(world.restart()).rejects.toMatchObject({ code: 'KEYS_MISSING' });
  // Nothing was made: whoever finds the keys puts them back.
  await expect(readFile(path.join(world.app.store.home.keys, 'keys.json'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test('attack 22: the last approval waits for the end of a halt, and is not lost', async () => {
  const world = await openWorld();
  const asked = await world.as('ana', {
    command: 'deploy',
    args: { project: 'shop', env: 'prod' },
    force: true,
    reason: 'release',
  });
  const { id } = (asked.data as { request: { id: string } }).request;
  await world.as('ana', { command: 'halt', args: { project: 'shop' } });
  const approve = () => world.as('ben', { command: 'approve', args: { request: id }, force: true });
  expect(code(await approve())).toBe('HALTED');
  expect(await world.records('grant.approved')).toHaveLength(0);
  await world.as('ana', { command: 'resume', args: { project: 'shop' } });
  expect(await world.end(await approve())).toBe('PASS');
});

test('the answer to a step is no action that a runbook may have', async () => {
  const world = await openWorld({
    runbooks: { 'odd.md': book('odd', '', 'true').replace('action: run', 'action: approve_step') },
  });
  expect(code(await world.as('ana', run('odd')))).toBe('RUNBOOK_INVALID');
});

test('an admin action leaves its AdminEvent also when what it changed is larger than a record', async () => {
  const names = Array.from({ length: 40 }, (_, n) => `p${n}`);
  const projects = names.map((name) => `  ${name}: { environments: { dev: {} } }\n`).join('');
  const world = await openWorld({ estate: ESTATE + projects });
  for (const project of names)
    await world.as('ana', { command: 'halt', args: { project }, reason: 'r'.repeat(2000) });
  expect((await world.as('ana', { command: 'resume' })).ok).toBe(true);
  const events = await world.records('admin.event');
  expect(events).toHaveLength(names.length + 1);
  expect(events.at(-1)?.body).toMatchObject({ action_type: 'resume', result: { status: 'done' } });
});

test('attack 66: a halt that can be kept nowhere stands all the same, and says that it ends with the daemon', async () => {
  const world = await openWorld();
  const { work } = world.app.running.deps;
  await rm(world.app.store.home.reserve);
  // No record can hold this, as none can on a full disk.
  expect(await work.halt('all', 'ana', 'odd \ud800')).toEqual({ recorded: false, kept: false });
  expect(code(await world.as('ana', run('touch')))).toBe('HALTED');
});
