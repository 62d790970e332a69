import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { alike, match } from '../../daemon/sync/todos/match.ts';
import { withIds } from '../../daemon/sync/todos/scan.ts';
import { ESTATE } from '../helpers/app.ts';
import { Place, REPO, until } from '../helpers/daemon.ts';
import type { Call } from '../standins/platform/server.ts';
import { startLinear } from '../standins/linear/index.ts';
import { Repository } from '../sync/repository.ts';
import { KEY, openLinear, type Rig } from './rig.ts';

const runbook = (): Promise<string> => readFile(path.join(REPO, 'runbooks/todos.md'), 'utf8');
const mutation = (name: string) => (call: Call) => call.body.toString().includes(`mutation ${name}`);
const zones = 'zones: { state: [grimoires, .beads, docs] }\n';

interface Site extends Rig {
  repo: Repository;
  sync(args?: object): Promise<string>;
  log(): Promise<string>;
}

async function open(max = 20, teams = ''): Promise<Site> {
  const rig = await openLinear(
    `  github: { token: linear_token, repositories: { 'acme/shop': shop } }\nsync: { todos: { linear: { labels: [todo], max: ${max}${teams} } } }\n${zones}`,
    false,
  );
  await rig.as('root', {
    command: 'secret set',
    args: { name: 'github_webhook', value: 'a secret of the hook' },
  });
  await rig.write('reeve.yaml', rig.estate);
  await rig.write('runbooks/todos.md', await runbook());
  const { error } = await rig.as('root', { command: 'config reload' });
  if (error !== undefined) throw new Error(JSON.stringify(error));
  rig.linear.world.label('todo');
  return Object.assign(rig, {
    repo: new Repository(rig.root),
    sync: async (args = {}) =>
      rig.end(
        await rig.as('root', {
          command: 'sync todos',
          args: { project: 'shop', env: 'dev', ...args },
          force: true,
        }),
      ),
    async log() {
      const { log } = (await rig.records('job.attempt')).at(-1)?.body ?? {};
      return Buffer.from(await rig.app.store.artifacts.get(log?.digest ?? '')).toString('utf8');
    },
  });
}

test('a TODO is one draft, for ever: moved it is the same, edited it is revised, gone and back are said, nothing is closed', async () => {
  const rig = await open();
  const { world } = rig.linear;
  const { repo } = rig;
  const source = (first: string, more = '') => `${more}one\n// TODO(ana@web): ${first}\nthree <b> \`\`\`\n`;
  await repo.write('src/a.ts', source('write it *down*'));
  await repo.write('src/b.ts', '// TODO(nobody@ops): then this @ana\n');
  const commit = repo.commit('first');
  await repo.write('src/a.ts', `${source('write it *down*')}// TODO(ana@web): not committed\n`);

  expect(await rig.sync({ dry_run: true })).toBe('PASS');
  expect([world.issues, await rig.records('linear.queued')]).toEqual([[], []]);
  expect(await rig.log()).toMatch(
    /would be told to Linear: new: an issue for src\/a\.ts:2, ana@web: write it \*down\*/,
  );
  expect(await rig.log()).toContain('1 are not committed yet');

  expect(await rig.sync()).toBe('PASS');
  await rig.sent();
  const [a, b] = world.issues;
  expect(world.issues).toHaveLength(2);
  expect(a).toMatchObject({
    title: 'write it *down*',
    assigneeId: rig.users.ana.id,
    labelIds: [world.label('todo').id],
  });
  expect([b?.assigneeId, world.stateNamed(b?.stateId ?? '').name]).toEqual([null, 'Triage']);
  expect(a?.description).toContain(
    `[\`src/a.ts:2\`](https://github.com/acme/shop/blob/${commit}/src/a.ts#L2)`,
  );
  expect(a?.description).toMatch(
    /> write it \\\*down\\\*\n[^]*owner `ana@web` · written 2026-01-02 by `Ana` in `[0-9a-f]{12}`\n\n````\none\n/,
  );
  expect(b?.description).toContain(String.raw`> then this \@ana`);

  // Lines move, the file is another one, the words are edited.
  repo.git('checkout', '-q', '--', '.');
  await repo.write('src/a.ts', source('write it *down*', 'zero\nzero\n'));
  repo.commit('moved');
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.records('linear.queued')).toHaveLength(2);
  repo.git('mv', 'src/b.ts', 'src/c.ts');
  await repo.write('src/a.ts', source('write it all *down*'));
  repo.commit('edited');
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.sync()).toBe('PASS');
  await rig.sent();
  expect(world.issues.map(({ title }) => title)).toEqual(['write it all *down*', 'then this @ana']);
  expect(b?.description).toContain('src/c.ts:1');

  // Somebody has words of their own there: they stay, and it is said as long as it is so.
  world.updateIssue(rig.users.ana, 'OPS-1', { title: 'what it is really about' });
  await repo.write('src/a.ts', source('write it all *down* now'));
  repo.commit('edited again');
  expect(await rig.sync()).toBe('PASS');
  await rig.sent();
  expect(a?.title).toBe('what it is really about');
  expect(await rig.sync()).toBe('PASS');
  expect((await rig.records('sync.advanced')).at(-1)?.body.conflicts).toEqual([
    expect.stringMatching(/OPS-1 \(src\/a\.ts:2\): OPS-1 was changed in Linear, and stays so/),
  ]);

  await repo.write('src/a.ts', 'one\n');
  repo.commit('done');
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.sync()).toBe('PASS');
  expect((await rig.records('sync.advanced')).at(-1)?.body.conflicts).toEqual([]);
  await rig.sent();
  expect(world.comments.map(({ body, issueId }) => [issueId === a?.id, body])).toEqual([
    [true, expect.stringContaining('The TODO is no more in `src/a.ts:2`')],
  ]);
  expect(world.stateNamed(a?.stateId ?? '').type).toBe('triage');
  await repo.write('src/d.ts', source('write it all *down* now'));
  repo.commit('back');
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.sync()).toBe('PASS');
  await rig.sent();
  expect(world.comments.map(({ body }) => body).at(-1)).toContain('The TODO is back, in `src/d.ts:2`');
  expect(world.issues).toHaveLength(2);
  expect(rig.linear.refused).toEqual([]);
});

test('a run makes so many and says what it left; while Linear is away nothing is lost, and nothing is doubled', async () => {
  const rig = await open(4);
  const { world } = rig.linear;
  const all = Array.from(
    { length: 10 },
    (_, n) => `// TODO(ana@web): number ${n} ${'x'.repeat(n)}\n// TODO(ana@web): the same\n`,
  ).join('');
  await rig.repo.write('src/a.ts', all);
  rig.repo.commit('first');
  await rig.linear.close();
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.log()).toContain('16 more are for the next runs: sync.todos.linear.max is 4');
  expect((await rig.records('sync.advanced')).at(-1)?.body.counts).toMatchObject({ issues: 4, left: 16 });
  await rig.restart();
  for (let n = 0; n < 6; n++) expect(await rig.sync()).toBe('PASS');
  expect(await rig.records('linear.queued')).toHaveLength(20);
  await rig.linear.listen();
  rig.linear.faults.plan(mutation('createIssue'), { kind: 'lose-answer' }, 3);
  await until(async () => {
    await rig.as('root', { command: 'linear retry' });
    return (await rig.app.running.features.linear.view()).waiting.length === 0;
  });
  expect(world.issues).toHaveLength(20);
  expect(new Set(world.issues.map(({ id }) => id)).size).toBe(20);
  // Ten are the same; one of them is done.
  await rig.repo.write('src/a.ts', all.replace('// TODO(ana@web): the same\n', ''));
  rig.repo.commit('one done');
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.sync()).toBe('PASS');
  await rig.sent();
  expect([world.issues.length, world.comments.length]).toEqual([20, 1]);
});

test('a look at one project says nothing of another; what nobody switched on makes no issue', async () => {
  const rig = await open();
  await rig.repo.write('src/a.ts', '// TODO(ana@web): one\n');
  rig.repo.commit('first');
  await rig.write('reeve.yaml', rig.estate.replace('shop:\n', 'shop:\n    path: elsewhere\n'));
  await rig.repo.write('elsewhere/b.ts', '// TODO(ana@web): two\n');
  rig.repo.commit('second');
  await rig.as('root', { command: 'config reload' });
  expect(await rig.sync({ scope: 'estate' })).toBe('PASS');
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.sync({ since: '2026-01-01' })).toBe('PASS');
  await rig.sent();
  expect(rig.linear.world.issues.map(({ title }) => title).toSorted((x, y) => (x < y ? -1 : 1))).toEqual([
    'one',
    'two',
  ]);
  expect(rig.linear.world.comments).toEqual([]);
  await rig.write('reeve.yaml', rig.estate.replace(/^sync:.*$/m, ''));
  await rig.as('root', { command: 'config reload' });
  await rig.repo.write('src/c.ts', '// TODO(ana@web): three\n');
  rig.repo.commit('third');
  expect(await rig.sync({ scope: 'estate' })).toBe('PASS');
  expect(await rig.records('linear.queued')).toHaveLength(2);
});

test('the team of a TODO says in which team of Linear its issue is made; one that Linear does not have waits by itself', async () => {
  const rig = await open(20, ', teams: { web: WEB, data: NONE }');
  const { world } = rig.linear;
  const web = world.addTeam('WEB');
  const label = world.label('only web', web.id);
  await rig.write('reeve.yaml', rig.estate.replace('labels: [todo]', "labels: [todo, 'only web']"));
  await rig.as('root', { command: 'config reload' });
  await rig.repo.write(
    'src/a.ts',
    ['web', 'data', 'ops'].map((team) => `// TODO(ana@${team}): for ${team}\n`).join(''),
  );
  rig.repo.commit('first');
  expect(await rig.sync()).toBe('PASS');
  await until(() => world.issues.length === 2);
  const made = world.issues.map((one) => [one.title, world.identifier(one), one.labelIds]);
  expect(made).toEqual([
    ['for web', expect.stringMatching(/^WEB-/), [world.label('todo').id, label.id]],
    ['for ops', expect.stringMatching(/^OPS-/), [world.label('todo').id]],
  ]);
  await until(async () => {
    const { waiting } = await rig.app.running.features.linear.view();
    return (
      waiting.length === 1 && waiting[0]?.why?.includes('no team NONE (sync.todos.linear.teams)') === true
    );
  });
  // Nothing else waits for it.
  await rig.open('an incident');
  await until(() => world.issues.length === 3);
  expect(rig.linear.refused).toEqual([]);
});

test('whatever a TODO says, in Linear it is words: no secret, no mention, no direction of its own', async () => {
  const rig = await open();
  await rig.as('root', { command: 'secret set', args: { name: 'db', value: 'hunter2-hunter2' } });
  const text =
    '\u202Egnp\u202C @everyone <script> ![x](https://evil.example/p.png) hunter2-hunter2 \u200B\u0007';
  await rig.repo.write(
    'src/a`b`.ts',
    `// the key is hunter2-hunter2\n// TODO(ana@web): ${text}\n\`\`\`\n# head\n`,
  );
  rig.repo.commit('first');
  expect(await rig.sync()).toBe('PASS');
  await rig.sent();
  const [issue] = rig.linear.world.issues;
  const all = `${issue?.title}\n${issue?.description}`;
  expect(all).not.toMatch(/hunter2|[\u0000-\u0009\u200b\u202a-\u202e]/u);
  expect(issue?.description).toContain(
    String.raw`\@everyone \<script\> \!\[x\]\(https://evil.example/p.png\)`,
  );
  expect(issue?.description).toContain("`src/a'b'.ts:2`");
  expect(issue?.description).toMatch(/^`{4}$/m);
  expect(JSON.stringify(await rig.records('linear.queued'))).not.toContain('hunter2');
});

test('kill -9 while issues are made: after the next start and the next run there is one for each', async () => {
  const linear = await startLinear('lin_wh_8yyyzzz85a5abcdefabcdef');
  const { world } = linear;
  linear.keys.set(KEY, world.user('bot'));
  const place = await Place.make({ estate: ESTATE, runbooks: { 'todos.md': await runbook() } });
  onTestFinished(async () => {
    await place.close();
    await linear.close();
  });
  const repo = new Repository(place.estate);
  await repo.write('src/a.ts', Array.from({ length: 6 }, (_, n) => `// TODO(ana@web): do ${n}\n`).join(''));
  repo.commit('first');
  const first = await place.start();
  for (const [name, value] of [
    ['linear_webhook', linear.secret],
    ['linear_token', KEY],
  ] as const)
    await place.reeve(['secret', 'set', name, '--value', value]);
  await place.write(
    'reeve.yaml',
    `${ESTATE}network: { allow: ['${linear.host}'] }\nintegrations: { linear: { api: '${linear.url}', token: linear_token, team: OPS } }\nsync: { todos: { linear: {} } }\n${zones}`,
  );
  expect((await place.reeve(['config', 'reload'])).code).toBe(0);
  const where = ['--project', 'shop', '--env', 'dev'];
  const dry = await place.reeve(['sync', 'todos', ...where, '--dry-run', '--force']);
  expect([dry.code, await place.records('linear.queued')]).toEqual([0, []]);
  expect(dry.out).toMatch(/shows what the sync job todos has.*at most 20 of them[^]*PASS/);
  linear.faults.plan(mutation('createIssue'), { kind: 'lose-answer' }, 2);
  const killed = until(() => {
    if (world.issues.length > 1) first.child.kill('SIGKILL');
    return world.issues.length > 1;
  });
  const sync = ['sync', 'todos', ...where, '--force', '--no-follow'];
  await place.reeve(sync);
  await killed;
  await first.ended;
  await place.start();
  await until(async () => {
    await place.reeve(sync);
    const { out } = await place.reeve(['linear', '--json']);
    const { waiting } = (JSON.parse(out) as { data: { waiting: unknown[] } }).data;
    return waiting.length === 0 && world.issues.length >= 6;
  });
  expect(world.issues.map(({ title }) => title).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
    Array.from({ length: 6 }, (_, n) => `do ${n}`),
  );
  expect(linear.refused).toEqual([]);
});

test('whatever changes, each TODO is of one issue at most, and each issue of one TODO', () => {
  const line = fc.record({
    owner: fc.constantFrom('a', 'b'),
    text: fc.constantFrom('do this', 'do that', 'do this now', ''),
    file: fc.constantFrom('x', 'y'),
  });
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.array(fc.tuple(line, fc.boolean()), { maxLength: 8 }),
      (now, before) => {
        const found = withIds(now.map((one, n) => ({ ...one, team: 't', line: n + 1, context: [] })));
        const tracked = before.map(([one, gone], n) => ({
          ...one,
          team: 't',
          line: 1,
          issue: String(n),
          identifier: null,
          url: null,
          conflict: null,
          gone,
        }));
        const { same, changed, fresh, gone } = match(found, tracked, (file) => file === 'x');
        const pairs = [...same, ...changed];
        expect(pairs.length + fresh.length).toBe(found.length);
        expect(new Set(pairs.map(({ issue }) => issue.issue)).size).toBe(pairs.length);
        expect(
          gone.every((one) => one.file === 'x' && !one.gone && !pairs.some(({ issue }) => issue === one)),
        ).toBe(true);
        for (const { todo, issue } of same)
          expect([todo.text, todo.owner, todo.file]).toEqual([issue.text, issue.owner, issue.file]);
      },
    ),
  );
  expect([
    alike('', ''),
    alike('a', 'b'),
    alike('night', 'nacht'),
    alike('same words', 'Same  words'),
  ]).toEqual([1, 0, 0.25, 1]);
});
