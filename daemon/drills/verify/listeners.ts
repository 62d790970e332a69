import { readdir, readFile, readlink } from 'node:fs/promises';
import { strays, type Mark } from '../../process-group.ts';

/** What was started: its process group and session, and what its processes carry in their environment. */
export interface Started {
  /** Undefined before it runs. */
  pid: number | undefined;
  mark: Mark;
}

export interface Listening {
  /** Inodes of the sockets that take connections to the port on 127.0.0.1, sorted. */
  sockets: string[];
  /** Of those that what was started does not hold, the holder for people. */
  foreign: string | undefined;
}

/**
 * Who listens on a TCP port of 127.0.0.1, from proc_pid_net(5) and the file descriptors of what was started. Undefined where
 * the system has no such files, so that nothing can be told.
 */
export async function listening(port: number, started: Started): Promise<Listening | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  if (tables.every((table) => table === '')) return undefined;
  const sockets = tables
    .flatMap((table) => table.split('\n').flatMap((line) => inodeOf(line, port) ?? []))
    .toSorted();
  if (sockets.length === 0) return { sockets, foreign: undefined };
  const own = new Set<string>();
  for (const pid of await ours(started)) for (const inode of await socketsOf(pid)) own.add(inode);
  const other = sockets.find((inode) => !own.has(inode));
  return { sockets, foreign: other === undefined ? undefined : await holderOf(other) };
}

const LISTEN = '0A';
/** 127.0.0.1 and every address, as the kernel prints them: words in the machine's order; tcp6 takes mapped ones, too. */
const REACHED = new Set([
  '0100007F',
  '00000000',
  '00000000000000000000000000000000',
  '0000000000000000FFFF00000100007F',
  '0000000000000000FFFF000000000000',
]);

function inodeOf(line: string, port: number): string | undefined {
  const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
  const [address = '', hex = ''] = local.split(':');
  return state === LISTEN && REACHED.has(address) && parseInt(hex, 16) === port ? inode : undefined;
}

async function ours({ pid, mark }: Started): Promise<Set<number>> {
  const found = new Set(await strays(mark));
  if (pid === undefined) return found;
  for (const name of await processes()) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // pid (name) state ppid pgrp session …: a server may have overwritten its environment, not these.
    const [, , group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(group) === pid || Number(session) === pid) found.add(Number(name));
  }
  return found;
}

const processes = async (): Promise<string[]> =>
  (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));

/** Gone meanwhile, or another user's: none. */
async function socketsOf(pid: number | string): Promise<string[]> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

async function holderOf(inode: string): Promise<string> {
  for (const pid of await processes()) {
    if (!(await socketsOf(pid)).includes(inode)) continue;
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
    return `process ${pid} (${name})`;
  }
  return 'a process of another user';
}
