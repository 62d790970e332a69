import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { ESTATE, RUNBOOKS } from '../helpers/app.ts';
import { Place, until } from '../helpers/daemon.ts';

const SECRET = 'a secret that GitHub and we know';
const HOOKS = `integrations: { github: {} }
rules:
  main: { on: github.push, runbook: touch, project: shop, env: dev, max: 100, inputs: { name: { from: event.name } } }
`;
const ROUNDS = 3;

test('kill -9 right after deliveries were answered: each starts one job, of its own', async () => {
  const place = await Place.make({ estate: ESTATE, runbooks: RUNBOOKS });
  onTestFinished(() => place.close());
  let daemon = await place.start();
  await place.reeve(['secret', 'set', 'github_webhook', '--value', SECRET]);
  await place.write('reeve.yaml', ESTATE + HOOKS);
  expect((await place.reeve(['config', 'reload'])).code).toBe(0);
  expect((await place.reeve(['config', 'accept', '--mandate', 'rule:main', '--force'])).code).toBe(0);

  const names: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(daemon.said())?.[0] ?? '';
    const here = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(round + 1));
    names.push(...here);
    expect(await Promise.all(here.map((name) => send(url, name)))).toEqual(here.map(() => 200));
    daemon.child.kill('SIGKILL');
    await daemon.ended;
    daemon = await place.start();
  }
  const decided = async () => {
    const { out } = await place.reeve(['webhook', 'list', '--limit', '100', '--json']);
    const { data } = JSON.parse(out) as { data: { deliveries: { delivery: string }[] } };
    const jobs = [];
    for (const { delivery } of data.deliveries) {
      const shown = JSON.parse((await place.reeve(['rules', 'explain', delivery, '--json'])).out) as {
        data: { rules: { decided: { job: string | null } | null }[] };
      };
      jobs.push(shown.data.rules[0]?.decided?.job ?? undefined);
    }
    return jobs;
  };
  await until(async () => (await decided()).every((job) => job !== undefined));
  const jobs = await decided();
  expect([jobs.length, new Set(jobs).size]).toEqual([names.length, names.length]);
});

async function send(url: string, name: string): Promise<number> {
  const body = JSON.stringify({ name });
  const answer = await fetch(`${url}/webhooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': `delivery-${name}`,
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
  });
  return answer.status;
}
