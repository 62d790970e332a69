import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ESTATE, openWorld, type World } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';
import { standin } from '../github/rig.ts';
import type { GithubStandin } from '../standins/github/index.ts';
import { fill } from '../standins/github/bulk.ts';
import { repositoryOf } from '../standins/github/payloads.ts';
import type { Repo } from '../standins/github/world.ts';

export const HOOK = 'a secret that GitHub and we know';
type Row = { id: number; title: string; state: string; repository: string; at: number };

/** Every line of a home's mirror that holds an item: `repository/kind id`. */
export async function linesOf(home: string): Promise<string[]> {
  const folder = path.join(home, 'mirror');
  const names = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const found: string[] = [];
  for (const name of names.filter((one) => one.endsWith('.jsonl')))
    for (const line of (await readFile(path.join(folder, name), 'utf8')).split('\n')) {
      if (line === '') continue;
      const value = JSON.parse(line.slice(9)) as { id?: number };
      if (value.id !== undefined) found.push(`${name} ${value.id}`);
    }
  return found;
}

export interface MirrorScene {
  world: World;
  github: GithubStandin;
  repo: Repo;
  other: Repo;
  sync(args?: Record<string, string | boolean>): Promise<{ status: string; log: string }>;
  rows(kind: string): Promise<Row[]>;
  lines(): Promise<string[]>;
  /** Calls since the last time that was asked: `GET 200 /releases`. */
  calls(): string[];
  conflicts(): Promise<string[]>;
  deliver(event: string, payload: object): Promise<void>;
}

/** A daemon with two repositories, `each` of everything in both. */
export async function mirrorScene(each: number): Promise<MirrorScene> {
  const github = await standin();
  const token = github.access.token(github.world.addUser('reeve-bot'));
  const repo = github.world.addRepo('acme', 'shop');
  const other = github.world.addRepo('acme', 'till');
  fill(repo, each);
  fill(other, each);
  const runbook = await readFile(path.join(REPO, 'runbooks/github.md'), 'utf8');
  const world = await openWorld({
    runbooks: { 'github.md': runbook.replace('retries: 1', 'retries: 0') },
    settings: { REEVE_GITHUB_API: github.api },
  });
  for (const [name, value] of Object.entries({ github_webhook: HOOK, gh_token: token }))
    await world.as('root', { command: 'secret set', args: { name, value } });
  await world.write(
    'reeve.yaml',
    `${ESTATE}integrations: { github: { token: gh_token, repositories: { acme/shop: shop, acme/till: shop } } }\n`,
  );
  const reloaded = await world.as('root', { command: 'config reload' });
  if (!reloaded.ok) throw new Error(JSON.stringify(reloaded.error));
  onTestFinished(() => {
    if (github.rest.wrong.length > 0) throw new Error(github.rest.wrong.join('\n'));
  });
  let seen = 0;
  return {
    world,
    github,
    repo,
    other,
    async sync(args = {}) {
      const started = await world.as('root', { command: 'sync github', args, force: true });
      const status = await world.end(started);
      const log = await world.as('root', { command: 'jobs logs', args: { job: started.job?.id ?? '' } });
      return { status, log: JSON.stringify(log) };
    },
    async rows(kind) {
      const { data } = await world.as('root', { command: `github ${kind}`, args: { limit: 500 } });
      return data as Row[];
    },
    lines: () => linesOf(world.home),
    calls() {
      const all = github.rest.calls.slice(seen);
      seen = github.rest.calls.length;
      return all.map(({ method, status, path: at }) => `${method} ${status} ${at}`);
    },
    conflicts: async () => (await world.records('sync.advanced')).at(-1)?.body.conflicts ?? [],
    async deliver(event, payload) {
      const { headers, body } = github.sign(event, { ...payload, repository: repositoryOf(repo) }, HOOK);
      const answer = await fetch(`${world.app.url}/webhooks/github`, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
      await world.app.running.features.mirrorSettled();
    },
  };
}
