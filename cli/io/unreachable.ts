import { lstatSync } from 'node:fs';
import { Problem } from './problem.ts';

/** What a failed connection means to the person: no daemon, another user's, or something that is none. */
export function unreachable(path: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const because = (why: string): Problem => new Problem('DAEMON_UNREACHABLE', { where: path }, [why], error);
  switch (code) {
    case 'ENOENT':
      return because('There is no socket there: no daemon runs with this home.');
    case 'ECONNREFUSED':
      if (path.startsWith('http'))
        return because(
          "Nothing listens on that port. To a daemon elsewhere: ssh -N -L 7333:127.0.0.1:7333 the-daemon's-machine",
        );
      return isSocket(path)
        ? because('The socket is left over from a daemon that was killed; the next start replaces it.')
        : new Problem('DAEMON_NOT_REEVE', { where: path, got: 'a plain file, not a socket' }, [], error);
    case 'ENOTSOCK':
    case 'ENOTDIR':
      return new Problem('DAEMON_NOT_REEVE', { where: path, got: 'not a socket' }, [], error);
    case 'EACCES':
    case 'EPERM':
      return new Problem('SOCKET_FORBIDDEN', { path }, [], error);
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return because('The path is too long for a socket (about 100 characters); choose a shorter home.');
    case 'ECONNRESET':
    case 'EPIPE':
      return because('The daemon closed the connection before it answered; it may be stopping.');
    default: {
      const silent = error instanceof Error && 'ms' in error ? Number(error.ms) : undefined;
      if (silent !== undefined)
        return because(`A process holds the socket but gave no answer for ${silent / 1000} s; it may hang.`);
      return because(error instanceof Error ? error.message : String(error));
    }
  }
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    // Gone between the two calls: a socket that was just removed.
    return true;
  }
}
