import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { serveGit } from './https-git.ts';
import { openOutward } from './outward.ts';

const TOKEN = 'ghp_0123456789abcdefghij';

test('over https the token goes to the address that was confirmed, and stands in no record and in no file', async () => {
  const { world, repo, bare, run, why } = await openOutward();
  const header = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;
  const { address, authority, seen } = await serveGit(bare.folder, header);
  const ca = path.join(world.home, 'ca.pem');
  await writeFile(ca, authority);
  await world.as('root', { command: 'secret set', args: { name: 'push_token', value: TOKEN } });
  const before = await readFile(path.join(world.root, 'reeve.yaml'), 'utf8');
  const reload = async (push: string): Promise<void> => {
    await world.write('reeve.yaml', before.replace('push: { remote: origin }', `push: { ${push} }`));
    expect((await world.as('root', { command: 'config reload' })).error).toBeUndefined();
  };
  const next = () => world.as('root', { command: 'release next', args: { project: 'shop' } });

  // Whose certificate nobody knows gets no token, also where the repository says not to look.
  await reload(`remote: '${address}', token: push_token`);
  repo.git('config', 'http.sslVerify', 'false');
  expect((await next()).error?.message).toMatch(/cannot be asked: .*certificate/);
  expect(seen).toEqual([]);
  repo.git('config', 'http.sslCAInfo', ca);
  // What the repository would ask, or have asked, is not.
  repo.git('config', 'credential.helper', `!touch ${world.home}/helped`);
  repo.git('config', 'core.askPass', `touch ${world.home}/asked; false`);
  await reload(`remote: '${address}'`);
  expect((await next()).error?.message).toContain('cannot be asked');
  expect(new Set(seen)).toEqual(new Set(['GET 401']));
  await expect(readFile(path.join(world.home, 'helped'))).rejects.toThrow('ENOENT');
  await expect(readFile(path.join(world.home, 'asked'))).rejects.toThrow('ENOENT');

  await reload(`remote: '${address}', token: push_token`);
  expect(await run()).toBe('PASS');
  expect(await why()).toBe('');
  expect(seen).toContain('POST 200');
  expect(bare.refs()).toBe('refs/heads/main refs/tags/v0.1.0');
  const whole: unknown[] = [];
  for await (const record of world.app.store.ledger.read(0)) whole.push(record);
  for (const secret of [TOKEN, header.slice(6)]) expect(JSON.stringify(whole)).not.toContain(secret);
  expect(await readFile(path.join(repo.root, '.git/config'), 'utf8')).not.toContain(TOKEN);

  // The configuration of the repository cannot send it elsewhere.
  repo.commit('fix: more');
  repo.git('config', 'url.https://127.0.0.1:1/.insteadOf', 'https://127.0.0.1');
  expect((await next()).error?.message).toContain('elsewhere');
  // Nor by an address with a space in it.
  repo.git('config', '--unset', 'url.https://127.0.0.1:1/.insteadOf');
  const other = path.join(world.home, 'an other.git');
  repo.git('init', '-q', '--bare', other);
  repo.git('config', `url.${other}#.insteadOf`, address);
  expect((await next()).error?.message).toContain('elsewhere');
});
