import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { changesOf, manifestOf } from '../../../bots/slack/manifest.ts';
import { REPO } from '../../helpers/daemon.ts';
import { argSpec, catalogueWith, runbookSpec } from '../catalogue.ts';
import { slackRig } from './rig.ts';

test('the manifest is the catalogue, within what Slack takes, and the same for the same catalogue', () => {
  const long = argSpec('x'.repeat(600), { required: true });
  const odd = ['Upper', 'white space', 'ünicode', 'x'.repeat(40), 'reeve'].map((name) => runbookSpec(name));
  const many = Array.from({ length: 80 }, (_, n) => runbookSpec(`book-${n}`, [long, argSpec('other')]));
  const manifest = manifestOf(catalogueWith([...odd, ...many]));
  const commands = manifest.features.slash_commands;
  expect(commands).toHaveLength(50);
  expect(commands[0]?.command).toBe('/reeve');
  for (const { command, description, usage_hint = '' } of commands) {
    expect(command).toMatch(/^\/[a-z0-9_-]{1,31}$/);
    expect(description.length).toBeLessThanOrEqual(2000);
    expect(usage_hint.length).toBeLessThanOrEqual(1000);
  }
  expect(new Set(commands.map(({ command }) => command)).size).toBe(50);
  expect(JSON.stringify(manifestOf(catalogueWith([...odd, ...many])))).toBe(JSON.stringify(manifest));
  expect(manifest.oauth_config.scopes.bot).not.toContain('chat:write.public');
});

test('only what changed is told', () => {
  const before = manifestOf(catalogueWith([runbookSpec('one'), runbookSpec('two')]));
  const changed = { ...runbookSpec('two'), summary: 'reads differently' };
  const now = manifestOf(catalogueWith([changed, runbookSpec('three')]));
  expect(changesOf(before, now)).toEqual(['+ /three', '- /one', '~ /two']);
  expect(changesOf(now, now)).toEqual([]);
  expect(changesOf(undefined, now)).toContain('~ scopes and settings');
});

test('npm run bots:deploy: before the bot is set up there is the manifest to make the app with', async () => {
  const home = await mkdtemp(path.join(os.tmpdir(), 'reeve-slack-'));
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [path.join(REPO, 'bots/deploy.ts'), '--platform', 'slack'],
    { env: { PATH: process.env['PATH'] ?? '', REEVE_HOME: home } },
  );
  expect(JSON.parse(stdout)).toEqual(manifestOf({ commands: [] }));
  expect(stderr).toContain('reeve chat setup slack');
  expect(await readdir(home)).toEqual([]);
});

test('npm run bots:deploy: a dry run prints and remembers nothing; then once, and never again', async () => {
  const { world } = await slackRig({ start: false });
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [path.join(REPO, 'bots/deploy.ts'), ...args], {
      env: { PATH: process.env['PATH'] ?? '', REEVE_HOME: world.home },
    });
  const memory = (): Promise<string> => readFile(path.join(world.home, 'bots/slack.manifest.json'), 'utf8');
  const dry = await run('--platform', 'slack', '--dry-run');
  expect(JSON.parse(dry.stdout)).toEqual(manifestOf(await world.app.running.door.inChat()));
  expect(dry.stderr).toContain('+ /reeve');
  await expect(memory()).rejects.toThrow('ENOENT');
  // Without a platform: each that has a credential here.
  const first = await run();
  expect(first.stdout).toBe(dry.stdout);
  expect(JSON.parse(await memory())).toEqual(JSON.parse(dry.stdout));
  const again = await run('--platform', 'slack');
  expect(again).toMatchObject({ stdout: '', stderr: expect.stringContaining('as it was') });
});
