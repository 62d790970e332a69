import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ReeveError, type ErrorCode } from '../../contracts/errors.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { initKeys, type KeyStore } from '../../daemon/keys/store.ts';
import { openSecrets } from '../../daemon/secrets/store.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

let dir: string;
let keys: KeyStore;
const clock = new ManualClock();
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'reeve-secrets-'));
  const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  keys = await initKeys({ folder: join(dir, 'keys'), fs: nodeFs, clock, random });
});
afterEach(() => rm(dir, { recursive: true, force: true, maxRetries: 20 }));

const file = (): string => join(dir, 'secrets.json');
const open = () => openSecrets({ fs: nodeFs, clock, sealer: keys.sealer, path: file() });

async function code(run: () => Promise<unknown>): Promise<ErrorCode> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ReeveError) return error.code;
    throw error;
  }
  throw new Error('it was accepted');
}

test('set, get, list, rotate, remove; versions never go back, over a restart', async () => {
  const secrets = await open();
  expect(await secrets.list()).toEqual([]);
  expect(await secrets.set('PG_PASSWORD', 'hunter2-Zürich')).toEqual({
    secret_name: 'PG_PASSWORD',
    new_version: '1',
  });
  expect(await secrets.set('PG_PASSWORD', 'hunter3')).toEqual({
    secret_name: 'PG_PASSWORD',
    previous_version: '1',
    new_version: '2',
  });
  await secrets.set('api.token', 'abc');
  const again = await open();
  expect(await again.get('PG_PASSWORD')).toBe('hunter3');
  expect(await again.list()).toEqual([
    { name: 'PG_PASSWORD', version: 2, updated: clock.now() },
    { name: 'api.token', version: 1, updated: clock.now() },
  ]);
  expect((await again.values()).sort()).toEqual(['abc', 'hunter3']);
  await again.remove('PG_PASSWORD');
  expect(await again.has('PG_PASSWORD')).toBe(false);
  expect(await code(() => again.get('PG_PASSWORD'))).toBe('SECRET_NOT_FOUND');
  expect(await code(() => again.remove('PG_PASSWORD'))).toBe('SECRET_NOT_FOUND');
  expect((await (await open()).set('PG_PASSWORD', 'new')).new_version).toBe('3');
});

test('the file is private and holds no value in the clear', async () => {
  const secrets = await open();
  await secrets.set('TOKEN', 'very-secret-value');
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  const text = await readFile(file(), 'latin1');
  for (const form of ['very-secret-value', Buffer.from('very-secret-value').toString('base64')]) {
    expect(text).not.toContain(form);
  }
  await chmod(file(), 0o644);
  expect(await code(open)).toBe('HOME_INSECURE');
});

test('boxes cannot change places or come back from an earlier version', async () => {
  const secrets = await open();
  await secrets.set('A', 'first');
  const early = await readFile(file(), 'utf8');
  await secrets.set('A', 'second');
  await secrets.set('B', 'other');
  const Shape = z.object({
    v: z.literal(1),
    secrets: z.array(z.tuple([z.string(), z.record(z.string(), z.json())])),
  });
  const read = (text: string) => new Map(Shape.parse(JSON.parse(text)).secrets);
  const now = read(await readFile(file(), 'utf8'));
  const write = (map: Map<string, object>): Promise<void> =>
    writeFile(file(), JSON.stringify({ v: 1, secrets: [...map] }));
  await write(new Map(now).set('A', { ...now.get('A'), sealed: now.get('B')?.['sealed'] ?? null }));
  expect(await code(async () => (await open()).get('A'))).toBe('SECRETS_DAMAGED');
  await write(new Map(now).set('A', { ...now.get('A'), sealed: read(early).get('A')?.['sealed'] ?? null }));
  expect(await code(async () => (await open()).get('A'))).toBe('SECRETS_DAMAGED');
  expect(await (await open()).get('B')).toBe('other');
  for (const text of ['', '{', '{"v":2,"secrets":[]}', '[]']) {
    await writeFile(file(), text);
    expect(await code(open)).toBe('SECRETS_DAMAGED');
  }
});

test('impossible names and values are refused and change nothing; no error shows a value', async () => {
  const secrets = await open();
  for (const name of ['', '__proto__', '../x', 'A B', 'é', 'x'.repeat(129), 'A\n']) {
    expect(await code(() => secrets.set(name, 'v'))).toBe('SECRET_INVALID');
    expect(await code(() => secrets.get(name))).toBe('SECRET_NOT_FOUND');
  }
  for (const value of ['', '\ud800', 'x'.repeat(70_000)]) {
    const error = await secrets.set('A', value).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ReeveError);
    if (error instanceof ReeveError && value !== '') expect(error.message).not.toContain(value);
  }
  expect(await secrets.list()).toEqual([]);
  expect(await code(() => secrets.get('constructor'))).toBe('SECRET_NOT_FOUND');
});

test('many changes at once are all kept', async () => {
  const secrets = await open();
  await Promise.all(Array.from({ length: 20 }, (_, i) => secrets.set(`S${i % 4}`, `value ${i}`)));
  expect((await (await open()).list()).map(({ version }) => version)).toEqual([5, 5, 5, 5]);
});
