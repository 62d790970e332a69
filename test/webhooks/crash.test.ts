import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { ESTATE } from '../helpers/app.ts';
import { Place } from '../helpers/daemon.ts';

const SECRET = 'a secret that GitHub and we know';

test('kill -9 in the midst of deliveries: each that was answered is there, is known, and no body is missing', async () => {
  const place = await Place.make({ estate: ESTATE, runbooks: {} });
  onTestFinished(() => place.close());
  const first = await place.start();
  await place.reeve(['secret', 'set', 'github_webhook', '--value', SECRET]);
  await place.write('reeve.yaml', `${ESTATE}integrations: { github: {} }\n`);
  expect((await place.reeve(['config', 'reload'])).code).toBe(0);

  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(first.said())?.[0] ?? '';
  const answered = new Set<number>();
  let next = 0;
  const sender = async (): Promise<void> => {
    for (;;) {
      const n = next++;
      const status = await send(url, n).catch(() => 0);
      if (status === 0) return;
      expect(status).toBe(200);
      answered.add(n);
      if (answered.size === 150) first.child.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 16 }, sender));
  await first.ended;
  expect(answered.size).toBeGreaterThanOrEqual(150);

  const second = await place.start();
  const again = /http:\/\/127\.0\.0\.1:\d+/.exec(second.said())?.[0] ?? '';
  for (const n of answered) {
    const response = await post(again, n);
    expect(await response.json()).toMatchObject({ known: true });
  }
  const { out } = await place.reeve(['webhook', 'list', '--limit', '500', '--json']);
  const { data } = JSON.parse(out) as { data: { deliveries: { delivery: string }[] } };
  expect(data.deliveries.length).toBeGreaterThanOrEqual(answered.size);
  for (const { delivery } of data.deliveries.slice(0, 10))
    expect((await place.reeve(['webhook', 'show', delivery, '--json'])).code).toBe(0);
});

function post(url: string, n: number): Promise<Response> {
  const body = JSON.stringify({ n });
  return fetch(`${url}/webhooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': `delivery-${n}`,
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
  });
}
const send = async (url: string, n: number): Promise<number> => (await post(url, n)).status;
