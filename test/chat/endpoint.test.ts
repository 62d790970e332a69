import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { PLATFORMS, OLD_SECRET, endpointRig } from './endpoint-rig.ts';

const seconds = (): number => Math.floor(Date.now() / 1000);
const PING = { discord: { type: 1 }, slack: { type: 'url_verification', challenge: 'c1' } };

test.each(PLATFORMS)(
  '%s: its own question about the address is answered, whatever name it is called under',
  async (platform) => {
    const rig = await endpointRig();
    const answer = await rig.send(platform, rig.signed(platform, PING[platform]), 'reeve.example.com');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual(platform === 'discord' ? { type: 1 } : { challenge: 'c1' });
    // Everything else is still only for those who call this machine by its own name.
    const other = await fetch(`${rig.app.url}/v1/chat/session`, {
      headers: { authorization: `Bearer ${rig.tokens[platform]}` },
    });
    expect(other.status).toBe(200);
    expect(await rig.codes()).toEqual([]);
  },
);

test.each(PLATFORMS)(
  '%s: what is signed goes to the bot as it came, and its answer goes back',
  async (platform) => {
    const rig = await endpointRig();
    const taken = rig.take(platform, { text: 'é' });
    const payload = { type: 2, id: '1', user: { id: 'u' } };
    const answer = await rig.send(platform, rig.signed(platform, payload));
    expect(answer).toMatchObject({ status: 200, text: '{"text":"é"}' });
    expect(taken).toEqual([payload]);
    const empty = await endpointRig();
    empty.take(platform);
    expect(await empty.send(platform, empty.signed(platform, payload))).toMatchObject({
      status: platform === 'discord' ? 202 : 200,
      text: '',
    });
  },
);

test('Slack: a slash command is a form, what is pressed is JSON in one; both secrets count until one is taken away', async () => {
  const rig = await endpointRig();
  const taken = rig.take('slack', 'well');
  const type = 'application/x-www-form-urlencoded';
  const slash = rig.signed('slack', 'command=%2Freeve&text=deploy+%C3%A9&trigger_id=1.2', { type });
  expect(await rig.send('slack', slash)).toMatchObject({ status: 200, text: 'well' });
  const press = new URLSearchParams({ payload: JSON.stringify({ type: 'block_actions' }) }).toString();
  const old = rig.signed('slack', press, { type, secret: OLD_SECRET });
  expect((await rig.send('slack', old)).status).toBe(200);
  expect(taken).toEqual([
    { command: '/reeve', text: 'deploy é', trigger_id: '1.2' },
    { type: 'block_actions' },
  ]);
  expect((await rig.as('root', { command: 'secret remove', args: { name: 'older' }, force: true })).ok).toBe(
    true,
  );
  const again = rig.signed('slack', `${press}&x=1`, { type, secret: OLD_SECRET });
  expect((await rig.send('slack', again)).code).toBe('INTERACTION_UNSIGNED');
  // A name without a value signs nothing, least of all with nothing.
  const none = rig.signed('slack', `${press}&x=2`, { type, secret: '' });
  expect((await rig.send('slack', none)).code).toBe('INTERACTION_UNSIGNED');
});

test.each(PLATFORMS)(
  'attack 31: %s: the very same request is refused, and so is one with another time on it',
  async (platform) => {
    const rig = await endpointRig();
    const taken = rig.take(platform);
    const request = rig.signed(platform, { type: 2, id: '1' });
    const sent = await Promise.all(Array.from({ length: 20 }, () => rig.send(platform, request)));
    expect(sent.filter(({ status }) => status < 300)).toHaveLength(1);
    expect(new Set(sent.map(({ code }) => code))).toEqual(new Set(['', 'INTERACTION_REPLAYED']));
    const header = platform === 'discord' ? 'x-signature-timestamp' : 'x-slack-request-timestamp';
    const later = { ...request, headers: { ...request.headers, [header]: String(seconds() + 1) } };
    expect((await rig.send(platform, later)).code).toBe('INTERACTION_UNSIGNED');
    // The id of a delivery is not signed: it changes nothing.
    const renamed = {
      ...request,
      headers: { ...request.headers, 'x-slack-retry-num': '7', 'x-request-id': 'new' },
    };
    expect((await rig.send(platform, renamed)).code).toBe('INTERACTION_REPLAYED');
    expect(taken).toHaveLength(1);
  },
);

test.each(PLATFORMS)('attack 32: %s: times that are none, or not now, either way', async (platform) => {
  const rig = await endpointRig();
  const taken = rig.take(platform);
  const codes = async (at: string) =>
    (await rig.send(platform, rig.signed(platform, { type: 2, id: at }, { at }))).code;
  for (const at of [
    'NaN',
    '1e9',
    '-1',
    '+1767225600',
    `${seconds()}.5`,
    `0x${seconds().toString(16)}`,
    '9'.repeat(400),
    `${seconds()}, ${seconds()}`,
  ])
    expect(await codes(at)).toBe('INTERACTION_UNSIGNED');
  expect(await codes('')).toBe('INTERACTION_UNSIGNED');
  for (const away of [-301, -86_400, 302, 86_400])
    expect(await codes(String(seconds() + away))).toBe('INTERACTION_STALE');
  expect(await codes(String(seconds() - 280))).toBe('');
  expect(await codes(String(seconds() + 280))).toBe('');
  expect(taken).toHaveLength(2);
});

test.each(PLATFORMS)('attack 33: %s: of a header that is there twice neither counts', async (platform) => {
  const rig = await endpointRig();
  const taken = rig.take(platform);
  const request = rig.signed(platform, { type: 2, id: '1' });
  for (const name of Object.keys(request.headers).filter((one) => one.startsWith('x-'))) {
    const good = request.headers[name] as string;
    for (const values of [
      [good, good],
      [good, '1'],
      ['1', good],
    ])
      expect(
        (await rig.send(platform, { ...request, headers: { ...request.headers, [name]: values } })).code,
      ).toBe('INTERACTION_UNSIGNED');
  }
  expect(taken).toEqual([]);
});

test.each(PLATFORMS)(
  'attack 34: %s: without signature, time or body; each refusal is in the ledger',
  async (platform) => {
    const rig = await endpointRig();
    const taken = rig.take(platform);
    const request = rig.signed(platform, { type: 2, id: '1' });
    for (const name of Object.keys(request.headers).filter((one) => one.startsWith('x-'))) {
      const { [name]: _, ...headers } = request.headers;
      expect((await rig.send(platform, { ...request, headers })).code).toBe('INTERACTION_UNSIGNED');
    }
    expect(
      (await rig.send(platform, { headers: { 'content-type': 'application/json' }, body: '{}' })).code,
    ).toBe('INTERACTION_UNSIGNED');
    expect((await rig.send(platform, { headers: {}, body: '' })).status).toBe(400);
    expect(await rig.codes()).toEqual([...Array(3).fill('INTERACTION_UNSIGNED'), 'BODY_INVALID']);
    expect(taken).toEqual([]);
  },
);

test('attack 34: without its key or secret the file is refused: at a reload what runs goes on, at a start nothing does', async () => {
  const rig = await endpointRig();
  const reload = async (change: (estate: string) => string) => {
    await rig.write('reeve.yaml', change(rig.estate));
    return JSON.stringify((await rig.as('root', { command: 'config reload' })).error);
  };
  expect(
    await reload((estate) =>
      estate.replace(
        'transport: http\n    previous',
        'transport: http\n    signing_secret: unknown\n    previous',
      ),
    ),
  ).toContain(
    'the secret unknown is not stored; store it before this is switched on: reeve secret set unknown --value -',
  );
  expect(await reload((estate) => estate.replace(/ {4}public_key:.*\n/, ''))).toContain(
    'http needs public_key',
  );
  expect(
    await reload((estate) => estate.replace(/public_key: .*\n/, `public_key: "${'01'.padEnd(64, '0')}"\n`)),
  ).toContain('is no public key');
  expect(await reload((estate) => estate.replace(/ {2}url:.*\n/, ''))).toContain('http needs chat.url');
  // What was in force stays in force.
  expect((await rig.send('slack', rig.signed('slack', PING.slack))).status).toBe(200);
  await rig.write(
    'reeve.yaml',
    rig.estate.replace('previous_signing_secret: older', 'previous_signing_secret: gone'),
  );
  await expect(rig.restart()).rejects.toThrow(/gone is not stored/);
  await rig.write('reeve.yaml', rig.estate);
  await rig.restart();
});

test.each(PLATFORMS)(
  'attack 35: %s: the same JSON in other bytes, and one more byte behind it',
  async (platform) => {
    const rig = await endpointRig();
    const taken = rig.take(platform);
    const request = rig.signed(platform, '{ "type": 2, "id": "1" }');
    for (const body of ['{"type":2,"id":"1"}', '{ "type": 2, "id": "1" } ', '{ "id": "1", "type": 2 }'])
      expect((await rig.send(platform, { ...request, body })).code).toBe('INTERACTION_UNSIGNED');
    expect(taken).toEqual([]);
  },
);

test.each(PLATFORMS)(
  'attack 36: %s: a body too large, and a compressed one, before its signature is looked at',
  async (platform) => {
    const rig = await endpointRig();
    const huge = await rig.send(platform, rig.signed(platform, { type: 2, id: 'x'.repeat(300_000) }));
    expect(huge).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    expect(huge.text).toContain('larger than 262144 bytes');
    const request = rig.signed(platform, { type: 2 });
    const packed = {
      headers: { ...request.headers, 'content-encoding': 'gzip' },
      body: gzipSync(request.body),
    };
    expect((await rig.send(platform, packed)).code).toBe('BODY_ENCODING');
  },
);

test.each(PLATFORMS)(
  'attack 38: %s: 10,000 levels of JSON, unsigned and signed; attack 39: names of prototypes',
  async (platform) => {
    const rig = await endpointRig();
    const taken = rig.take(platform);
    const deep = rig.signed(platform, '['.repeat(10_000) + ']'.repeat(10_000));
    expect((await rig.send(platform, { ...deep, body: `${String(deep.body)} ` })).code).toBe(
      'INTERACTION_UNSIGNED',
    );
    expect((await rig.send(platform, deep)).code).toBe('BODY_INVALID');
    expect((await rig.send(platform, rig.signed(platform, '{"type":2,"__proto__":{"a":1}}'))).code).toBe(
      'BODY_INVALID',
    );
    expect((await rig.send(platform, rig.signed(platform, '[1]'))).code).toBe('BODY_INVALID');
    const form = (body: string) =>
      rig.send('slack', rig.signed('slack', body, { type: 'application/x-www-form-urlencoded' }));
    for (const body of [
      '__proto__=1',
      'command=a&command=b',
      'payload=%7B%22__proto__%22%3A1%7D',
      'payload=no',
    ])
      expect((await form(body)).code).toBe('BODY_INVALID');
    expect(taken).toEqual([]);
  },
);

test.each(PLATFORMS)(
  'attack 40: %s: hexadecimal of the wrong length, alphabet and case',
  async (platform) => {
    const rig = await endpointRig();
    const taken = rig.take(platform);
    const request = rig.signed(platform, { type: 2, id: '1' });
    const name = platform === 'discord' ? 'x-signature-ed25519' : 'x-slack-signature';
    const good = request.headers[name] as string;
    const prefix = platform === 'slack' ? 'v0=' : '';
    const hex = good.slice(prefix.length);
    const bad = [
      '',
      'zz',
      'z'.repeat(hex.length),
      hex.slice(1),
      `${hex}0`,
      `${hex}zz`,
      hex.slice(0, -2),
      hex.toUpperCase(),
      `0x${hex}`,
    ];
    for (const value of [
      ...bad.map((one) => prefix + one),
      hex === good ? `v0=${hex}` : hex,
      `v1=${hex}`,
      ` , ${good}`,
    ])
      expect(
        (await rig.send(platform, { ...request, headers: { ...request.headers, [name]: value } })).code,
      ).toBe('INTERACTION_UNSIGNED');
    expect(taken).toEqual([]);
  },
);

test('attack 02: a signature of Discord with S + L signs the same and is refused', async () => {
  const rig = await endpointRig();
  const request = rig.signed('discord', PING.discord);
  const bytes = Buffer.from(request.headers['x-signature-ed25519'] as string, 'hex');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
  Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse().copy(bytes, 32);
  const forged = {
    ...request,
    headers: { ...request.headers, 'x-signature-ed25519': bytes.toString('hex') },
  };
  expect((await rig.send('discord', forged)).code).toBe('INTERACTION_UNSIGNED');
  expect((await rig.send('discord', request)).status).toBe(200);
});

test.each(PLATFORMS)(
  'attack 43: %s: what no bot was there to take is answered with 503 and may come again',
  async (platform) => {
    const rig = await endpointRig();
    const request = rig.signed(platform, { type: 2, id: '1' });
    expect(await rig.send(platform, request)).toMatchObject({ status: 503, code: 'INTERACTION_UNANSWERED' });
    const taken = rig.take(platform);
    expect((await rig.send(platform, request)).status).toBeLessThan(300);
    expect(taken).toEqual([{ type: 2, id: '1' }]);
    expect((await rig.send(platform, request)).code).toBe('INTERACTION_REPLAYED');
  },
);

test('while a platform delivers to its bot itself, nothing is there; and one bot gets nothing of the other', async () => {
  const rig = await endpointRig();
  const [discord, slack] = [rig.take('discord'), rig.take('slack')];
  await rig.send('slack', rig.signed('slack', { type: 'view_closed' }));
  await rig.send('discord', rig.signed('discord', { type: 2 }));
  expect([discord, slack]).toEqual([[{ type: 2 }], [{ type: 'view_closed' }]]);
  await rig.write(
    'reeve.yaml',
    rig.estate.replaceAll('transport: http', '').replace('previous_signing_secret: older', ''),
  );
  expect((await rig.as('root', { command: 'config reload' })).ok).toBe(true);
  for (const platform of PLATFORMS)
    expect(await rig.send(platform, rig.signed(platform, PING[platform]))).toMatchObject({
      status: 404,
      code: 'ROUTE_NOT_FOUND',
    });
});
