import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { differences } from '../../daemon/sync/schemas/diff.ts';
import { readSchema } from '../../daemon/sync/schemas/document.ts';
import { ESTATE, openWorld, type World } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';

const api = (version: string, paths: object) => ({
  openapi: '3.1.0',
  info: { title: 'Search <script>', version },
  paths,
  components: { schemas: { Result: { type: 'object' } } },
});
const operation = { get: { summary: 'Find | it', responses: { 200: { description: 'ok' } } } };

/** A real server on a port of its own; what it answers may be changed. */
async function serve() {
  const asked: IncomingMessage[] = [];
  const served = {
    asked,
    answer: (_: IncomingMessage, response: ServerResponse): void => void response.end(),
    url: '',
    json(value: unknown, etag?: string) {
      served.answer = (request, response) => {
        if (etag !== undefined && request.headers['if-none-match'] === etag)
          return void response.writeHead(304).end();
        response.writeHead(200, {
          'content-type': 'application/json',
          ...(etag === undefined ? {} : { etag }),
        });
        response.end(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
      };
    },
  };
  const server = createServer((request, response) => {
    asked.push(request);
    served.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.closeAllConnections());
  onTestFinished(() => void server.close());
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/openapi.json`;
  return served;
}

async function open(
  spec: string,
  more = '',
): Promise<{
  world: World;
  run: (args?: object) => Promise<string>;
  read: (file: string) => Promise<string>;
}> {
  const world = await openWorld({
    estate: `${ESTATE}alerts: { channels: { ops: { kind: log } } }\nsync: { schemas: { ${spec} } }\n${more}`,
    runbooks: { 'schemas.md': await readFile(path.join(REPO, 'runbooks/schemas.md'), 'utf8') },
  });
  return {
    world,
    run: async (args = {}) =>
      world.end(
        await world.as('root', {
          command: 'sync schemas',
          args: { project: 'shop', env: 'dev', ...args },
          force: true,
        }),
      ),
    read: (file) => readFile(path.join(world.root, file), 'utf8'),
  };
}
const LOCAL = "network: { allow: ['127.0.0.1'] }\n";
const why = async (world: World): Promise<string | undefined> =>
  (await world.records('job.attempt')).at(-1)?.body.why;

test('a schema is mirrored as it came, with a page; a change is a record, a line on the page, and told to a channel', async () => {
  const server = await serve();
  server.json(api('1', { '/search': operation }), '"v1"');
  const { world, run, read } = await open(`exa: { url: '${server.url}', to: docs/exa }`, LOCAL);
  expect(await run({ dry_run: true })).toBe('PASS');
  await expect(read('docs/exa/exa.json')).rejects.toThrow('ENOENT');
  expect(await world.records('sync.schema')).toEqual([]);
  expect(await world.records('message.queued')).toEqual([]);

  expect(await run()).toBe('PASS');
  expect(await world.records('message.queued')).toHaveLength(1);
  expect(JSON.parse(await read('docs/exa/exa.json'))).toEqual(api('1', { '/search': operation }));
  const page = await read('docs/exa/exa.md');
  expect(page).toContain('| GET | /search | Find \\| it |');
  expect(page).toContain('Search \\<script\\>');
  expect(page).toContain('Schemas: Result.');

  // Not changed: asked by its tag, and nothing is written.
  expect(await run()).toBe('PASS');
  expect(server.asked.at(-1)?.headers['if-none-match']).toBe('"v1"');
  expect((await world.records('sync.advanced')).at(-1)?.body.counts).toMatchObject({
    unchanged: 1,
    written: 0,
  });

  server.json(api('2', { '/search': operation, '/answer': operation }), '"v2"');
  expect(await run()).toBe('PASS');
  const [, second] = await world.records('sync.schema');
  expect(second?.body.changes).toEqual(['~ /info/version: "1" → "2"', '+ /paths/~1answer']);
  expect(await read('docs/exa/exa.md')).toContain('  - + /paths/~1answer');
  expect((await world.records('message.queued')).at(-1)?.body.text).toContain('+ /paths/~1answer');

  // An older commit is checked out: it was ours once, and is brought up to date.
  await writeFile(
    path.join(world.root, 'docs/exa/exa.json'),
    JSON.stringify(api('1', { '/search': operation }), null, 2),
  );
  expect(await run()).toBe('PASS');
  expect(JSON.parse(await read('docs/exa/exa.json')).info.version).toBe('2');
  expect(await world.records('sync.schema')).toHaveLength(2);

  // What somebody wrote is left alone, and named.
  await writeFile(path.join(world.root, 'docs/exa/exa.json'), '{"mine":true}');
  expect(await run()).toBe('PASS');
  expect(await read('docs/exa/exa.json')).toBe('{"mine":true}');
  expect((await world.records('sync.advanced')).at(-1)?.body.conflicts).toEqual([
    expect.stringContaining('move it away'),
  ]);
  await rm(path.join(world.root, 'docs/exa/exa.json'));
  expect(await run()).toBe('PASS');
  expect(JSON.parse(await read('docs/exa/exa.json')).info.version).toBe('2');

  // Taken away, and another one there: what differs nobody can tell.
  await rm(path.join(world.root, 'docs/exa/exa.json'));
  server.json(api('3', { '/search': operation }));
  expect(await run()).toBe('PASS');
  expect((await world.records('message.queued')).at(-1)?.body.text).toContain('exa: changed; what it was');
  const [, newest = ''] = /### Changes\n\n(- .*)/.exec(await read('docs/exa/exa.md')) ?? [];
  expect(newest).toMatch(/: changed, `/);
  // One difference is one.
  server.json(api('4', { '/search': operation }));
  expect(await run()).toBe('PASS');
  expect((await world.records('message.queued')).at(-1)?.body.text).toContain(
    'exa: 1 difference: ~ /info/version',
  );
  expect(await run({ since: '2026-02-31' })).toBe('FAIL');
});

test('what is no schema, too large, slow to say so or at a private address is not mirrored; the others are', async () => {
  const server = await serve();
  const { world, run, read } = await open(
    `bad: { url: '${server.url}', to: docs/bad }, own: { file: api/own.yaml, to: docs/own }`,
    LOCAL,
  );
  await mkdir(path.join(world.root, 'api'));
  await writeFile(
    path.join(world.root, 'api/own.yaml'),
    '$schema: https://json-schema.org/draft/2020-12/schema\ntitle: Own\ntype: object\nrequired: [a]\nproperties: { a: { type: string, description: the first } }\n',
  );
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((c, n) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[n]}`).join(',')}]`)
    .join('\n')}`;
  for (const [value, reason] of [
    ['not json', 'it is no JSON'],
    [bomb, 'it is no JSON'],
    [{ openapi: '3.1.0', info: {} }, 'no valid OpenAPI'],
    [{ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 7 }, 'no valid JSON Schema'],
    [{ $schema: 'https://example.org/other' }, 'is not known here'],
    [{ a: 1 }, 'neither openapi nor $schema'],
    [`{"openapi":"3.1.0","x":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'nested deeper'],
    ['x'.repeat(9 * 1024 * 1024), 'more than 8388608 bytes'],
  ] as const) {
    server.json(value);
    expect(await run(), reason).toBe('FAIL');
    expect(await why(world)).toContain(reason);
  }
  await expect(read('docs/bad/bad.json')).rejects.toThrow('ENOENT');
  expect(await read('docs/own/own.yaml')).toBe(await readFile(path.join(world.root, 'api/own.yaml'), 'utf8'));
  expect(await read('docs/own/own.md')).toContain('| a | string | yes | the first |');
  server.answer = (_, response) =>
    void response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
  expect(await run()).toBe('FAIL');
  expect(await why(world)).toContain('169.254.169.254');
  await world.write('reeve.yaml', (await read('reeve.yaml')).replace(LOCAL, ''));
  await world.as('root', { command: 'config reload' });
  const before = server.asked.length;
  expect(await run()).toBe('FAIL');
  expect(await why(world)).toContain('127.0.0.1');
  expect(server.asked.length).toBe(before);
});

test('it is refused before anything runs where it would write outside of what it may', async () => {
  for (const to of ['.claude/x', '.git/x']) {
    const { world } = await open(`own: { file: api.json, to: '${to}' }`);
    const reply = await world.as('root', {
      command: 'sync schemas',
      args: { project: 'shop', env: 'dev' },
      force: true,
    });
    expect(reply.error?.code, to).toBe('ZONE_REFUSED');
    expect(await world.records('job.queued')).toEqual([]);
  }
  const { world } = await open('own: { file: api.json, to: docs }');
  for (const [bad, spec] of [
    ['leaves', '{ file: api.json, to: ../out }'],
    ['absolute', '{ file: api.json, to: /etc }'],
    ['both', "{ file: api.json, url: 'https://x.org', to: docs }"],
    ['neither', '{ to: docs }'],
    ['scheme', "{ url: 'file:///etc/passwd', to: docs }"],
  ]) {
    await world.write('reeve.yaml', `${ESTATE}sync: { schemas: { own: ${spec ?? ''} } }\n`);
    expect((await world.as('root', { command: 'config reload' })).error?.code, bad).toBe('CONFIG_INVALID');
  }
});

test('differences are pointers in the order of the keys, bounded', () => {
  expect(differences({ a: 1, 'b/c': { d: [1, 2] }, e: 1 }, { a: 1, 'b/c': { d: [1, 3, 4] }, f: {} })).toEqual(
    {
      lines: ['~ /b~1c/d/1: 2 → 3', '+ /b~1c/d/2', '- /e', '+ /f'],
      more: 0,
    },
  );
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, n]));
  expect(differences({}, many)).toMatchObject({ more: 400 });
});

test('a YAML file of aliases upon aliases is refused in time', async () => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (const [n, c] of 'bcdefghij'.split('').entries())
    lines.push(`${c}: &${c} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[n] ?? ''}`).join(',')}]`);
  await expect(readSchema(Buffer.from(lines.join('\n')), 'yaml')).rejects.toThrow('it is no YAML');
});
