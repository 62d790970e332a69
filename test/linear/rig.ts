import http from 'node:http';
import { onTestFinished } from 'vitest';
import { ESTATE, openWorld, type World } from '../helpers/app.ts';
import { until } from '../helpers/daemon.ts';
import { startLinear, type LinearStandin } from '../standins/linear/index.ts';
import type { User } from '../standins/linear/world.ts';

const SECRET = 'lin_wh_8yyyzzz85a5abcdefabcdef';
export const KEY = 'lin_api_0123456789abcdef0123456789abcdef';

export interface Rig extends World {
  linear: LinearStandin;
  users: { ana: User; vic: User; stranger: User; bot: User };
  estate: string;
  /** Brings every webhook to the daemon, and waits until all of it is queued, and sent if Linear is there. */
  deliver(): Promise<void>;
  /** Waits until everything is sent. */
  sent(): Promise<void>;
  open(title?: string): Promise<string>;
}

/** A real daemon with a real @linear/sdk beside the stand-in of Linear. */
export async function openLinear(more = '', on = true): Promise<Rig> {
  const linear = await startLinear(SECRET);
  onTestFinished(() => linear.close());
  const { world: there } = linear;
  const users = {
    ana: there.user('ana'),
    vic: there.user('vic'),
    stranger: there.user('stranger'),
    bot: there.user('bot'),
  };
  linear.keys.set(KEY, users.bot);
  const world = await openWorld();
  for (const [name, value] of [
    ['linear_webhook', SECRET],
    ['linear_token', KEY],
  ])
    await world.as('root', { command: 'secret set', args: { name: name ?? '', value: value ?? '' } });
  const estate =
    ESTATE.replace(
      'ana: { roles: [operator],',
      `ana: { roles: [operator], linear: ['${users.ana.id}'],`,
    ).replace('vic: { roles: [viewer] }', `vic: { roles: [viewer], linear: ['${users.vic.id}'] }`) +
    `network: { allow: ['${linear.host}'] }
integrations:
  linear:
    api: ${linear.url}
    token: linear_token
    team: OPS
${more}`;
  await world.write('reeve.yaml', on ? estate : ESTATE);
  const reloaded = await world.as('root', { command: 'config reload' });
  if (!reloaded.ok) throw new Error(JSON.stringify(reloaded.error));
  const settled = (): Promise<void> => world.app.running.features.linearSettled();
  // It is loaded with the first estate that names it; what happens before that was before it.
  await settled();
  const rig: Rig = Object.assign(world, {
    linear,
    users,
    estate,
    async sent() {
      // What is sent may be followed by more: a conflict is said in a comment.
      for (let turn = 0; turn < 2; turn++) {
        await settled();
        await until(async () => (await world.app.running.features.linear.view()).waiting.length === 0);
      }
    },
    async deliver() {
      for (let one = linear.deliveries.shift(); one !== undefined; one = linear.deliveries.shift()) {
        const status = await post(`${world.app.url}/webhooks/linear`, one.headers, one.body);
        if (status !== 200) throw new Error(`a delivery was answered ${status}`);
        await settled();
      }
    },
    async open(title = 'checkout is slow') {
      const args = { title, project: 'shop', env: 'dev', severity: 'page' };
      const reply = await world.as('ana', { command: 'incidents open', args, reason: 'it is' });
      return (reply.data as { id: string }).id;
    },
  });
  return rig;
}

function post(url: string, headers: Record<string, string>, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const request = http.request(
      url,
      { method: 'POST', agent: false, headers: { ...headers, ...length } },
      (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    request.on('error', reject).end(body);
  });
}
