import { randomBytes, verify } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ReeveError, type ErrorCode } from '../../contracts/errors.ts';
import { keyId, publicKeyFromRaw } from '../../daemon/ed25519.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { initKeys, loadKeys, type KeyStoreOptions } from '../../daemon/keys/store.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

let dir: string;
let options: KeyStoreOptions;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'reeve-keys-'));
  const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  options = { folder: join(dir, 'keys'), fs: nodeFs, clock: new ManualClock(), random };
});
afterEach(() => rm(dir, { recursive: true, force: true, maxRetries: 20 }));

const path = (name: string): string => join(options.folder, name);
const Stored = z.object({ v: z.literal(1), keys: z.array(z.record(z.string(), z.json())) });
const stored = async () => Stored.parse(JSON.parse(await readFile(path('keys.json'), 'utf8')));

async function code(run: () => Promise<unknown>): Promise<ErrorCode> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ReeveError) return error.code;
    throw error;
  }
  throw new Error('it was accepted');
}

test('init makes three keys in a private folder; load gives the same; init again refuses', async () => {
  expect(await code(() => loadKeys(options))).toBe('KEYS_MISSING');
  const made = await initKeys(options);
  expect(made.list().map(({ purpose, retired }) => [purpose, retired])).toEqual([
    ['grant', null],
    ['checkpoint', null],
    ['bot', null],
  ]);
  expect((await stat(options.folder)).mode & 0o777).toBe(0o700);
  expect((await readdir(options.folder)).sort()).toEqual(['keys.json', 'master.json']);
  for (const name of ['keys.json', 'master.json']) expect((await stat(path(name))).mode & 0o777).toBe(0o600);
  const loaded = await loadKeys(options);
  expect(loaded.list()).toEqual(made.list());
  expect(await code(() => initKeys(options))).toBe('KEYS_EXIST');
  for (const purpose of ['grant', 'checkpoint', 'bot'] as const) {
    const { kid, publicKey, sign } = loaded.signer(purpose);
    expect(kid).toBe(keyId(publicKey));
    const message = Buffer.from('x');
    expect(verify(null, message, publicKeyFromRaw(publicKey), sign(message))).toBe(true);
    expect(sign(message)).toEqual(made.signer(purpose).sign(message));
  }
  expect(loaded.checkpointSigner('log')).toMatchObject({
    origin: 'log',
    keyId: loaded.signer('checkpoint').kid,
  });
});

test('rotating retires the old key, forgets its private half and keeps its public one', async () => {
  const keys = await initKeys(options);
  const before = keys.signer('grant');
  const { created, retired } = await keys.rotate('grant');
  expect(retired).toMatchObject({ kid: before.kid, retired: options.clock.now() });
  expect(keys.signer('grant').kid).toBe(created.kid);
  const loaded = await loadKeys(options);
  expect(loaded.list()).toEqual(keys.list());
  expect(loaded.signer('grant').kid).toBe(created.kid);
  expect((await stored()).keys.find((key) => key['kid'] === before.kid)?.['sealed']).toBeNull();
  await Promise.all([keys.rotate('bot'), keys.rotate('bot'), keys.rotate('bot')]);
  const bots = keys.list().filter((key) => key.purpose === 'bot');
  expect(bots.map(({ retired: at }) => at === null)).toEqual([false, false, false, true]);
});

test('no private key and no seed stands in any file in the clear', async () => {
  const seeds: Buffer[] = [];
  const random = (bytes: number): Uint8Array => {
    const made = randomBytes(bytes);
    seeds.push(Buffer.from(made));
    return new Uint8Array(made);
  };
  await initKeys({ ...options, random });
  const text = await readFile(path('keys.json'), 'utf8');
  const [, ...rest] = seeds;
  for (const seed of rest.filter((bytes) => bytes.length === 32)) {
    expect(text).not.toContain(seed.toString('base64'));
    expect(text).not.toContain(seed.toString('hex'));
  }
});

test('a passphrase is needed again, and another one does not open the keys', async () => {
  const made = await initKeys({ ...options, passphrase: 'correct horse' });
  expect(await readFile(path('master.json'), 'utf8')).not.toMatch(/"key"|correct/);
  const loaded = await loadKeys({ ...options, passphrase: 'correct horse' });
  expect(loaded.list()).toEqual(made.list());
  expect(await code(() => loadKeys({ ...options, passphrase: 'battery staple' }))).toBe('KEYS_DAMAGED');
  expect(await code(() => loadKeys(options))).toBe('KEYS_DAMAGED');
});

test('a first run cut off between its two files is completed', async () => {
  await initKeys(options);
  const master = await readFile(path('master.json'), 'utf8');
  await rm(path('keys.json'));
  await writeFile(path('keys.json.tmp'), '{"v":1,"ke', { mode: 0o600 });
  expect(await code(() => loadKeys(options))).toBe('KEYS_MISSING');
  await initKeys(options);
  expect(await readFile(path('master.json'), 'utf8')).toBe(master);
  expect((await loadKeys(options)).list()).toHaveLength(3);
});

test('a damaged key store is named, never replaced', async () => {
  await initKeys(options);
  const good = await readFile(path('keys.json'), 'utf8');
  const file = await stored();
  const change = (index: number, over: Record<string, z.infer<ReturnType<typeof z.json>>>): string =>
    JSON.stringify({ ...file, keys: file.keys.map((key, i) => (i === index ? { ...key, ...over } : key)) });
  const [grant, checkpoint] = file.keys;
  const sealed = JSON.stringify(grant?.['sealed']).slice(1, -1);
  const bad: Record<string, string> = {
    torn: good.slice(0, 200),
    empty: '',
    'not the form': '{"v":1,"keys":[{}]}',
    'flipped box': change(0, { sealed: sealed.replace(/[A-Za-z]/, (c) => (c === 'A' ? 'B' : 'A')) }),
    'another box': change(0, { sealed: checkpoint?.['sealed'] ?? null }),
    'no box': change(0, { sealed: null }),
    'two current keys of a purpose': change(1, { purpose: 'grant' }),
    'another public key (attack 06)': change(0, { public_key: checkpoint?.['public_key'] ?? null }),
    'another kid': change(0, { kid: 'key_0000000000000000' }),
    'the same key twice': JSON.stringify({ ...file, keys: [...file.keys, grant] }),
  };
  for (const [what, text] of Object.entries(bad)) {
    await writeFile(path('keys.json'), text);
    expect(await code(() => loadKeys(options)), what).toBe('KEYS_DAMAGED');
    expect(await code(() => initKeys(options)), what).toMatch(/KEYS_DAMAGED|KEYS_EXIST/);
    expect(await readFile(path('keys.json'), 'utf8')).toBe(text);
  }
  await writeFile(path('keys.json'), good);
  await rename(path('master.json'), path('gone'));
  expect(await code(() => loadKeys(options))).toBe('KEYS_DAMAGED');
});

test('attack 06: a box of one purpose does not open as a key of another', async () => {
  await initKeys(options);
  const file = await stored();
  const [grant, checkpoint, bot] = file.keys;
  const swapped = [{ ...grant, purpose: 'checkpoint' }, { ...checkpoint, purpose: 'grant' }, bot];
  await writeFile(path('keys.json'), JSON.stringify({ v: 1, keys: swapped }));
  expect(await code(() => loadKeys(options))).toBe('KEYS_DAMAGED');
});

test('attack 59: a key file or folder that is a link or open to others is refused', async () => {
  await initKeys(options);
  for (const name of ['keys.json', 'master.json']) {
    for (const mode of [0o640, 0o604, 0o622]) {
      await chmod(path(name), mode);
      expect(await code(() => loadKeys(options))).toBe('HOME_INSECURE');
    }
    await chmod(path(name), 0o600);
    await rename(path(name), join(dir, name));
    await symlink(join(dir, name), path(name));
    expect(await code(() => loadKeys(options))).toBe('HOME_INSECURE');
    await rename(join(dir, name), path(name));
  }
  await chmod(options.folder, 0o755);
  expect(await code(() => loadKeys(options))).toBe('HOME_INSECURE');
  await chmod(options.folder, 0o700);
  expect((await loadKeys(options)).list()).toHaveLength(3);
});
