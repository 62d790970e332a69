import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { errno } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';
import { checkPrivateFolder } from '../private-file.ts';

/** sun_path without its closing NUL: 107 bytes on Linux, 103 on macOS and the BSDs (sys/un.h). */
const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

/**
 * Makes `<home>/reeve.sock` free to bind. The caller holds the home's lock, so a socket nobody answers on is what a killed
 * daemon left, and is removed. Throws `HOME_INSECURE` (the folder is open to others, or the path is not a socket),
 * `HOME_IN_USE` (somebody answers), `SOCKET_PATH_TOO_LONG`.
 */
export async function freeSocketPath(fs: Fs, home: string): Promise<string> {
  const path = join(home, 'reeve.sock');
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH) throw fail('SOCKET_PATH_TOO_LONG', { path, bytes, max: MAX_SOCKET_PATH });
  if (!(await checkPrivateFolder(fs, home)))
    throw fail('HOME_INSECURE', { path: home, why: 'it is not there' });
  const stat = await lstat(path).catch((error: unknown) => {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stat === undefined) return path;
  if (stat.isSymbolicLink()) throw fail('HOME_INSECURE', { path, why: 'it is a symbolic link' });
  if (!stat.isSocket()) throw fail('HOME_INSECURE', { path, why: 'it is not a socket' });
  if (await answers(path)) throw fail('HOME_IN_USE', { pid: 'unknown', path: home });
  await unlink(path);
  return path;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error) => {
      // EAGAIN: somebody listens, with a full backlog.
      if (['ECONNREFUSED', 'ENOENT'].includes(errno(error))) resolve(false);
      else if (errno(error) === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}
