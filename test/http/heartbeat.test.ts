import { expect, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import { CALLS_PER_MINUTE, UNKNOWN_PER_MINUTE } from '../../daemon/http/routes/heartbeat.ts';
import { apiWorld, ask, type Ask, type World } from '../helpers/api-world.ts';

const TOKEN = 'kW3n0v_rightToken-22ch';
const WRONG = 'kW3n0v_wrongToken-22ch';

/** An API with one heartbeat probe, and what it was told. */
async function world(): Promise<World & { pushed: string[]; call(asked: Ask): ReturnType<typeof ask> }> {
  const pushed: string[] = [];
  const made = await apiWorld({
    push: async (token, event, text) => {
      if (token !== TOKEN) throw fail('PROBE_UNKNOWN', { name: 'with this token', help: 'the push URL' });
      pushed.push(text === '' ? event : `${event} ${text}`);
    },
  });
  // Over TCP and without a login, as a job calls.
  const call = (asked: Ask): ReturnType<typeof ask> =>
    ask(made, 'tcp', { ...asked, headers: { authorization: '', ...asked.headers } });
  return { ...made, pushed, call };
}

test('a job calls without a login, by any method, with any body or none', async () => {
  const { call, pushed } = await world();
  expect(await call({ method: 'POST', path: `/hb/${TOKEN}/start` })).toMatchObject({
    status: 200,
    text: 'ok\n',
  });
  expect(await call({ path: `/hb/${TOKEN}` })).toMatchObject({ status: 200, text: 'ok\n' });
  expect(await call({ method: 'HEAD', path: `/hb/${TOKEN}` })).toMatchObject({ status: 200, text: '' });
  for (const type of ['application/x-www-form-urlencoded', 'application/json', 'text/plain', 'x/y'])
    expect(
      await call({
        method: 'POST',
        path: `/hb/${TOKEN}/fail`,
        body: `{disk full`,
        headers: { 'content-type': type },
      }),
    ).toMatchObject({ status: 200 });
  expect(pushed).toEqual(['start', 'ping', 'ping', ...Array.from({ length: 4 }, () => 'fail {disk full')]);
});

test('tokens that are nobody’s, and what is no event, tell nothing', async () => {
  const w = await world();
  for (const path of [`/hb/${WRONG}`, `/hb/${WRONG}/start`, '/hb/x', '/hb/%2e%2e', `/hb/${TOKEN}x`]) {
    const answer = await w.call({ method: 'POST', path });
    expect(answer).toMatchObject({ status: 404, json: { code: 'PUSH_UNKNOWN' } });
    expect(answer.text).not.toContain('Token');
  }
  for (const path of [`/hb/${TOKEN}/finish`, `/hb/${TOKEN}/start/x`, '/hb/'])
    expect((await w.call({ method: 'POST', path })).status).toBeGreaterThanOrEqual(400);
  expect((await w.call({ method: 'DELETE', path: `/hb/${TOKEN}` })).status).toBeGreaterThanOrEqual(400);
  expect(w.pushed).toEqual([]);
});

test('a token stands in no record and no log line, right or wrong', async () => {
  const w = await world();
  await w.call({ method: 'POST', path: `/hb/${TOKEN}` });
  await w.call({ method: 'POST', path: `/hb/${WRONG}` });
  await w.call({ method: 'DELETE', path: `/hb/${TOKEN}?x` });
  await w.call({ method: 'POST', path: `/hb/${TOKEN}/finish` });
  await w.call({ method: 'POST', path: `//hb/${TOKEN}/a/b` });
  const written = JSON.stringify([w.refusals, w.logged]);
  expect(written).toContain('/hb/(token)');
  expect(written).not.toContain('Token-22ch');
});

test('guessing is limited; the right token passes all the same, and not more than it should', async () => {
  const { call, pushed, clock } = await world();
  for (let i = 0; i < UNKNOWN_PER_MINUTE; i++) await call({ method: 'POST', path: `/hb/${WRONG}` });
  const limited = await call({ method: 'POST', path: `/hb/${WRONG}` });
  expect(limited).toMatchObject({ status: 429, json: { code: 'RATE_LIMITED' } });
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
  for (let i = 0; i < CALLS_PER_MINUTE; i++)
    expect((await call({ method: 'POST', path: `/hb/${TOKEN}` })).status).toBe(200);
  expect((await call({ method: 'POST', path: `/hb/${TOKEN}` })).status).toBe(429);
  expect(pushed).toHaveLength(CALLS_PER_MINUTE);
  await clock.advance(60_000);
  expect((await call({ method: 'POST', path: `/hb/${TOKEN}` })).status).toBe(200);
});

test('a page of another site cannot call, nor can a body be endless', async () => {
  const { call, pushed } = await world();
  const path = `/hb/${TOKEN}`;
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { host: 'evil.example' },
  ];
  for (const headers of foreign)
    expect((await call({ method: 'POST', path, headers })).status).toBeOneOf([403, 421]);
  expect(
    (await call({ method: 'POST', path, body: 'x'.repeat(100_000), headers: { 'content-type': 'a/b' } }))
      .status,
  ).toBe(413);
  expect(pushed).toEqual([]);
});

test('a call that could not be kept is not said to be', async () => {
  const { call } = await (async () => {
    const made = await apiWorld({ push: () => Promise.reject(new Error('ENOSPC')) });
    return { call: (asked: Ask) => ask(made, 'tcp', asked) };
  })();
  expect((await call({ method: 'POST', path: `/hb/${TOKEN}` })).status).toBe(500);
});
