import { expect, test } from 'vitest';
import { hexOf, openHooks, SECRETS, type Headers } from './rig.ts';

test('a signed delivery of each source is durable before it is answered, with its body, and listed', async () => {
  const hooks = await openHooks();
  const push = { ref: 'refs/heads/main', after: 'a'.repeat(40) };
  expect(await hooks.github(push, { id: 'd1' })).toMatchObject({ status: 200 });
  expect(await hooks.linear({ action: 'create', webhookTimestamp: Date.now() })).toMatchObject({
    status: 200,
  });
  expect(await hooks.billing({ type: 'invoice.paid', data: {} })).toMatchObject({ status: 200 });

  const received = await hooks.records('webhook.received');
  expect(received.map(({ body }) => [body.source, body.event])).toEqual([
    ['github', 'push'],
    ['linear', 'Issue'],
    ['generic/billing', 'invoice.paid'],
  ]);
  const [first] = received;
  const shown = await hooks.as('root', {
    command: 'webhook show',
    args: { delivery: first?.body.delivery ?? '' },
  });
  expect(shown).toMatchObject({ ok: true, data: { event: 'push', body: JSON.stringify(push) } });

  const list = await hooks.as('root', { command: 'webhook list', args: { source: 'github' } });
  expect(list).toMatchObject({
    ok: true,
    data: {
      sources: [
        { source: 'github', count: 1, secrets: ['github_webhook', 'github_before'] },
        { source: 'linear', count: 1 },
        { source: 'generic/billing', count: 1 },
      ],
      deliveries: [{ id: 'd1', event: 'push' }],
    },
  });
});

test('while a secret is replaced either one signs; afterwards only the new one', async () => {
  const hooks = await openHooks();
  expect(await hooks.github({ n: 1 })).toMatchObject({ status: 200 });
  expect(await hooks.github({ n: 2 }, { secret: SECRETS.github_before })).toMatchObject({ status: 200 });
  await hooks.as('root', {
    command: 'secret set',
    args: { name: 'github_before', value: 'another one, so the old one is void' },
  });
  expect(await hooks.github({ n: 3 }, { secret: SECRETS.github_before })).toMatchObject({
    status: 401,
    code: 'WEBHOOK_UNSIGNED',
  });
});

test('the same delivery again, also at once, also after a restart, is known and has no second record', async () => {
  const hooks = await openHooks();
  const answers = await Promise.all(Array.from({ length: 8 }, () => hooks.github({ n: 1 }, { id: 'same' })));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  expect(answers.filter(({ text }) => text.includes('"known":false'))).toHaveLength(1);
  await hooks.restart();
  expect((await hooks.github({ n: 1 }, { id: 'same' })).text).toContain('"known":true');
  expect(await hooks.records('webhook.received')).toHaveLength(1);
});

test('what was kept of the ledger may be torn, lie or be gone: what came is known all the same', async () => {
  const hooks = await openHooks();
  const { readFile, rm, writeFile } = await import('node:fs/promises');
  const file = `${hooks.home}/state/webhooks.seen`;
  await hooks.github({ n: 1 }, { id: 'one' });
  await hooks.restart();
  await hooks.github({ n: 2 }, { id: 'two' });
  await hooks.restart();
  const good = await readFile(file);
  const flipped = Buffer.from(good);
  flipped[30] = (flipped[30] ?? 0) ^ 1;
  for (const content of [
    good.subarray(0, 40),
    Buffer.from('no'),
    flipped,
    Buffer.alloc(good.length),
    undefined,
  ]) {
    await hooks.app.stop('test');
    if (content === undefined) await rm(file);
    else await writeFile(file, content);
    await hooks.restart();
    for (const n of [1, 2])
      expect((await hooks.github({ n }, { id: n === 1 ? 'one' : 'two' })).text).toContain('"known":true');
    expect(await hooks.github({ n: 1 }, { id: 'three' })).toMatchObject({ code: 'WEBHOOK_REPLAYED' });
  }
});

test('a body is kept as long as the estate says, and that it came for ever', async () => {
  const hooks = await openHooks();
  await hooks.github({ n: 1 }, { id: 'one' });
  const { readdir, rename } = await import('node:fs/promises');
  const folder = `${hooks.home}/webhooks`;
  await hooks.app.stop('test');
  const [pack = ''] = await readdir(folder);
  await rename(`${folder}/${pack}`, `${folder}/0000000000001.pack`);
  await hooks.restart();
  await expect.poll(() => readdir(folder)).toEqual([]);
  const [received] = await hooks.records('webhook.received');
  const args = { delivery: received?.body.delivery ?? '' };
  expect(await hooks.as('root', { command: 'webhook show', args })).toMatchObject({
    ok: false,
    error: { code: 'DELIVERY_BODY_GONE' },
  });
  expect((await hooks.github({ n: 1 }, { id: 'one' })).text).toContain('"known":true');
});

test('a body that was changed on the disk is not shown', async () => {
  const hooks = await openHooks();
  await hooks.github({ secret_plan: 'none' }, { id: 'one' });
  const { readdir, readFile, writeFile } = await import('node:fs/promises');
  const folder = `${hooks.home}/webhooks`;
  const [pack = ''] = await readdir(folder);
  const bytes = await readFile(`${folder}/${pack}`);
  await writeFile(`${folder}/${pack}`, bytes.toString('latin1').replace('none', 'some'), 'latin1');
  const [received] = await hooks.records('webhook.received');
  expect(
    await hooks.as('root', {
      command: 'webhook show',
      args: { delivery: received?.body.delivery ?? '' },
    }),
  ).toMatchObject({ ok: false, error: { code: 'ARTIFACT_CORRUPT' } });
});

test('a person has a delivery handled once more; webhook test shows right and wrong being told apart', async () => {
  const hooks = await openHooks();
  await hooks.github({ n: 1 });
  const [received] = await hooks.records('webhook.received');
  const args = { delivery: received?.body.delivery ?? '' };
  expect(await hooks.as('ana', { command: 'webhook redeliver', args })).toMatchObject({ ok: false });
  expect(await hooks.as('root', { command: 'webhook redeliver', args })).toMatchObject({ ok: true });
  expect(await hooks.records('webhook.redelivered')).toMatchObject([{ body: { ...args, by: 'root' } }]);

  for (const source of ['github', 'linear', 'generic/billing'])
    expect(await hooks.as('root', { command: 'webhook test', args: { source, local: true } })).toMatchObject({
      ok: true,
      data: { tries: [{ status: 200 }, { status: 200 }, { status: 401 }, { status: 409 }] },
    });
});

test('the short way and the route answer alike, what is right and what is refused', async () => {
  const hooks = await openHooks();
  const ask = async (n: number, query: string, more: Headers = {}) => {
    const body = JSON.stringify({ n });
    const { status, text, headers } = await hooks.send(
      `/webhooks/github${query}`,
      {
        'content-type': 'application/json',
        'x-github-delivery': `id-${n}`,
        'x-github-event': 'push',
        'x-hub-signature-256': `sha256=${hexOf(SECRETS.github_webhook, body)}`,
        ...more,
      },
      body,
    );
    const { date: _date, ...rest } = headers;
    return { status, text: text.replace(/dlv_[0-9a-f]{24}|"ledger_seq":\d+/g, '…'), rest };
  };
  const forged = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };
  const short = [await ask(1, ''), await ask(1, ''), await ask(3, '', forged)];
  const route = [await ask(2, '?a=1'), await ask(2, '?a=1'), await ask(4, '?a=1', forged)];
  expect(short).toEqual(route);
  expect(short.map(({ status }) => status)).toEqual([200, 200, 401]);
  expect(await hooks.records('webhook.received')).toHaveLength(2);
  expect(await hooks.codes()).toEqual(['WEBHOOK_UNSIGNED', 'WEBHOOK_UNSIGNED']);
});

test('whoever names a person or comes from a page is refused on either way', async () => {
  const hooks = await openHooks();
  for (const [code, headers] of [
    ['CALLER_NAMED', { 'x-forwarded-user': 'root' }],
    ['ORIGIN_REFUSED', { origin: 'https://evil.example' }],
    ['ORIGIN_REFUSED', { 'sec-fetch-site': 'cross-site' }],
  ] as const)
    expect((await hooks.github({ n: 1 }, { headers })).code).toBe(code);
  expect(await hooks.records('webhook.received')).toEqual([]);
});
