import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../daemon/clock.ts';
import { createConfig } from '../../daemon/estate/config.ts';
import { loadEstate } from '../../daemon/estate/load.ts';
import {
  configVersions,
  estateVersion,
  recordVersions,
  runbookVersion,
} from '../../daemon/estate/versions.ts';
import { ESTATE, estateRig, folderOfRunbooks } from './rig.ts';

const BAD = ESTATE.replace('name: test', 'nmae: test');

test('a valid new version is recorded with its bytes, then in force, then told', async () => {
  const rig = await estateRig();
  await recordVersions(rig.deps, [estateVersion(await loadEstate(path.join(rig.root, 'reeve.yaml')))]);
  const seen: string[] = [];
  const stop = rig.config.onChange((estate) => seen.push(estate.digest));
  const text = ESTATE.replace('name: test', 'name: other');
  rig.write(text);
  const { changed, digest } = await rig.config.reload();
  expect([changed, rig.config.current().config.estate.name, seen]).toEqual([true, 'other', [digest]]);
  const records = await rig.records('config.version');
  expect(records.map((r) => [r.body.config_name, r.body.config_version])).toEqual([
    ['reeve.yaml', '1'],
    ['reeve.yaml', '2'],
  ]);
  expect(Buffer.from(await rig.deps.artifacts.get(digest)).toString()).toBe(text);
  stop();
  rig.write(ESTATE);
  await rig.config.reload();
  expect([seen.length, configVersions(rig.state)[0]?.config_version]).toEqual([1, '3']);
  expect(await rig.config.reload()).toMatchObject({ changed: false });
});

test('a bad version is refused with file:line, recorded once, and the running one stays', async () => {
  const rig = await estateRig();
  const before = rig.config.current();
  rig.write(BAD);
  for (let i = 0; i < 3; i++)
    await expect(rig.config.reload()).rejects.toMatchObject({ code: 'CONFIG_INVALID', at: 'reeve.yaml:2:9' });
  expect(rig.config.current()).toBe(before);
  expect(await rig.records('config.version')).toEqual([]);
  const refused = await rig.records('config.refused');
  expect(refused).toHaveLength(1);
  expect(refused[0]?.body.problems).toEqual([
    'reeve.yaml:2:9: estate: "name" is missing',
    'reeve.yaml:2:11: estate: unknown key "nmae"; did you mean name?',
  ]);
  expect(await rig.config.check()).toMatchObject([{ at: 'reeve.yaml:2:9', severity: 'error' }, {}]);
});

test('a file that went away leaves the running version in force', async () => {
  const rig = await estateRig();
  fs.rmSync(path.join(rig.root, 'reeve.yaml'));
  await expect(rig.config.reload()).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  expect(rig.config.current().config.estate.name).toBe('test');
});

test('when the version cannot be recorded it does not come into force', async () => {
  const rig = await estateRig();
  await rig.ledger.close();
  rig.write(ESTATE.replace('name: test', 'name: other'));
  await expect(rig.config.reload()).rejects.toThrow(/ledger/i);
  expect(rig.config.current().config.estate.name).toBe('test');
});

test('projects and environments by name; prototype names are unknown like any other', async () => {
  const { config } = await estateRig();
  expect(Object.keys(config.project('web').environments)).toEqual(['dev', 'prod']);
  expect(config.environment('web', 'prod').approvals).toBe(0);
  expect(config.environment('web', 'none').approvals).toBe(0);
  for (const name of ['nope', 'constructor', '__proto__', 'toString']) {
    expect(() => config.project(name)).toThrow(expect.objectContaining({ code: 'PROJECT_UNKNOWN' }));
    expect(() => config.environment('web', name)).toThrow(
      expect.objectContaining({ code: 'ENVIRONMENT_UNKNOWN' }),
    );
  }
});

test('the watch takes a saved version into use and reports a bad one', { timeout: 30_000 }, async () => {
  const rig = await estateRig();
  const file = path.join(rig.root, 'reeve.yaml');
  const told: string[] = [];
  let woken = (): void => {};
  const next = (): Promise<void> => new Promise((resolve) => (woken = resolve));
  const config = createConfig(await loadEstate(file), {
    ...rig.deps,
    clock: systemClock,
    tell(_, message) {
      told.push(message);
      woken();
    },
  });
  const stop = config.watch();
  try {
    let turn = next();
    // The way most editors save: a new file in the place of the old.
    fs.writeFileSync(`${file}.swp`, ESTATE.replace('name: test', 'name: other'));
    fs.renameSync(`${file}.swp`, file);
    await turn;
    expect(config.current().config.estate.name).toBe('other');
    turn = next();
    rig.write(BAD);
    await turn;
    expect([config.current().config.estate.name, told.at(-1)]).toEqual([
      'other',
      'reeve.yaml was refused; the running version stays',
    ]);
  } finally {
    stop();
  }
});

test('versions count per name, also when many record at once; the same bytes are no new version', async () => {
  const rig = await estateRig();
  rig.runbook('deploy', 'echo a');
  const runbooks = folderOfRunbooks(path.join(rig.root, 'runbooks'));
  const all = async (): Promise<ReturnType<typeof runbookVersion>[]> =>
    (await runbooks.list()).map(runbookVersion);
  const first = await all();
  await Promise.all(Array.from({ length: 8 }, () => recordVersions(rig.deps, first)));
  rig.runbook('deploy', 'echo b');
  const second = await all();
  const again = await Promise.all(Array.from({ length: 8 }, () => recordVersions(rig.deps, second)));
  expect(again.flat()).toHaveLength(1);
  expect(configVersions(rig.state).map((v) => [v.config_name, v.config_version])).toEqual([
    ['runbook:backup', '1'],
    ['runbook:deploy', '2'],
  ]);
  expect(await rig.records('config.version')).toHaveLength(3);
});
