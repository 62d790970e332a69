import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { World } from '../helpers/app.ts';
import { startLinear, type LinearStandin } from '../standins/linear/index.ts';

/** A workspace of Linear that the daemon of a scene writes to. */
export async function linearBeside(world: World): Promise<LinearStandin> {
  const linear = await startLinear('lin_wh_8yyyzzz85a5abcdefabcdef');
  onTestFinished(() => linear.close());
  const key = 'lin_api_0123456789abcdef0123456789abcdef';
  linear.keys.set(key, linear.world.user('reeve'));
  for (const [name, value] of [
    ['linear_webhook', linear.secret],
    ['linear_token', key],
  ] as const)
    await world.as('root', { command: 'secret set', args: { name, value } });
  const before = await readFile(path.join(world.root, 'reeve.yaml'), 'utf8');
  await world.write(
    'reeve.yaml',
    `${before}network: { allow: ['${linear.host}'] }
integrations: { linear: { api: '${linear.url}', token: linear_token, team: OPS } }
`,
  );
  const reloaded = await world.as('root', { command: 'config reload' });
  if (!reloaded.ok) throw new Error(JSON.stringify(reloaded.error));
  return linear;
}

/** Descriptions of the issues there, oldest first. */
export const described = ({ world }: LinearStandin): string[] =>
  world.issues.map(({ description }) => description ?? '');
