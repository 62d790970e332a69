import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ANA, deploy, openChatRig } from './rig.ts';

test('no GET or HEAD approves, denies or presses anything: a shared link and its preview are only looked at', async () => {
  const rig = await openChatRig();
  const asked = await rig.press(ANA, await rig.say(ANA, deploy('prod')), 'Confirm exactly this');
  const request = asked.reply.title.split(' ')[1] ?? '';
  const [post] = await rig.bot('discord').posts(0);
  const button = post?.buttons[0]?.id ?? '';
  expect(button).toMatch(/^btn_/);
  const token = (await readFile(path.join(rig.home, 'token'), 'utf8')).trim();
  const owner = { authorization: `Bearer ${token}` };
  const api = (await (await fetch(`${rig.app.url}/openapi.json`, { headers: owner })).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const all = Object.keys(api.paths);
  expect(all).toEqual(expect.arrayContaining(['/v1/commands', '/v1/chat/relay', '/v1/cosign/decide']));
  const before = (await rig.records('chat.pressed')).length;
  const statuses = new Set<number>();
  for (const route of all.filter((name) => !name.includes('events')))
    for (const method of ['GET', 'HEAD'])
      for (const id of [request, button])
        for (const headers of [{}, owner, { authorization: `Bearer ${rig.tokens.discord}` }]) {
          const where = route.replaceAll(/\{\w+\}/g, id);
          const query = `?command=grant%20approve&request=${request}&id=${button}&confirm=1&force=true`;
          for (const tail of ['', query]) {
            const answer = await fetch(`${rig.app.url}${where}${tail}`, {
              method,
              headers,
              signal: AbortSignal.timeout(10_000),
            });
            statuses.add(answer.status);
            await answer.arrayBuffer();
          }
        }
  expect([...statuses]).toEqual(expect.arrayContaining([200, 404]));
  expect(await rig.records('grant.approved')).toEqual([]);
  expect(await rig.records('grant.denied')).toEqual([]);
  expect(await rig.records('job.queued')).toEqual([]);
  expect(await rig.records('chat.pressed')).toHaveLength(before);
});
