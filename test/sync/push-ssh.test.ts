import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { homePaths } from '../../daemon/home.ts';
import { lacks } from '../helpers/needs.ts';
import { openOutward } from './outward.ts';
import { serveSsh } from './ssh-git.ts';

test.skipIf(lacks('sshd', 'Debian package openssh-server'))(
  'over ssh a stored deploy key is used, and only by the server that was named',
  async () => {
    const { world, repo, bare, run, why } = await openOutward();
    const { addressOf, key, stranger, hostKey, otherHostKey, said } = await serveSsh();
    const address = addressOf(bare.folder);
    for (const [name, value] of Object.entries({ deploy_key: key, other_key: stranger }))
      await world.as('root', { command: 'secret set', args: { name, value } });
    const before = await readFile(path.join(world.root, 'reeve.yaml'), 'utf8');
    const reload = async (push: string) => {
      await world.write('reeve.yaml', before.replace('push: { remote: origin }', `push: { ${push} }`));
      return world.as('root', { command: 'config reload' });
    };
    const next = async () =>
      (await world.as('root', { command: 'release next', args: { project: 'shop' } })).error;
    const at = `remote: '${address}'`;

    // A server that shows another key gets nothing, and a key that it does not know is not let in.
    await reload(`${at}, key: deploy_key, host_keys: ['${otherHostKey}']`);
    expect((await next())?.message, said()).toMatch(/cannot be asked/);
    expect(said()).not.toContain('Accepted');
    await reload(`${at}, key: other_key, host_keys: ['${hostKey}']`);
    expect((await next())?.message, said()).toMatch(/cannot be asked/);
    expect(said()).not.toContain('Accepted');
    expect((await reload(`${at}, key: no_such_key`)).error?.message).toMatch(/no_such_key is not stored/);
    await reload('remote: origin, key: deploy_key');
    expect((await next())?.message).toContain('for ssh addresses only');

    // What the repository would have run instead of ssh is not.
    repo.git('config', 'core.sshCommand', `touch ${world.home}/ran; false`);
    await reload(`${at}, key: deploy_key, host_keys: ['${hostKey}']`);
    expect(await run(), said()).toBe('PASS');
    expect(await why()).toBe('');
    expect(bare.refs()).toBe('refs/heads/main refs/tags/v0.1.0');
    await expect(readFile(path.join(world.home, 'ran'))).rejects.toThrow('ENOENT');

    // The key is in no record, and in no file any more.
    const whole: unknown[] = [];
    for await (const record of world.app.store.ledger.read(0)) whole.push(record);
    expect(JSON.stringify(whole)).not.toContain(key.split('\n')[2]);
    await expect
      .poll(async () =>
        (await readdir(homePaths(world.home).attempts)).filter((name) => name.startsWith('ssh-')),
      )
      .toEqual([]);
  },
);
