import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { addRule, called, decided, explained } from '../rules/calls.ts';
import { example, repositoryOf } from '../standins/github/payloads.ts';
import { openOutward, type Outward } from './outward.ts';

const HOOK = 'a secret of the hook';
const tell = (site: Outward, event: string, payload: object): Promise<string> =>
  called(site.world, site.github, HOOK, event, { ...payload, repository: repositoryOf(site.there) });
const jobs = async ({ world }: Outward): Promise<number> => (await world.records('job.queued')).length;
/** What GitHub tells of the release that went out: the pushes of branch and tag, the tag, the release, a run on the commit. */
function echoes({ repo, there }: Outward): Record<string, [event: string, payload: object]> {
  const commit = repo.git('rev-parse', 'v0.1.0^{commit}').trim();
  const object = repo.git('rev-parse', 'v0.1.0').trim();
  const push = example('push');
  const head_commit = { ...push.head_commit, id: commit };
  const release = example('release', 'published');
  const run = example('workflow_run', 'completed');
  return {
    'the commit': ['push', { ...push, ref: 'refs/heads/main', after: commit, head_commit }],
    'the tag pushed': ['push', { ...push, ref: 'refs/tags/v0.1.0', after: object, head_commit }],
    'the tag': ['create', { ...example('create'), ref: 'v0.1.0', ref_type: 'tag', description: commit }],
    'the release': ['release', { ...release, release: { ...release.release, ...there.releases[0] } }],
    'a run on it': ['workflow_run', { ...run, workflow_run: { ...run.workflow_run, head_sha: commit } }],
  };
}

/** A rule that releases, whatever it hears of; where nobody confirms it, the folder has to be Reeve's to write. */
async function releases({ world, bare }: Outward, event: string, from: string): Promise<void> {
  const yaml = await readFile(`${world.root}/reeve.yaml`, 'utf8');
  await world.write('reeve.yaml', `${yaml}zones: { state: [grimoires, .beads, shop] }\n`);
  const inputs = `{ version: 0.1.0, base: { from: ${from} }, remote: '${bare.folder}' }`;
  await addRule(world, `on: github.${event}, runbook: release, project: shop, env: dev, inputs: ${inputs}`);
}
test.each([
  ['push', 'event.after', ['the commit', 'the tag pushed']],
  ['release', 'event.release.target_commitish', ['the release']],
  ['create', 'event.description', ['the tag']],
  ['workflow_run', 'event.workflow_run.head_sha', ['a run on it']],
] as const)(
  'a rule on %s that releases: what GitHub tells of its own release starts nothing, not even once',
  async (event, from, own) => {
    const site = await openOutward();
    const { world, repo, github } = site;
    await releases(site, event, from);
    const base = repo.git('rev-parse', 'HEAD').trim();
    // Somebody's: of another tag, of the commit that people pushed.
    const first = {
      push: { ...example('push'), ref: 'refs/heads/main', after: base },
      release: {
        ...example('release', 'published'),
        release: { ...example('release', 'published').release, tag_name: 'nightly', target_commitish: base },
      },
      create: { ...example('create'), ref: 'nightly', ref_type: 'tag', description: base },
      workflow_run: {
        ...example('workflow_run', 'completed'),
        workflow_run: { ...example('workflow_run', 'completed').workflow_run, head_sha: base },
      },
    }[event];
    await tell(site, event, first);
    expect(await decided(world)).toEqual(['run']);
    const [job] = (await world.records('job.queued')).map(({ body }) => body.job.job_id);
    expect((await world.records('job.attempt')).at(-1)?.body).toMatchObject({ attempt: { status: 'PASS' } });
    expect(github.rest.wrong).toEqual([]);
    for (const name of own) {
      const [what, payload] = echoes(site)[name] ?? ['', {}];
      const said = await explained(world, await tell(site, what, payload));
      expect(said, name).toContain('"decision":"loop"');
      expect(said, name).toContain(
        `of v0.1.0, which Reeve released, and follows from ${job}, which this rule started`,
      );
    }
    expect(await jobs(site)).toBe(1);
  },
);

test('a release that a person asked for starts what a rule on releases is for', async () => {
  const site = await openOutward();
  const { world } = site;
  await world.write(
    'runbooks/after.md',
    '---\nrunbook: after\ntitle: After a release\ntimeout: 1m\n---\n```sh { name=one }\ntrue\n```\n',
  );
  await addRule(world, 'on: github.release.published, runbook: after, project: shop, env: dev');
  expect(await site.run()).toBe('PASS');
  const delivery = await tell(site, ...(echoes(site)['the release'] ?? ['', {}]));
  expect(await decided(world)).toEqual(['run']);
  // It is ours, and that is said; it is nothing that follows from the rule.
  expect(await explained(world, delivery)).toContain('It is the release of v0.1.0, which Reeve released.');
  expect(await jobs(site)).toBe(2);
});

test('the same tag in a repository of another project is somebody else’s', async () => {
  const site = await openOutward();
  const { world, repo, github } = site;
  await releases(site, 'create', 'event.description');
  await tell(site, 'create', {
    ...example('create'),
    ref: 'nightly',
    ref_type: 'tag',
    description: repo.git('rev-parse', 'HEAD').trim(),
  });
  const other = github.world.addRepo('acme', 'else');
  const payload = {
    ...example('create'),
    ref: 'v0.1.0',
    ref_type: 'tag',
    description: 'x',
    repository: repositoryOf(other),
  };
  await called(world, github, HOOK, 'create', payload);
  expect(await decided(world)).toEqual(['run', 'run']);
});
