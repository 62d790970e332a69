import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ESTATE, RUNBOOKS } from '../helpers/app.ts';
import { Place, until } from '../helpers/daemon.ts';
import { commentPayload } from '../standins/github/payloads.ts';
import { standin } from './rig.ts';
import { HOOK, SHA, confirmIn } from './world.ts';

/** Loaded into the daemon before anything else: kills it with SIGKILL in the instant in which it is about to write this. */
const killer = (type: string, holds: string): string => `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  for (const name of ['write', 'writeSync']) {
    const plain = fs[name];
    fs[name] = (fd, what, ...more) => {
      const text = String(what);
      if (text.includes('"type":"${type}"') && text.includes('${holds}')) process.kill(process.pid, 'SIGKILL');
      return plain(fd, what, ...more);
    };
  }
  syncBuiltinESMExports();
`;

/** A daemon as a process of its own, and GitHub beside it. */
async function open() {
  const github = await standin();
  const app = github.addApp();
  const ana = github.world.addUser('ana');
  const repo = github.world.addRepo('acme', 'shop');
  const pull = github.addPull(repo, ana, { sha: SHA });
  const estate = `${ESTATE.replace('ana: { roles: [operator],', `ana: { roles: [operator], github: [${ana.id}],`).replace('  shop:\n', '  shop:\n    runbooks: { deploy: touch }\n')}integrations:
  github:
    app: { id: ${app.id}, installation: ${app.installation} }
    repositories: { '${repo.id}': shop }
`;
  const place = await Place.make({ estate: ESTATE, runbooks: RUNBOOKS });
  onTestFinished(() => place.close());
  const hook = path.join(place.base, 'hook.mjs');
  const env = [`REEVE_GITHUB_API=${github.api}`];
  const start = (kill?: [type: string, holds: string]) =>
    place.start({
      through: [
        'env',
        ...env,
        ...(kill === undefined
          ? []
          : [`NODE_OPTIONS=--import=${pathToFileURL(hook).href}`, 'REEVE_BUNDLE=off']),
      ],
    });
  let daemon = await start();
  for (const [name, value] of Object.entries({ github_webhook: HOOK, github_key: app.privateKey }))
    await place.reeve(['secret', 'set', name, '--value', value]);
  await place.write('reeve.yaml', estate);
  const reactions = (comment: { id: number | bigint }): string[] =>
    repo.reactions.filter((one) => one.comment === Number(comment.id)).map(({ content }) => content);
  const ours = (): string[] =>
    repo.comments.filter(({ user }) => user?.id === app.bot.id).map(({ body }) => body ?? '');
  return {
    place,
    reactions,
    ours,
    /** Starts anew; with words, one that dies when it is about to write a record of this type that holds them. */
    async restart(kill?: [type: string, holds: string]): Promise<void> {
      if (daemon.child.exitCode === null && daemon.child.signalCode === null) await daemon.end('SIGTERM');
      if (kill !== undefined) await writeFile(hook, killer(...kill));
      daemon = await start(kill);
    },
    ended: () => daemon.ended,
    async say(body: string) {
      const comment = github.comment(repo, ana, pull, body);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(daemon.said())?.[0] ?? '';
      const payload = commentPayload(repo, { number: pull, comment, sender: ana });
      const signed = github.sign('issue_comment', payload, HOOK);
      const answer = await fetch(`${url}/webhooks/github`, { method: 'POST', ...signed });
      expect(answer.status).toBe(200);
      return comment;
    },
  };
}

test('kill -9 between the queued job and the answer to its confirmation: the next daemon tells how the job ended, and refuses nothing', async () => {
  const { place, restart, ended, say, reactions, ours } = await open();
  await restart(['github.answered', '"outcome":"started"']);
  const asked = await say('/reeve deploy dev');
  await until(() => ours().length === 1);
  const confirm = await say(confirmIn(ours()[0]));
  expect(await ended()).toBe(128 + 9);
  const [queued] = await place.records('job.queued');
  expect(queued).toBeDefined();
  expect((await place.records('github.answered')).map(({ body }) => body['outcome'])).toEqual(['confirm']);

  await restart();
  const { job_id = '' } = (queued?.body['job'] ?? {}) as { job_id?: string };
  const over = ['PASS', 'FAIL', 'UNKNOWN', 'CANCELLED'];
  const status = async (): Promise<string> =>
    ((await place.records('job.attempt')).at(-1)?.body['attempt'] as { status?: string } | undefined)
      ?.status ?? '';
  await until(async () => over.includes(await status()));
  // Killed while its step may have run, nobody can say how it ended.
  const mark = { PASS: 'rocket', FAIL: '-1', UNKNOWN: 'confused', CANCELLED: '-1' }[await status()];
  await until(() => reactions(confirm).includes(mark ?? '') && reactions(asked).includes(mark ?? ''));
  expect((await place.records('github.answered')).map(({ body }) => [body['outcome'], body['job']])).toEqual([
    ['confirm', undefined],
    ['started', job_id],
  ]);
  expect(ours()).toHaveLength(1);
  expect(ours()[0]).toContain(job_id);
  expect(ours()[0]).not.toContain('ended before this was done');
  expect(await place.records('job.queued')).toHaveLength(1);
});

test('kill -9 between an opened request and the answer: it waits for its approval, and the comment says how', async () => {
  const { place, restart, ended, say, reactions, ours } = await open();
  await restart(['github.answered', '"outcome":"waits"']);
  await say('/reeve deploy prod --reason "to sell more"');
  await until(() => ours().length === 1);
  const confirm = await say(confirmIn(ours()[0]));
  expect(await ended()).toBe(128 + 9);
  const [request] = await place.records('grant.requested');
  await restart();
  const id = request?.body['id'] as string;
  await until(() => ours()[0]?.includes(`/reeve approve ${id}`) === true);
  expect(ours()).toHaveLength(1);
  await until(() => reactions(confirm).length > 0);
  expect(reactions(confirm)).toEqual(['eyes']);
  expect((await place.records('github.answered')).at(-1)?.body).toMatchObject({
    outcome: 'waits',
    request: id,
  });
});
