import { expect, onTestFinished, test } from 'vitest';
import { Budget } from '../../daemon/integrations/linear/budget.ts';
import { LinearProblem } from '../../daemon/integrations/linear/problem.ts';
import { loadSdk, requestOver } from '../../daemon/integrations/linear/transport.ts';
import { until } from '../helpers/daemon.ts';
import type { Answer, Call } from '../standins/platform/server.ts';
import { startLinear } from '../standins/linear/index.ts';
import { KEY, openLinear, type Rig } from './rig.ts';

const NOW = 1_800_000_000_000;
const failure = (status: number, message: string, extensions: object = {}): Answer => ({
  status,
  body: { errors: [{ message, extensions }], data: null },
});
/** As Linear answered it when it was asked for all of a workspace (mvanhorn/printing-press-library, issue 946). */
const complex = failure(400, 'Query too complex', {
  type: 'invalid input',
  code: 'INPUT_ERROR',
  statusCode: 400,
  userError: true,
  userPresentableMessage:
    'The query is too complex. Complexity: 12304.999999999998. Maximum allowed complexity: 10000.',
  http: { status: 400 },
});
const limits = (name: string, remaining: number, reset: number): Record<string, string> => ({
  [`x-ratelimit-${name}-limit`]: '1000',
  [`x-ratelimit-${name}-remaining`]: String(remaining),
  [`x-ratelimit-${name}-reset`]: String(NOW + reset),
});
const limited = { ...failure(400, 'Rate limit exceeded', { type: 'ratelimited', code: 'RATELIMITED' }) };

const answers: [what: string, answer: Answer, kind: string, why: RegExp, wait?: number][] = [
  ['too complex', complex, 'complex', /asked for too much at once: .*Complexity: 12304.* 10000/],
  [
    'no request left',
    { ...limited, headers: { ...limits('requests', 0, 90_000), ...limits('complexity', 5, 5000) } },
    'limited',
    /^its limit of requests is spent$/,
    90_000,
  ],
  [
    'no complexity left',
    { ...limited, headers: { ...limits('requests', 900, 3_000_000), ...limits('complexity', 0, 60_000) } },
    'limited',
    /^its limit of complexity is spent$/,
    60_000,
  ],
  [
    'none left of this kind of request',
    {
      ...limited,
      headers: { ...limits('requests', 900, 3_000_000), ...limits('endpoint-requests', 0, 7000) },
    },
    'limited',
    /requests for this/,
    7000,
  ],
  [
    'a 429 that says how long',
    { status: 429, headers: { 'retry-after': '12' }, body: '' },
    'limited',
    /spent/,
    12_000,
  ],
  ['a reset that is over', { ...limited, headers: limits('requests', 0, -5000) }, 'limited', /spent/, 0],
  [
    'no key',
    failure(401, 'Authentication required, not authenticated', {
      type: 'authentication error',
      code: 'AUTHENTICATION_ERROR',
      userPresentableMessage: 'You need to authenticate to access this operation.',
    }),
    'refused',
    /does not take the key: You need to authenticate/,
  ],
  ['a 401 without words', { status: 401, body: '' }, 'refused', /does not take the key: it answered 401/],
  [
    'forbidden',
    failure(403, 'Forbidden', { type: 'forbidden' }),
    'refused',
    /does not take the key: Forbidden/,
  ],
  [
    'invalid input',
    failure(400, 'Argument Validation Error', {
      type: 'invalid input',
      userPresentableMessage: 'title should not be empty',
    }),
    'invalid',
    /^title should not be empty$/,
  ],
  [
    'what the plan does not have',
    failure(400, 'x', {
      type: 'usage limit exceeded',
      userPresentableMessage: 'The free plan has 250 issues.',
    }),
    'invalid',
    /free plan has 250/,
  ],
  ['no such issue', failure(400, 'Entity not found: Issue', { type: 'invalid input' }), 'gone', /not found/],
  [
    'trouble over there',
    failure(500, 'Internal server error', { type: 'internal error' }),
    'down',
    /Internal server/,
  ],
  ['a lock', failure(200, 'busy', { type: 'lock timeout' }), 'down', /busy/],
  ['a gateway', { status: 502, body: '<html>Bad gateway</html>' }, 'down', /answered 502, and not as Linear/],
  ['an overloaded one', { status: 503, body: {} }, 'down', /answered 503$/],
  [
    'a page instead of JSON',
    { status: 200, body: '<!doctype html><p>Sign in' },
    'down',
    /answered 200, and not as/,
  ],
  // The SDK takes any other 4xx for a wrong key.
  ['a proxy’s 400', { status: 400, body: '<html>' }, 'down', /answered 400, and not as Linear/],
  ['a 404 of JSON', { status: 404, body: { error: 'no such route' } }, 'down', /answered 404, and not as/],
  [
    'a redirect',
    { status: 302, headers: { location: 'https://elsewhere.example/' }, body: '' },
    'down',
    /302/,
  ],
  ['no data', { status: 200, body: { data: null } }, 'down', /answered 200/],
  ['half an answer', { status: 200, body: '{"data":{"vie' }, 'down', /answered 200/],
];

test('what Linear, or what stands before it, answers is what it means, and says what to do about it', async () => {
  const linear = await startLinear('a secret that Linear knows');
  onTestFinished(() => linear.close());
  const request = requestOver({
    api: linear.url,
    token: KEY,
    allowed: [linear.host],
    budget: new Budget(),
    now: () => NOW,
    monotonic: () => 0,
    sdk: loadSdk(),
    patience: 200,
  });
  const asked = async (): Promise<LinearProblem> => {
    const error: unknown = await request('query { viewer { id } }').catch((thrown: unknown) => thrown);
    if (!(error instanceof LinearProblem)) throw new Error(`no problem of Linear: ${String(error)}`);
    return error;
  };
  for (const [what, answer, kind, why, wait = 0] of answers) {
    linear.faults.plan('*', { kind: 'answer', answer });
    const problem = await asked();
    expect([what, problem.kind, problem.retryAfter]).toEqual([what, kind, wait]);
    expect(problem.message, what).toMatch(why);
  }
  const go = linear.faults.hold('*');
  expect(await asked()).toMatchObject({ kind: 'down', message: 'no answer within 0.2 s' });
  go();
  linear.faults.plan('*', { kind: 'drop' });
  expect((await asked()).kind).toBe('down');
});

const waiting = async (rig: Rig) => (await rig.app.running.features.linear.view()).waiting;

test('what Linear finds too complex, or merely does not like, is not given up: it waits by itself and is told', async () => {
  const rig = await openLinear();
  const { world, faults } = rig.linear;
  const { ana } = rig.users;
  const id = await rig.open();
  await rig.sent();
  // The very question whether the issue is there.
  faults.plan(
    (call: Call) => call.body.toString().includes('query issue('),
    { kind: 'answer', answer: complex },
    1e9,
  );
  await rig.as('ana', { command: 'incidents ack', args: { incident: id } });
  await until(async () => (await waiting(rig)).some(({ why }) => why?.includes('too complex') === true));
  expect(await rig.records('linear.done')).toHaveLength(1);
  const alert = () => rig.app.running.features.alerts.list().find(({ key }) => key === 'linear:outbox');
  await until(() => alert()?.state === 'open');
  expect(alert()?.text).toMatch(/too much at once.*Maximum allowed complexity: 10000/);
  faults.clear();
  await rig.as('root', { command: 'linear retry' });
  await rig.sent();
  expect(world.issue('OPS-1').assigneeId).toBe(ana.id);
});

test('why Linear is not asked is said as one sentence, where what is said of it goes on', async () => {
  const rig = await openLinear('', false);
  await rig.write('reeve.yaml', rig.estate.replace(/^network: .*$/m, ''));
  expect((await rig.as('root', { command: 'config reload' })).error).toBeUndefined();
  await rig.open();
  const said = (): string =>
    rig.app.running.features.alerts.list().find(({ key }) => key === 'linear:outbox')?.text ?? '';
  await until(() => said() !== '');

  expect(said()).toContain('itself. 1 thing to send');
});
