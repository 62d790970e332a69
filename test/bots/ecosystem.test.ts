import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { BOT_FLAGS } from '../../daemon/chat/supervisor.ts';

interface App {
  name: string;
  script: string;
  interpreter: string;
  node_args?: string[];
  env?: Record<string, string>;
}

test('ecosystem.config.js, loaded as PM2 does it: programs that exist, with the flags of the supervisor', async () => {
  const { apps } = createRequire(import.meta.url)('../../ecosystem.config.js') as { apps: App[] };
  expect(apps.map(({ name }) => name)).toEqual(['reeve', 'reeve-discord', 'reeve-slack']);
  const [daemon, ...bots] = apps;
  // It sets its own flags, and has to be one that can be run.
  expect(daemon?.interpreter).toBe('none');
  await access(daemon?.script ?? '', constants.X_OK);
  for (const { script, interpreter, node_args, env } of bots) {
    await access(script);
    await access(interpreter, constants.X_OK);
    expect(node_args).toEqual(BOT_FLAGS);
    expect(env?.['NODE_COMPILE_CACHE']).toMatch(/node_modules\/\.cache\/reeve$/);
  }
});
