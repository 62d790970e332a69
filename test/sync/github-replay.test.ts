import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { ESTATE, makePlace } from '../e2e/place.ts';
import { standin } from '../github/rig.ts';
import { until } from '../helpers/daemon.ts';
import { repositoryOf, runOf } from '../standins/github/payloads.ts';
import { HOOK, mirrorScene } from './github-scene.ts';

/** Loaded before the daemon: it dies in the instant in which it is about to write this run into the mirror. */
const KILLER = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  for (const name of ['write', 'writeSync']) {
    const plain = fs[name];
    fs[name] = (fd, what, ...more) => {
      if (/^[0-9a-f]{8} \\{"id":77,/.test(String(what))) process.kill(process.pid, 'SIGKILL');
      return plain(fd, what, ...more);
    };
  }
  syncBuiltinESMExports();
`;

test('kill -9 between the record of a delivery and the mirror: the next daemon looks at it', async () => {
  const github = await standin();
  const repo = github.world.addRepo('acme', 'shop');
  const place = await makePlace({});
  const hook = path.join(place.base, 'hook.mjs');
  await writeFile(hook, KILLER);
  const env = [`REEVE_GITHUB_API=${github.api}`];
  const start = (kill: boolean) =>
    place.start({
      through: [
        'env',
        ...env,
        ...(kill ? [`NODE_OPTIONS=--import=${pathToFileURL(hook).href}`, 'REEVE_BUNDLE=off'] : []),
      ],
    });
  let daemon = await start(false);
  for (const [name, value] of Object.entries({ github_webhook: HOOK, gh_token: 'x' }))
    await place.reeve(['secret', 'set', name, '--value', value]);
  await place.write(
    'reeve.yaml',
    `${ESTATE}integrations: { github: { token: gh_token, repositories: { acme/shop: shop } } }\n`,
  );
  expect((await place.reeve(['config', 'reload'])).code).toBe(0);
  await daemon.end('SIGTERM');
  daemon = await start(true);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(daemon.said())?.[0] ?? '';
  const tell = (id: number) =>
    fetch(`${url}/webhooks/github`, {
      method: 'POST',
      ...github.sign(
        'workflow_run',
        { action: 'completed', workflow_run: runOf(repo, { id }), repository: repositoryOf(repo) },
        HOOK,
      ),
    });
  expect((await tell(76)).status).toBe(200);
  const ids = async (): Promise<number[]> =>
    ((await place.json(['github', 'runs'])).data as { id: number }[]).map(({ id }) => id);
  await until(async () => (await ids()).includes(76));
  await tell(77).catch(() => undefined);
  expect(await daemon.ended).toBe(137);
  expect(await place.records('webhook.received')).toHaveLength(2);
  expect(
    await readFile(path.join(place.home, 'mirror', String(repo.id), 'runs.jsonl'), 'utf8'),
  ).not.toContain('"id":77,');
  await start(false);
  await until(async () => (await ids()).includes(77));
  expect(github.rest.calls.filter(({ path: at }) => at.includes('/runs'))).toEqual([]);
  const lines = await readFile(path.join(place.home, 'mirror', String(repo.id), 'runs.jsonl'), 'utf8');
  expect(lines.split('\n').slice(0, -1)).toHaveLength(2);
});

test('what was looked at is not looked at again: the folder may go, and only what comes is told', async () => {
  const { world, deliver, rows, repo } = await mirrorScene(0);
  const told = (id: number) => ({ action: 'completed', workflow_run: runOf(repo, { id }) });
  await deliver('workflow_run', told(1));
  const heard = path.join(world.home, 'mirror', 'heard.json');
  const before = JSON.parse(await readFile(heard, 'utf8')) as { upto: number };
  await world.restart();
  await world.app.running.features.mirrorSettled();
  expect((JSON.parse(await readFile(heard, 'utf8')) as { upto: number }).upto).toBeGreaterThanOrEqual(
    before.upto,
  );
  expect((await rows('runs')).map(({ id }) => id)).toEqual([1]);
  await writeFile(heard, 'no JSON');
  await world.restart();
  await world.app.running.features.mirrorSettled();
  expect((await rows('runs')).map(({ id }) => id)).toEqual([1]);
});

test('a deployment is as its newest status says, whatever order the deliveries come in', async () => {
  const { deliver, rows, repo } = await mirrorScene(0);
  const at = (minute: number): string => `2026-01-01T00:0${minute}:00Z`;
  const deployment = {
    id: 5,
    created_at: at(0),
    updated_at: at(0),
    environment: 'production',
    task: 'deploy',
    ref: 'main',
    url: 'https://api.github.com/repos/acme/shop/deployments/5',
    creator: { id: 1, login: 'ana' },
  };
  const status = (state: string, minute: number) =>
    deliver('deployment_status', {
      action: 'created',
      deployment: { ...deployment, updated_at: at(minute) },
      deployment_status: { state, created_at: at(minute), updated_at: at(minute) },
    });
  const states = async () => (await rows('deployments')).map(({ state }) => state);
  expect(repo.many?.deployments?.length).toBe(0);
  await deliver('deployment', { action: 'created', deployment });
  expect(await states()).toEqual(['pending']);
  await status('in_progress', 1);
  expect(await states()).toEqual(['in_progress']);
  await status('success', 3);
  await status('failure', 2);
  await deliver('deployment', { action: 'created', deployment, late: true });
  expect(await states()).toEqual(['success']);
  // Of one second the one further on.
  await status('in_progress', 3);
  expect(await states()).toEqual(['success']);
  await status('inactive', 4);
  expect(await states()).toEqual(['inactive']);
});

test('the first run, too, knows how deployments went; and a run sees a new status of an old one', async () => {
  const { sync, rows, repo, github, conflicts } = await mirrorScene(3);
  const status = (deployment: number, state: 'success' | 'failure' | 'in_progress', minute: number) => {
    const when = `2026-01-01T00:0${minute}:00Z`;
    repo.deploymentStatuses.push({
      ...({} as (typeof repo.deploymentStatuses)[number]),
      id: minute,
      node_id: `DS_${minute}`,
      deployment,
      state,
      created_at: when,
      updated_at: when,
    });
  };
  status(2_000_000, 'in_progress', 1);
  status(2_000_000, 'success', 2);
  status(2_000_002, 'in_progress', 3);
  await sync();
  const states = async () =>
    (await rows('deployments'))
      .filter(({ repository }) => repository === 'acme/shop')
      .map(({ id, state }) => [id, state]);
  expect(await states()).toEqual([
    [2_000_002, 'in_progress'],
    [2_000_001, 'pending'],
    [2_000_000, 'success'],
  ]);
  status(2_000_002, 'failure', 4);
  await sync();
  expect(await states()).toContainEqual([2_000_002, 'failure']);
  expect(await conflicts()).toEqual([]);
  // What GitHub does not tell is not made up, and does not take the place of what is known.
  status(2_000_001, 'success', 5);
  github.rest.faults.plan(
    'POST /graphql',
    {
      kind: 'answer',
      answer: {
        status: 200,
        body: {
          data: null,
          errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }],
        },
      },
    },
    2,
  );
  await sync();
  expect(await states()).toContainEqual([2_000_002, 'failure']);
  expect((await conflicts())[0]).toMatch(
    /^acme\/shop deployments: the state of some is not known.*Resource not acc/,
  );
});
