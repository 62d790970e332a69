import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { programPath } from '../helpers/needs.ts';

export interface SshGit {
  /** Of a folder there. */
  addressOf(folder: string): string;
  /** Private key that is let in, and one that is not. */
  key: string;
  stranger: string;
  /** The server's own, and another one. */
  hostKey: string;
  otherHostKey: string;
  /** What the server said. */
  said(): string;
}

/** A real OpenSSH server in front of this machine's Git, one process for each connection (sshd(8), `-i`). */
export async function serveSsh(): Promise<SshGit> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reeve-sshd-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const newKey = async (name: string): Promise<{ secret: string; open: string }> => {
    const file = path.join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    return { secret: await readFile(file, 'utf8'), open: (await readFile(`${file}.pub`, 'utf8')).trim() };
  };
  const [host, other, deploy, stranger] = await Promise.all(
    ['host', 'other', 'deploy', 'stranger'].map(newKey),
  );
  await writeFile(path.join(folder, 'authorized'), `restrict ${deploy?.open ?? ''}\n`);
  const { uid, username } = os.userInfo();
  const config = [
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/authorized`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
  ];
  await writeFile(path.join(folder, 'config'), `${config.join('\n')}\n`);
  // What it separates its privileges with; only root has any.
  if (uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  let said = '';
  const server = createServer((socket) => {
    const child = spawn(programPath('sshd') ?? '', ['-i', '-e', '-f', path.join(folder, 'config')], {
      stdio: 'pipe',
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    for (const pipe of [child.stdin, child.stdout, socket]) pipe.on('error', () => undefined);
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
    socket.once('close', () => child.kill());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    addressOf: (there) => `ssh://${username}@127.0.0.1:${port}${there}`,
    key: deploy?.secret ?? '',
    stranger: stranger?.secret ?? '',
    hostKey: host?.open ?? '',
    otherHostKey: other?.open ?? '',
    said: () => said,
  };
}
