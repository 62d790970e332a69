import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PushSpec } from '../../contracts/estate/release.ts';

const BASE = ['ssh', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20'];
/** What the server is called in the list of its keys, whatever its address. */
const ALIAS = 'reeve-remote';

interface SshSpec extends Pick<PushSpec, 'key' | 'host_keys'> {
  /** Folder for the key: what a daemon that was killed leaves there is removed when the next one starts. */
  keysIn: string;
  secret(name: string): Promise<string>;
}

/**
 * Runs `work` with the command that Git calls for ssh (`GIT_SSH_COMMAND`). A stored key stands in a file of its own for that
 * time, which only this user can read: ssh takes one from nowhere else but an agent. Without one it is the user's own keys,
 * and without `host_keys` the hosts that this user knows; nobody is asked anything.
 */
export async function withSsh<T>(
  { key, host_keys: hostKeys, keysIn, secret }: SshSpec,
  work: (command: string) => Promise<T>,
): Promise<T> {
  if (key === undefined && hostKeys.length === 0) return work(BASE.join(' '));
  const words = [...BASE];
  await mkdir(keysIn, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(path.join(keysIn, 'ssh-'));
  try {
    if (key !== undefined) {
      const file = path.join(folder, 'key');
      const text = (await secret(key)).replaceAll('\r\n', '\n').trim();
      await writeFile(file, `${text}\n`, { mode: 0o600, flag: 'wx' });
      // What this user's configuration says of hosts and keys is for people.
      words.push('-F', 'none', '-i', file, '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none');
    }
    if (hostKeys.length > 0) {
      const file = path.join(folder, 'hosts');
      await writeFile(file, hostKeys.map((one) => `${ALIAS} ${one}\n`).join(''), { mode: 0o600, flag: 'wx' });
      const options = [
        `HostKeyAlias=${ALIAS}`,
        `UserKnownHostsFile=${file}`,
        'GlobalKnownHostsFile=/dev/null',
      ];
      words.push(
        ...[...options, 'StrictHostKeyChecking=yes', 'UpdateHostKeys=no'].flatMap((one) => ['-o', one]),
      );
    }
    return await work(words.map(quoted).join(' '));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Git gives it to a shell. */
const quoted = (word: string): string =>
  /^[\w./=:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
