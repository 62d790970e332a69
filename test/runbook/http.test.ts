import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import { addressProblem } from '../../daemon/address.ts';
import { HttpProblem, send } from '../../daemon/outgoing.ts';
import { makeWorld, runPlan, type World } from './world.ts';

interface Seen {
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
  method: string;
}

/** A real server on loopback that notes what it got. */
async function serve(
  answer: (seen: Seen, response: ServerResponse) => void,
): Promise<{ port: number; seen: Seen[]; server: Server }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { url = '', headers, method = '' } = request;
      seen.push({ url, headers, body, method });
      answer({ url, headers, body, method }, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, seen, server };
}

const world = (allow: string[], services = {}): Promise<World> =>
  makeWorld({ estate: { network: { allow } }, services });
const step = (request: string, attributes = ''): string =>
  `\`\`\`http { name=one ${attributes} }\n${request}\n\`\`\``;

async function run(w: World, request: string, attributes = '', front = '') {
  await w.write('x', step(request, attributes), front);
  const { results, log } = await w.run('x');
  return { result: results['one'], log };
}

test('a request is sent as planned and its answer judged', async () => {
  const { port, seen } = await serve((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.statusCode = 201;
    response.end('{"status":"ok","items":[{"id":7}],"a/b":true}');
  });
  const w = await world([`127.0.0.1:${port}`], { secrets: async () => ({ API_TOKEN: 'geheim-123' }) });
  const request = `POST http://127.0.0.1:${port}/x?p=\${project}\nContent-Type: application/json\nAuthorization: Bearer \${secrets.api-token}\n\n{"env": "\${env}"}`;
  const { result, log } = await run(
    w,
    request,
    'expect=201 json="/status=ok /a~1b=true" outputs="id=/items/0/id"',
    'secrets: [api-token]\n',
  );
  expect(result, log).toEqual({ status: 'PASS', outputs: { status: '201', id: '7' } });
  expect(seen).toMatchObject([
    {
      method: 'POST',
      url: '/x?p=reeve',
      body: '{"env": "dev"}',
      headers: { authorization: 'Bearer geheim-123', host: `127.0.0.1:${port}` },
    },
  ]);
  expect(log + JSON.stringify(await w.plan('x'))).not.toContain('geheim');
});

test.each([
  ['status', 'expect=204', /the status is 200, not 204/],
  ['value', 'json="/a=2"', /\/a is 1, not 2/],
  ['nothing there', 'outputs="b=/b"', /nothing at \/b/],
  ['too large', 'max_bytes=3', /more than 3 bytes/],
])('an answer that is not what it should be fails the step: %s', async (_, attributes, why) => {
  const { port } = await serve((_seen, response) => response.end('{"a":1}'));
  const { result } = await run(await world(['127.0.0.1']), `GET http://127.0.0.1:${port}/`, attributes);
  expect(result).toMatchObject({ status: 'FAIL', error_code: 'STEP_FAILED' });
  expect(result?.why).toMatch(why);
});

test('a server that never answers ends with the step’s time', async () => {
  const { port } = await serve(() => {});
  const { result } = await run(await world(['127.0.0.1']), `GET http://127.0.0.1:${port}/`, 'timeout=300ms');
  expect(result).toMatchObject({ status: 'TIMED_OUT', error_code: 'STEP_TIMED_OUT' });
});

const refused = [
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/',
  'http://0xa9fea9fe/',
  'http://0251.0376.0251.0376/',
  'http://[::ffff:169.254.169.254]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[64:ff9b::169.254.169.254]/',
  'http://[2002:a9fe:a9fe::1]/',
  'http://[fe80::1]/',
  'http://[fd00:ec2::254]/',
  'http://100.100.100.200/',
  'http://127.0.0.1:1/',
  'http://127.1:1/',
  'http://2130706433:1/',
  'http://[::1]:1/',
  'http://[::ffff:127.0.0.1]:1/',
  'http://[::127.0.0.1]:1/',
  'http://localhost:1/',
  'http://localhost.:1/',
  'http://0.0.0.0:1/',
  'http://[::]:1/',
  'http://10.0.0.1/',
  'http://172.31.255.255/',
  'http://192.168.1.1/',
  'http://[fd12::1]/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
];
test.each(refused)('attack 48: %s is refused', async (url) => {
  const { result } = await run(await world([]), `GET ${url}`);
  expect(result).toMatchObject({ status: 'FAIL', error_code: 'ADDRESS_REFUSED' });
});

test('attack 48: naming a host does not open the metadata service behind it; naming the address does', () => {
  const meta = '169.254.169.254';
  for (const allowed of [[], ['meta.example'], ['meta.example:80'], ['10.0.0.0/8']])
    expect(addressProblem(meta, 'meta.example', 80, allowed)).toMatch(/metadata/);
  for (const allowed of [[meta], [`${meta}:80`], ['169.254.0.0/16']]) {
    expect(addressProblem(meta, 'meta.example', 80, allowed)).toBeUndefined();
    expect(addressProblem(`::ffff:${meta}`, 'meta.example', 80, allowed)).toBeUndefined();
  }
  expect(addressProblem('10.1.2.3', 'db.example', 80, ['db.example'])).toBeUndefined();
  expect(addressProblem('10.1.2.3', 'db.example', 80, ['db.example:81'])).toMatch(/private/);
  expect(addressProblem('10.1.2.3', 'other.example', 80, ['db.example'])).toMatch(/private/);
  expect(addressProblem('93.184.216.34', 'example.com', 443, [])).toBeUndefined();
  expect(addressProblem('2606:4700::1111', 'example.com', 443, [])).toBeUndefined();
  expect(addressProblem('127.0.0.1', 'x', 80, ['nonsense/99', '', '/8'])).toMatch(/this machine/);
  expect(addressProblem('not an address', 'x', 80, [])).toBeDefined();
});

const GET = (url: string) => ({ method: 'GET' as const, url, headers: {}, body: '' });
const options = (over: object) => ({
  allowed: [],
  signal: new AbortController().signal,
  maxBytes: 1000,
  redirects: 0,
  ...over,
});

test('attack 48: a name is resolved once and the connection goes to what was judged (rebinding DNS)', async () => {
  const { port, seen } = await serve((_, response) => response.end('ok'));
  let asked = 0;
  // First an allowed address, then another: what a rebinding server answers.
  const resolve = async () => [{ address: ++asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }];
  const answer = await send(
    GET(`http://rebind.invalid:${port}/`),
    options({ allowed: ['127.0.0.1'], resolve }),
  );
  expect([answer.status, asked, seen[0]?.headers.host]).toEqual([200, 1, `rebind.invalid:${port}`]);
  const second = send(GET(`http://rebind.invalid:${port}/`), options({ allowed: ['127.0.0.1'], resolve }));
  await expect(second).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  expect(seen).toHaveLength(1);
});

test('attack 48: one bad address among good ones refuses the name', async () => {
  const resolve = async () => [
    { address: '93.184.216.34', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  await expect(send(GET('http://mixed.invalid/'), options({ resolve }))).rejects.toBeInstanceOf(ReeveError);
});

test('attack 48: redirects are not followed unless asked, and each target is judged', async () => {
  const { port, seen } = await serve(({ url }, response) => {
    response.statusCode = 302;
    response.setHeader(
      'location',
      url === '/far'
        ? 'http://169.254.169.254/'
        : url === '/near'
          ? '/end'
          : url === '/file'
            ? 'file:///etc/passwd'
            : '/loop',
    );
    if (url === '/end') response.statusCode = 200;
    response.end();
  });
  const w = await world([`127.0.0.1:${port}`]);
  expect((await run(w, `GET http://127.0.0.1:${port}/near`)).result?.why).toContain('the status is 302');
  expect((await run(w, `GET http://127.0.0.1:${port}/near`, 'redirects=1')).result?.status).toBe('PASS');
  expect((await run(w, `GET http://127.0.0.1:${port}/far`, 'redirects=3')).result?.error_code).toBe(
    'ADDRESS_REFUSED',
  );
  expect((await run(w, `GET http://127.0.0.1:${port}/file`, 'redirects=3')).result?.status).toBe('FAIL');
  const before = seen.length;
  expect((await run(w, `GET http://127.0.0.1:${port}/loop`, 'redirects=5')).result?.status).toBe('FAIL');
  expect(seen.length - before).toBe(6);
});

test('a redirect to another origin loses the credentials', async () => {
  const target = await serve((_, response) => response.end('ok'));
  const first = await serve((_, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${target.port}/` }).end();
  });
  const request = {
    method: 'POST' as const,
    url: `http://127.0.0.1:${first.port}/`,
    headers: { authorization: 'Bearer x', 'x-kept': '1' },
    body: 'b',
  };
  await send(request, options({ allowed: ['127.0.0.1'], redirects: 1 }));
  expect(target.seen).toMatchObject([{ method: 'POST', body: 'b', headers: { 'x-kept': '1' } }]);
  expect(target.seen[0]?.headers.authorization).toBeUndefined();
});

test('other protocols, credentials in URLs and names that do not resolve are refused', async () => {
  for (const url of ['http://user:pass@example.com/', 'http://nowhere.invalid/', 'http://'])
    await expect(send(GET(url), options({}))).rejects.toBeInstanceOf(HttpProblem);
});

test('wait asks until the answer is right, and says what it saw', async () => {
  let asked = 0;
  const { port } = await serve((_, response) => {
    response.statusCode = ++asked < 3 ? 503 : 200;
    response.end('{"up":true}');
  });
  const w = await world(['127.0.0.1']);
  await w.write(
    'x',
    `\`\`\`wait { name=one every=10ms outputs="up=/up" }\nGET http://127.0.0.1:${port}/\n\`\`\``,
  );
  const { results, log } = await w.run('x');
  expect([results['one']?.outputs, asked]).toEqual([{ status: '200', up: 'true' }, 3]);
  expect(log).toContain('not yet: the status is 503');
  await w.write(
    'y',
    `\`\`\`wait { name=one every=10ms timeout=200ms expect=404 }\nGET http://127.0.0.1:${port}/\n\`\`\``,
  );
  const plan = await w.plan('y');
  const late = await runPlan(w.runner, plan, await w.context(plan));
  expect(late.results['one']).toMatchObject({ status: 'TIMED_OUT', error_code: 'STEP_TIMED_OUT' });
});
