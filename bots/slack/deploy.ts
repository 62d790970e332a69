import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Catalogue } from '../../contracts/catalogue.ts';
import { readSettings, type Settings } from '../link/settings.ts';
import { changesOf, manifestOf, ownCommands, type Manifest } from './manifest.ts';

/*
 * `npm run bots:deploy -- --platform slack [--dry-run] [--json]`: prints the app's manifest when it differs from the one that was
 * printed last; with `--dry-run` always, and remembers nothing. Before the bot has a credential there is the manifest to
 * make the app with, which knows `/reeve` alone. It is pasted into the app's page: changing an app by
 * program needs a token that can change every app of the workspace, which has no place on this machine.
 */
const { values } = parseArgs({
  options: {
    platform: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
let dry = values['dry-run'];
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const { catalogue, folder, endpoint } = await known();
const memory = path.join(folder, 'slack.manifest.json');
const manifest = manifestOf(catalogue, endpoint);
const changes = changesOf(remembered(), manifest);
const { left } = ownCommands(catalogue);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ changes, left: left.map(({ name }) => name) })}\n`);
  process.exit();
}

if (changes.length === 0) say('The manifest of the Slack app is as it was.');
else {
  say('The manifest of the Slack app has changed; put it into the app’s page "App manifest":');
  for (const change of changes) say(`  ${change}`);
}
if (left.length > 0)
  say(`No command of their own, only /reeve <name>: ${left.map(({ name }) => name).join(', ')}`);
if (dry || changes.length > 0) process.stdout.write(`${JSON.stringify(manifest, undefined, 2)}\n`);
if (!dry && changes.length > 0) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(memory, JSON.stringify(manifest), { mode: 0o600 });
}

/** What the daemon publishes for chat; nothing before the bot was set up. */
async function known(): Promise<{
  catalogue: Pick<Catalogue, 'commands'>;
  folder: string;
  endpoint?: string | undefined;
}> {
  let settings: Settings;
  try {
    settings = readSettings('slack');
  } catch {
    say(
      'The bot has no credential yet (reeve chat setup slack): this manifest makes the app, and knows /reeve alone.',
    );
    dry = true;
    return { catalogue: { commands: [] }, folder: '.' };
  }
  const { daemon, folder } = settings;
  const { catalogue, transport, endpoint } = await daemon.session();
  daemon.close();
  return { catalogue, folder, endpoint: transport === 'http' ? endpoint : undefined };
}

function remembered(): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(memory, 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}
