import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startApp, type App } from '../../daemon/app.ts';
import { readSettings } from '../../daemon/config.ts';
import { sayNext, sayStarted } from '../../daemon/welcome.ts';

const estate = (cron: string, more = ''): string => `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
projects:
  shop: { path: ., environments: { dev: {} } }
schedules:
  nightly: { runbook: work, cron: '${cron}', project: shop, env: dev }
${more}`;

const WORK = `---
runbook: work
title: Work
---
\`\`\`sh { name=work }
true
\`\`\`
`;

test('a first start that a mistake in the file ended was none: the next one accepts what it finds; what is added later waits, and each start says so', async () => {
  const base = await mkdtemp(path.join(os.tmpdir(), 'reeve-first-'));
  onTestFinished(() => rm(base, { recursive: true, force: true, maxRetries: 20 }));
  const root = path.join(base, 'estate');
  await mkdir(path.join(root, 'runbooks'), { recursive: true });
  await writeFile(path.join(root, 'runbooks', 'work.md'), WORK);
  const file = path.join(root, 'reeve.yaml');
  const settings = readSettings({ home: path.join(base, 'home'), port: 0, config: file }, {}, root);
  const start = async (): Promise<{ app: App; said: string }> => {
    const app = await startApp(settings);
    let said = '';
    sayStarted(app, await app.settle(), (text) => (said += stripVTControlCharacters(text)));
    return { app, said };
  };
  await writeFile(file, estate('every night'));
  await expect(startApp(settings)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });

  await writeFile(file, estate('0 3 * * *'));
  const first = await start();
  expect(first.said).toContain('First start: accepted as found, to run unattended: schedule:nightly');
  expect(first.said).not.toContain('Does not run before');
  let tries = '';
  sayNext(first.app, (text) => (tries += stripVTControlCharacters(text)));
  expect(tries).toContain('npx reeve deploy --project shop ');
  await first.app.stop('test');

  const more = "  later: { runbook: work, cron: '0 4 * * *', project: shop, env: dev }\n";
  await writeFile(file, estate('30 3 * * *', more));
  const second = await start();
  expect(second.said).not.toContain('First start');
  expect(second.said).toContain(
    'Does not run before somebody has read and accepted it: schedule:later, schedule:nightly',
  );
  expect(second.said).toContain('reeve config accept');
  await second.app.stop('test');
});
