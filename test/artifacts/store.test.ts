import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ArtifactRef } from '../../contracts/artifact.ts';
import { fileArtifacts } from '../../daemon/artifacts/store.ts';
import { nodeFs } from '../../daemon/fs.ts';
import type { Artifacts } from '../../daemon/ports/artifacts.ts';
import type { Fs } from '../../daemon/ports/fs.ts';
import { collect, tempDir } from '../helpers/ledger.ts';

const TEXT = { mediaType: 'text/plain' };
const sha = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');

async function store(
  fsPort: Fs = nodeFs,
): Promise<{ dir: string; artifacts: Artifacts; file(digest: string): string }> {
  const dir = await tempDir();
  const file = (digest: string): string => path.join(dir, 'sha256', digest.slice(7, 9), digest.slice(7));
  return { dir, artifacts: fileArtifacts({ fs: fsPort, dir }), file };
}

async function* chunks(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) {
    await Promise.resolve();
    yield data.subarray(at, at + size);
  }
}

test('bytes and streams come back as they were; the ref names digest, size and type; files are 0600', async () => {
  const { artifacts, file, dir } = await store();
  const data = randomBytes(1_000_000);
  const ref = await artifacts.put(chunks(data, 70_001), {
    mediaType: 'application/x',
    name: '../../etc/passwd',
  });
  expect(ArtifactRef.parse(ref)).toEqual({
    ref: `artifact:sha256:${sha(data)}`,
    digest: `sha256:${sha(data)}`,
    digest_alg: 'sha256',
    size_bytes: 1_000_000,
    size: 1_000_000,
    mediaType: 'application/x',
    name: 'passwd',
  });
  const digest = ref.digest ?? '';
  expect(Buffer.compare(await artifacts.get(digest), data)).toBe(0);
  expect(Buffer.compare(Buffer.concat(await collect(artifacts.stream(digest))), data)).toBe(0);
  expect(fs.statSync(file(digest)).mode & 0o777).toBe(0o600);
  expect([await artifacts.has(digest), fs.readdirSync(path.join(dir, 'tmp'))]).toEqual([true, []]);
});

test('the same bytes twice, also at once, are one artifact', async () => {
  const { artifacts, dir } = await store();
  const refs = await Promise.all(Array.from({ length: 20 }, () => artifacts.put(Buffer.from('x'), TEXT)));
  expect(new Set(refs.map((r) => r.ref)).size).toBe(1);
  const all = fs.readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(all.map((entry) => entry.name)).toEqual([sha('x')]);
});

test('bytes that are stored already are looked at and not written again; what is gone or damaged is', async () => {
  let written = 0;
  const { artifacts, file } = await store({
    ...nodeFs,
    open(name, flags, mode) {
      if (flags === 'wx') written += 1;
      return nodeFs.open(name, flags, mode);
    },
  });
  const put = async () => (await artifacts.put(Buffer.from('plan'), TEXT)).digest ?? '';
  const digest = await put();
  expect([await put(), written]).toEqual([digest, 1]);
  fs.writeFileSync(file(digest), 'plaN');
  expect([await put(), written]).toEqual([digest, 2]);
  fs.unlinkSync(file(digest));
  expect([await put(), written]).toEqual([digest, 3]);
  expect(Buffer.from(await artifacts.get(digest)).toString()).toBe('plan');
});

test('nothing is an artifact too', async () => {
  const { artifacts } = await store();
  const { digest } = await artifacts.put(new Uint8Array(), TEXT);
  expect([digest, (await artifacts.get(digest ?? '')).length]).toEqual([`sha256:${sha('')}`, 0]);
});

test('attack 62: a flipped bit is found at every read, and no last chunk is delivered', async () => {
  const { artifacts, file } = await store();
  const data = randomBytes(600_000);
  const digest = (await artifacts.put(data, TEXT)).digest ?? '';
  const stored = fs.readFileSync(file(digest));
  stored[300_000] = (stored[300_000] ?? 0) ^ 1;
  fs.writeFileSync(file(digest), stored);
  await expect(artifacts.get(digest)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  let seen = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of artifacts.stream(digest)) seen += chunk.length;
  };
  await expect(read()).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  expect(seen).toBeLessThan(data.length);
  await artifacts.put(data, TEXT);
  expect(Buffer.compare(await artifacts.get(digest), data)).toBe(0);
});

test('attack 61: a file cut short is corrupt, not short', async () => {
  const { artifacts, file } = await store();
  const digest = (await artifacts.put(Buffer.from('hello'), TEXT)).digest ?? '';
  fs.truncateSync(file(digest), 2);
  await expect(artifacts.get(digest)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
});

test('attack 59: a link in the place of an artifact is not followed', async () => {
  const { artifacts, file, dir } = await store();
  const digest = (await artifacts.put(Buffer.from('hello'), TEXT)).digest ?? '';
  fs.renameSync(file(digest), path.join(dir, 'moved'));
  fs.symlinkSync(path.join(dir, 'moved'), file(digest));
  await expect(artifacts.get(digest)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  expect(await artifacts.has(digest)).toBe(false);
});

test.each([
  '',
  'sha256:',
  '../../etc/passwd',
  `sha256:../${'a'.repeat(61)}`,
  `sha256:${'A'.repeat(64)}`,
  `sha512:${'a'.repeat(64)}`,
  `sha256:${'a'.repeat(64)}`,
])('attack 44: %j is no artifact', async (digest) => {
  const { artifacts } = await store();
  await expect(artifacts.get(digest)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  await expect(collect(artifacts.stream(digest))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  expect(await artifacts.has(digest)).toBe(false);
});

test('attack 66: a full disk leaves no artifact and no remains', async () => {
  const full: Fs = {
    ...nodeFs,
    async open(name, flags, mode) {
      const handle = await nodeFs.open(name, flags, mode);
      if (flags === 'wx')
        handle.write = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
      return handle;
    },
  };
  const { artifacts, dir } = await store(full);
  await expect(artifacts.put(Buffer.from('x'), TEXT)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect([fs.readdirSync(path.join(dir, 'tmp')), fs.existsSync(path.join(dir, 'sha256'))]).toEqual([
    [],
    false,
  ]);
});

test('attack 67: after a failed fsync the artifact is not there', async () => {
  const broken: Fs = {
    ...nodeFs,
    async open(name, flags, mode) {
      const handle = await nodeFs.open(name, flags, mode);
      handle.datasync = () => Promise.reject(Object.assign(new Error('i/o'), { code: 'EIO' }));
      return handle;
    },
  };
  const { artifacts } = await store(broken);
  await expect(artifacts.put(Buffer.from('x'), TEXT)).rejects.toMatchObject({ code: 'EIO' });
  expect(await artifacts.has(`sha256:${sha('x')}`)).toBe(false);
});

test('what a crash left in the temporary folder is removed, and a source that fails leaves nothing', async () => {
  const { artifacts, dir } = await store();
  fs.mkdirSync(path.join(dir, 'tmp'));
  fs.writeFileSync(path.join(dir, 'tmp', 'left'), 'half');
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('half'));
    throw new Error('the source broke');
  }
  await expect(artifacts.put(failing(), TEXT)).rejects.toThrow('the source broke');
  expect(fs.readdirSync(path.join(dir, 'tmp'))).toEqual([]);
});
