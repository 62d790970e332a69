import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../helpers/daemon.ts';
import { ESTATE, makePlace } from './place.ts';

test('a sentinel that a changed reeve.yaml names is not written before somebody accepts it; one that cannot be written is an alert until it can', async () => {
  const place = await makePlace({});
  await place.start();
  await mkdir(path.join(place.estate, 'data'));
  const mark = 'data/.reeve-sentinel-shop-files';
  await place.write(
    'reeve.yaml',
    `${ESTATE}sentinels:\n  shop-files: { kind: files, folder: data, every: 5s }\n`,
  );
  const raised = async (): Promise<string[]> =>
    (await place.records('alert.raised'))
      .filter(({ body }) => body['key'] === 'sentinel:shop-files')
      .map(({ body }) => String(body['text']));
  const resolved = async (): Promise<number> =>
    (await place.records('alert.resolved')).filter(({ body }) => body['key'] === 'sentinel:shop-files')
      .length;

  await until(async () => (await raised()).length === 1);
  expect((await raised())[0]).toContain('reeve config accept sentinel:shop-files');
  expect(await place.read(mark)).toBe('');
  expect((await place.reeve(['drill', 'list'])).out).toContain('nobody has accepted it yet');
  expect((await place.reeve(['config', 'diff', 'sentinel:shop-files'])).out).toContain('+folder: "data"');
  expect((await place.reeve(['config', 'accept', 'sentinel:shop-files', '--force'])).code).toBe(0);
  await until(async () => (await resolved()) === 1);
  expect(JSON.parse(await place.read(mark))).toMatchObject({ sentinel: 'shop-files' });

  // Another folder is another effect.
  await place.write(
    'reeve.yaml',
    `${ESTATE}sentinels:\n  shop-files: { kind: files, folder: elsewhere, every: 5s }\n`,
  );
  await until(async () => (await place.records('mandate.suspended')).length === 1);
  expect((await place.reeve(['config', 'accept', 'sentinel:shop-files', '--force'])).code).toBe(0);
  await until(async () => (await raised()).length === 2);
  expect((await raised())[1]).toContain('ENOENT');
  await mkdir(path.join(place.estate, 'elsewhere'));
  await until(async () => (await resolved()) === 2);
  expect(JSON.parse(await place.read('elsewhere/.reeve-sentinel-shop-files'))).toBeTruthy();
});
