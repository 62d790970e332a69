import { createHmac } from 'node:crypto';
import { LinearClient } from '@linear/sdk';
import { validateSchema } from 'graphql';
import { afterEach, expect, test } from 'vitest';
import { startLinear, type LinearStandin } from './linear/index.ts';
import { linearSchema } from './linear/schema.ts';

let linear: LinearStandin | undefined;
afterEach(async () => {
  await linear?.close();
  linear = undefined;
});

async function begin(): Promise<{ linear: LinearStandin; client: LinearClient }> {
  linear = await startLinear('a secret that Linear knows');
  linear.keys.set('lin_api_bot', linear.world.user('bot'));
  return { linear, client: new LinearClient({ apiKey: 'lin_api_bot', apiUrl: linear.url }) };
}

test('its schema is a right one, and knows every type that the SDK asks for', () => {
  const schema = linearSchema();
  expect(validateSchema(schema)).toEqual([]);
  expect(Object.keys(schema.getTypeMap()).length).toBeGreaterThan(1000);
  const { issue } = schema.getQueryType()?.getFields() ?? {};
  expect(issue?.args.map(({ name }) => name)).toEqual(['id']);
});

test('the real client reads and writes; pages are followed by their cursors to the end', async () => {
  const { linear: standin, client } = await begin();
  const { world } = standin;
  const [team] = (await client.teams({ filter: { key: { eq: 'OPS' } } })).nodes;
  expect((await team?.states())?.nodes.map(({ type }) => type)).toContain('completed');
  for (let n = 0; n < 7; n++) await client.createIssue({ teamId: world.team.id, title: `issue ${n}` });
  const page = await client.issues({ first: 3 });
  expect([page.nodes.length, page.pageInfo.hasNextPage]).toEqual([3, true]);
  while (page.pageInfo.hasNextPage) await page.fetchNext();
  expect(page.nodes.map(({ title }) => title)).toEqual(world.issues.map(({ title }) => title));
  expect(standin.refused).toEqual([]);
});

test('errors are those of Linear: no such issue, an id that is taken, a revoked key, a spent limit', async () => {
  const { linear: standin, client } = await begin();
  await expect(client.issue('OPS-9')).rejects.toMatchObject({ type: 'InvalidInput' });
  const input = { id: '00000000-0000-4000-8000-000000000001', teamId: standin.world.team.id, title: 'once' };
  await client.createIssue(input);
  await expect(client.createIssue(input)).rejects.toMatchObject({ type: 'InvalidInput' });
  expect(standin.world.issues).toHaveLength(1);
  standin.remaining = 0;
  await expect(client.viewer).rejects.toMatchObject({ type: 'Ratelimited', requestsResetAt: standin.reset });
  standin.keys.clear();
  await expect(client.viewer).rejects.toMatchObject({ type: 'AuthenticationError' });
});

test('a document that the schema does not know is refused', async () => {
  const { linear: standin, client } = await begin();
  await expect(client.client.rawRequest('{ issue(id: "x") { colour } }')).rejects.toMatchObject({
    type: 'GraphqlError',
  });
  expect(standin.refused.join()).toContain('colour');
});

test('deliveries are signed over their bytes and have what Linear’s have', async () => {
  const { linear: standin, client } = await begin();
  await client.createIssue({ teamId: standin.world.team.id, title: 'told' });
  const [delivery] = standin.deliveries;
  const body = JSON.parse(delivery?.body ?? '') as Record<string, unknown>;
  expect(body).toMatchObject({
    type: 'Issue',
    action: 'create',
    data: { title: 'told', identifier: 'OPS-1' },
  });
  expect(Object.keys(body)).toEqual(
    expect.arrayContaining(['webhookTimestamp', 'webhookId', 'organizationId']),
  );
  const hmac = createHmac('sha256', standin.secret)
    .update(delivery?.body ?? '')
    .digest('hex');
  expect(delivery?.headers['linear-signature']).toBe(hmac);
});
