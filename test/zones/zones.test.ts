import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EstateConfig } from '../../contracts/estate.ts';
import type { LedgerRecord, RecordType } from '../../contracts/record.ts';
import { fileArtifacts } from '../../daemon/artifacts/store.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { openZones, type Zones } from '../../daemon/zones/index.ts';
import { zonesProjection } from '../../daemon/zones/projection.ts';
import { collect, newSigner, openTest, tempDir } from '../helpers/ledger.ts';

type Mode = 'strict' | 'warn' | 'off';

interface Rig {
  root: string;
  outside: string;
  zones: Zones;
  warned: string[];
  set(mode: Mode): void;
  write(file: string, text: string): void;
  records(type: RecordType): Promise<LedgerRecord[]>;
}

async function rig(mode: Mode = 'strict'): Promise<Rig> {
  const root = await tempDir();
  const home = await tempDir();
  const outside = await tempDir();
  const { ledger, state, clock } = await openTest(path.join(home, 'ledger'), newSigner(), {
    projections: [zonesProjection],
  });
  let config = estate(mode);
  const warned: string[] = [];
  const zones = openZones({
    config: { current: () => ({ config, root, digest: '', file: '' }) },
    ledger,
    state,
    artifacts: fileArtifacts({ fs: nodeFs, dir: home }),
    clock,
    warn: (message) => void warned.push(message),
  });
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  };
  write('.claude/skills/a.md', 'a');
  write('grimoires/loa/x.md', 'x');
  write('src/main.ts', '');
  return {
    root,
    outside,
    zones,
    warned,
    set: (next) => (config = estate(next)),
    write,
    records: async (type) => (await collect(ledger.read(0))).filter((r) => r.type === type),
  };
}

const estate = (integrity: Mode): EstateConfig =>
  EstateConfig.parse({
    version: 1,
    estate: { name: 'test' },
    projects: { web: { environments: { dev: {} } } },
    zones: { integrity },
  });

const refused = { code: 'ZONE_REFUSED' };

test.each([
  'grimoires/loa/NOTES.md',
  'grimoires/new/deep/file',
  '.beads/x',
  '.reeve/postmortems/1.md',
  './grimoires/../grimoires/y',
])('the state zone may be written: %s', async (file) => {
  const { zones, root } = await rig();
  expect(await zones.checkWrite(file)).toBe(path.join(fs.realpathSync(root), path.normalize(file)));
  expect(await zones.checkWrite(path.join(root, file))).toBe(
    path.join(fs.realpathSync(root), path.normalize(file)),
  );
});

test.each([
  'src/main.ts',
  'lib/x',
  'app/x/y',
  'README.md',
  'reeve.yaml',
  'runbooks/x.md',
  'grimoires2/x',
  'Grimoires/x',
])('anything else only after confirmation: %s', async (file) => {
  const { zones } = await rig();
  await expect(zones.checkWrite(file)).rejects.toMatchObject(refused);
  expect(await zones.checkWrite(file, { confirmed: true })).toMatch(new RegExp(`${file}$`));
});

test.each([
  '.claude/x',
  '.claude',
  '.CLAUDE/x',
  'grimoires/../.claude/x',
  '.git/hooks/pre-commit',
  'src/vendored/.git/config',
  '../x',
  '/etc/passwd',
  '',
  '.',
  'grimoires/a\0b',
])('never, confirmed or not: %j', async (file) => {
  const { zones } = await rig();
  await expect(zones.checkWrite(file)).rejects.toMatchObject(refused);
  await expect(zones.checkWrite(file, { confirmed: true })).rejects.toMatchObject(refused);
});

test('attack 59: links do not lead out of the zone, whether they point to a folder, a file or nowhere', async () => {
  const { zones, root, outside } = await rig();
  fs.symlinkSync(outside, path.join(root, 'grimoires/out'));
  fs.symlinkSync('../.claude', path.join(root, 'grimoires/system'));
  fs.symlinkSync('../src/main.ts', path.join(root, 'grimoires/main.ts'));
  fs.symlinkSync(path.join(outside, 'not-yet'), path.join(root, 'grimoires/dangling'));
  fs.symlinkSync('loop', path.join(root, 'grimoires/loop'));
  fs.symlinkSync('../grimoires', path.join(root, '.claude/state'));
  for (const file of ['out/x', 'out/new/deep', 'system/x', 'main.ts', 'dangling', 'dangling/x', 'loop/x'])
    await expect(zones.checkWrite(`grimoires/${file}`)).rejects.toMatchObject(refused);
  await expect(zones.checkWrite('.claude/state/x', { confirmed: true })).rejects.toMatchObject(refused);
  await expect(zones.checkWrite('grimoires/loa/x.md/y')).rejects.toMatchObject(refused);
  expect(fs.readdirSync(outside)).toEqual([]);
});

test('the first look accepts the system zone; unchanged it passes without a further record', async () => {
  const { zones, records } = await rig();
  await Promise.all([zones.integrity(), zones.integrity()]);
  await zones.integrity();
  expect(await records('zone.accepted')).toMatchObject([{ body: { by: 'daemon', files: 1 } }]);
  expect(await records('zone.drift')).toEqual([]);
});

test.each([
  ['changed', (r: Rig) => r.write('.claude/skills/a.md', 'b'), '~ .claude/skills/a.md'],
  ['added', (r: Rig) => r.write('.claude/skills/b.md', 'b'), '+ .claude/skills/b.md'],
  [
    'removed',
    (r: Rig) => fs.rmSync(path.join(r.root, '.claude'), { recursive: true }),
    '- .claude/skills/a.md',
  ],
  [
    'made executable',
    (r: Rig) => fs.chmodSync(path.join(r.root, '.claude/skills/a.md'), 0o755),
    '~ .claude/skills/a.md',
  ],
  [
    'replaced by a link to the same bytes',
    (r: Rig) => {
      const file = path.join(r.root, '.claude/skills/a.md');
      fs.renameSync(file, path.join(r.root, 'a.md'));
      fs.symlinkSync('../../a.md', file);
    },
    '~ .claude/skills/a.md',
  ],
])('strict: a file %s stops every operation, with one record', async (_, change, line) => {
  const r = await rig('strict');
  await r.zones.integrity();
  change(r);
  for (let i = 0; i < 3; i++)
    await expect(r.zones.integrity()).rejects.toMatchObject({ code: 'ZONE_DRIFT', more: [line], exit: 5 });
  expect(await r.records('zone.drift')).toMatchObject([{ body: { mode: 'strict', files: [line] } }]);
  expect(await r.zones.drift()).toEqual([line]);
  await r.zones.accept('ana');
  await r.zones.integrity();
  expect((await r.records('zone.accepted')).at(-1)).toMatchObject({ body: { by: 'ana' } });
});

test('warn goes on, says so and records once; off does not look', async () => {
  const r = await rig('warn');
  await r.zones.integrity();
  r.write('.claude/skills/a.md', 'b');
  await r.zones.integrity();
  await r.zones.integrity();
  expect([r.warned.length, (await r.records('zone.drift')).length]).toEqual([1, 1]);
  r.set('off');
  await r.zones.integrity();
  r.set('strict');
  await expect(r.zones.integrity()).rejects.toMatchObject({ code: 'ZONE_DRIFT' });
});

test('a second change of the same size within the same moment is seen', async () => {
  const r = await rig('strict');
  await r.zones.integrity();
  for (const text of ['b', 'c', 'd']) {
    r.write('.claude/skills/a.md', text);
    await expect(r.zones.integrity()).rejects.toMatchObject({ code: 'ZONE_DRIFT' });
    await r.zones.accept('ana');
  }
});

test('overrides inside the system zone belong to people and are not part of the check', async () => {
  const r = await rig('strict');
  await r.zones.integrity();
  r.write('.claude/overrides/mine.md', 'mine');
  await r.zones.integrity();
  await expect(r.zones.checkWrite('.claude/overrides/x')).rejects.toMatchObject(refused);
});
