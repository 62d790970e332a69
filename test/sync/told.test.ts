import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ESTATE, RUNBOOKS, openWorld, type World } from '../helpers/app.ts';
import { reeve } from '../helpers/cli.ts';
import { REPO } from '../helpers/daemon.ts';

const shipped = (name: string): Promise<string> => readFile(path.join(REPO, `runbooks/${name}.md`), 'utf8');
const FILE = 'docs/devops/activity-log.md';
const PLACE = ['--project', 'shop', '--env', 'dev', '--force'];

async function open(estate = '', ...books: string[]): Promise<World> {
  const named = await Promise.all(books.map(async (name) => [`${name}.md`, await shipped(name)]));
  return openWorld({
    estate: `${ESTATE}alerts: { channels: { ops: { kind: log } } }\nredact: [correct-horse]\n${estate}`,
    runbooks: { ...RUNBOOKS, ...Object.fromEntries(named) },
  });
}

interface Told {
  id: string;
  status: string;
  result: {
    title: string;
    headline: string[];
    changes: string[];
    left: string[];
    counts: Record<string, number>;
    document: string | null;
  };
}
const json = async (world: World, ...line: string[]): Promise<Told> =>
  (JSON.parse((await reeve(world.home, [...line, ...PLACE, '--json'])).out) as { job: Told }).job;

test('who runs daily notes dry reads what would be written and what stays, in the terminal and as data; and the whole with the command it names', async () => {
  const world = await open('', 'activity-log');
  await world.end(
    await world.as('root', {
      command: 'deploy',
      args: { project: 'shop', env: 'dev' },
      force: true,
      reason: 'correct-horse',
    }),
  );
  const dry = await reeve(world.home, ['sync', 'activity-log', '--dry-run', ...PLACE]);
  expect({ code: dry.code, err: dry.err }).toEqual({ code: 0, err: '' });
  const end = dry.out.slice(dry.out.lastIndexOf('✓ PASS'));
  expect(end).toMatch(/^ {2}shop: \d{4}-\d\d-\d\d \(dry run: nothing was written\)$/m);
  expect(end).toContain('  1 change');
  expect(end).toContain(`  ${FILE}: would be written\n`);
  expect(end).toMatch(/^ {2}\d to be written$/m);
  await expect(stat(path.join(world.root, FILE))).rejects.toThrow('ENOENT');

  const named = /→ reeve (jobs document job_[0-9a-f]+)/.exec(end)?.[1]?.split(' ') ?? [];
  const document = await reeve(world.home, named);
  expect(document.code).toBe(0);
  expect(document.out).toContain('Leave a trace (deploy, shop/dev): PASS');
  expect(dry.out + document.out).not.toContain('correct-horse');

  expect(await json(world, 'sync', 'run', 'activity-log', '--dry-run')).toMatchObject({
    status: 'PASS',
    result: {
      title: expect.stringContaining('(dry run: nothing was written)'),
      changes: [`${FILE}: would be written`],
      left: [],
      counts: { to_be_written: expect.any(Number), conflicts: 0 },
      document: 'activity-log.md',
    },
  });
});

test('a real run says what it wrote, then what stays, then which conflict there is; a dry run has said the same before', async () => {
  const world = await open('', 'activity-log');
  await world.end(
    await world.as('root', { command: 'deploy', args: { project: 'shop', env: 'dev' }, force: true }),
  );
  const first = await reeve(world.home, ['sync', 'activity-log', ...PLACE]);
  expect(first.out).toContain(`  ${FILE}: written\n`);
  const file = path.join(world.root, FILE);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('Leave a trace', 'I left a trace'));
  await world.end(
    await world.as('root', { command: 'deploy', args: { project: 'shop', env: 'dev' }, force: true }),
  );
  for (const flags of [['--dry-run'], []]) {
    const { result } = await json(world, 'sync', 'activity-log', ...flags);
    expect(result).toMatchObject({
      changes: [`${FILE}: left as people had it`],
      left: [expect.stringContaining('somebody changed it')],
      counts: { conflicts: 1 },
    });
    expect(result.headline[0]).toContain('Kept as people left it');
  }
  const shown = await reeve(world.home, ['sync', 'activity-log', ...PLACE]);
  expect(shown.out).toContain('  Kept as people left it: ');
  expect(shown.out).toMatch(/^ {2}.*\b1 conflict$/m);
});

test('schemas: each file, also what people have put there, is said by a dry run as the run after it says it', async () => {
  const world = await open(
    'sync: { schemas: { api: { file: api.json, to: schemas/api.json, format: json } } }\n',
    'schemas',
  );
  await world.write('api.json', '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}');
  const files = async (...flags: string[]): Promise<[string[], string[]]> => {
    const { result } = await json(world, 'sync', 'schemas', ...flags);
    return [result.changes, result.left];
  };
  const [would, none] = await files('--dry-run');
  expect(would).toHaveLength(2);
  expect(would.every((line) => line.endsWith(': would be written'))).toBe(true);
  expect(none).toEqual([]);
  expect((await files())[0]).toEqual(would.map((line) => line.replace('would be written', 'written')));
  const stays = would.map((line) => line.replace('would be written', 'stays as it is'));
  expect((await files('--dry-run'))[0]).toEqual(stays);
  expect((await files())[0]).toEqual(stays);
  const mirrored = would[0]?.split(':')[0] ?? '';
  await writeFile(path.join(world.root, mirrored), '{"mine":true}');
  const [dry, left] = await files('--dry-run');
  expect(dry).toEqual([`${mirrored}: left as people had it`]);
  expect(left).toEqual([expect.stringContaining('it is not what was mirrored')]);
  expect(await files()).toEqual([dry, left]);
  await rm(path.join(world.root, mirrored));
});

test('a job without such a result ends as before, and has no document', async () => {
  const world = await open();
  const { out } = await reeve(world.home, ['deploy', ...PLACE]);
  expect(out).toMatch(/✓ PASS {2}Leave a trace on shop\/dev in [^\n]+\n {2}→ reeve jobs show/);
  const deploy = await json(world, 'deploy');
  expect(deploy).not.toHaveProperty('result');
  const none = await reeve(world.home, ['jobs', 'document', deploy.id]);
  expect({ code: none.code, out: none.out }).toEqual({ code: 2, out: '' });
  expect(none.err).toContain('JOB_NO_DOCUMENT');
});
