import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { Place, REPO } from '../helpers/daemon.ts';

/** What a daemon that has nothing to do may have loaded of our dependencies. Each costs every start and stays in memory. */
const AT_REST = [
  'canonicalize',
  'croner',
  'fastify',
  'fastify-type-provider-zod',
  'lowdb',
  'node-cron',
  'pino',
  // By fastify's router.
  'semver',
  'tweetnacl',
  'yaml',
  'zod',
];
/** Folders of ours that are loaded when something needs them. */
const ON_DEMAND = [
  'daemon/runbook/steps/',
  'daemon/drills/drivers/',
  'daemon/incidents/index.ts',
  'daemon/integrations/linear/index.ts',
  'scripts/',
];

let place: Place | undefined;
afterEach(async () => {
  await place?.close();
  place = undefined;
});

test('a daemon at rest has loaded nothing that it may never need: the rest by `await import()` when it does', async () => {
  place = await Place.make();
  const first = await place.start();
  await first.end('SIGTERM');

  const list = path.join(place.base, 'loaded.txt');
  const hook = path.join(place.base, 'hook.mjs');
  writeFileSync(list, '');
  writeFileSync(
    hook,
    `import { appendFileSync } from 'node:fs';
     import { registerHooks } from 'node:module';
     registerHooks({ load(url, context, next) {
       appendFileSync(${JSON.stringify(list)}, url + '\\n');
       return next(url, context);
     } });`,
  );
  const options = `NODE_OPTIONS=--import=${pathToFileURL(hook).href}`;
  const daemon = await place.start({ through: ['env', options, 'REEVE_BUNDLE=off'] });
  expect((await place.reeve(['status'])).code).toBe(0);
  const loaded = readFileSync(list, 'utf8').split('\n');
  await daemon.end('SIGTERM');

  expect(loaded).toContain(pathToFileURL(path.join(REPO, 'daemon/main.ts')).href);
  const manifest = JSON.parse(readFileSync(path.join(REPO, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const packages = Object.keys(manifest.dependencies).filter((name) =>
    loaded.some((url) => url.includes(`/node_modules/${name}/`)),
  );
  expect(packages).toContain('fastify');
  expect(packages.filter((name) => !AT_REST.includes(name))).toEqual([]);
  const ours = ON_DEMAND.flatMap((folder) =>
    loaded.filter((url) => url.startsWith(pathToFileURL(path.join(REPO, folder)).href)),
  );
  expect(ours).toEqual([]);
});
