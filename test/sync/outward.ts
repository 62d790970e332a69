import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ESTATE, openWorld, type World } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';
import { standin } from '../github/rig.ts';
import type { GithubStandin } from '../standins/github/index.ts';
import type { Repo } from '../standins/github/world.ts';
import { Repository } from './repository.ts';

/** A bare repository that is pushed to. */
export class Bare {
  readonly folder: string;
  private constructor(folder: string) {
    this.folder = folder;
  }
  static async make(): Promise<Bare> {
    const base = await mkdtemp(path.join(os.tmpdir(), 'reeve-bare-'));
    onTestFinished(() => rm(base, { recursive: true, force: true }));
    const bare = new Bare(path.join(base, 'shop.git'));
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', bare.folder]);
    return bare;
  }
  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.folder, encoding: 'utf8' }).trim();
  }
  /** `refs/heads/main refs/tags/v0.1.0 …` */
  refs(): string {
    return this.git('for-each-ref', '--format=%(refname)').replaceAll('\n', ' ');
  }
  /** What the remote runs before it takes anything. */
  async hook(script: string): Promise<void> {
    const file = path.join(this.folder, 'hooks/pre-receive');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
}

export interface Outward {
  world: World;
  repo: Repository;
  bare: Bare;
  github: GithubStandin;
  there: Repo;
  ask(args?: object, command?: string): ReturnType<World['as']>;
  run(args?: object): Promise<string>;
  /** Why the newest job ended as it did. */
  why(): Promise<string>;
}

/** What of reeve.yaml is the same in every test of this. */
export const outwardEstate = (estate: string, repository: string): string =>
  `${estate.replace('  shop:\n', `  shop:\n    path: shop\n    release: { push: { remote: origin }, github: ${repository} }\n`)}alerts: { channels: { ops: { kind: log } } }
integrations: { github: { token: gh_token, repositories: { '${repository}': shop } } }
`;

/** A daemon with a project whose repository has a real remote, and GitHub beside it that sees what is pushed. */
export async function openOutward(files: Record<string, string> = {}): Promise<Outward> {
  const github = await standin();
  const token = github.access.token(github.world.addUser('reeve-bot'));
  const there = github.world.addRepo('acme', 'shop');
  const bare = await Bare.make();
  there.folder = bare.folder;
  const plain = ESTATE.replace('prod: { approvals: 1 }', 'prod: {}').replace(
    'vault: { approvals: 2 }',
    'vault: {}',
  );
  const world = await openWorld({
    estate: plain,
    runbooks: { 'release.md': await readFile(path.join(REPO, 'runbooks/release.md'), 'utf8') },
    settings: { REEVE_GITHUB_API: github.api },
  });
  for (const [name, value] of Object.entries({ gh_token: token, github_webhook: 'a secret of the hook' }))
    await world.as('root', { command: 'secret set', args: { name, value } });
  await mkdir(path.join(world.root, 'shop'));
  const repo = new Repository(path.join(world.root, 'shop'));
  repo.git('remote', 'add', 'origin', bare.folder);
  for (const [name, text] of Object.entries(files)) await repo.write(name, text);
  await repo.write('a.txt', 'a\n');
  repo.commit('feat: begin');
  repo.git('push', '-q', 'origin', 'main');
  await world.write('reeve.yaml', outwardEstate(plain, 'acme/shop'));
  const reloaded = await world.as('root', { command: 'config reload' });
  if (!reloaded.ok) throw new Error(JSON.stringify(reloaded.error));
  onTestFinished(() => {
    if (github.rest.wrong.length > 0) throw new Error(github.rest.wrong.join('\n'));
  });
  const ask = (args = {}, command = 'release') =>
    world.as('root', { command, args: { project: 'shop', ...args }, force: true });
  return {
    world,
    repo,
    bare,
    github,
    there,
    ask,
    run: async (args = {}) => world.end(await ask(args)),
    why: async () => (await world.records('job.attempt')).at(-1)?.body.why ?? '',
  };
}
