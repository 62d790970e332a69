import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Platform } from '../contracts/chat.ts';

/*
 * `npm run bots:deploy [-- --platform discord|slack] [--dry-run]`: what a platform has to know of the commands, as far as it
 * changed. Without a platform: each whose bot has a credential here.
 */
const { values } = parseArgs({
  options: {
    platform: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const home = process.env['REEVE_HOME'] ?? path.join(os.homedir(), '.reeve');
const folder = process.env['REEVE_BOT_FOLDER'] ?? path.join(home, 'bots');
const wanted =
  values.platform === undefined
    ? Platform.options.filter((platform) => existsSync(path.join(folder, `${platform}.token`)))
    : [Platform.parse(values.platform)];
if (wanted.length === 0) {
  process.stderr.write('No bot has a credential here: reeve chat setup discord, or slack.\n');
  process.exitCode = 1;
}
for (const platform of wanted) await import(`./${platform}/deploy.ts`);
