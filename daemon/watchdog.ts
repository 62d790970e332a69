import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { Mark } from './process-group.ts';

/*
 * What a daemon runs ends with it, also when it is killed and nobody starts another: a shell waits at a pipe that this
 * process alone holds open. The kernel closes it however this process ends, and the shell then ends what was running. One for
 * all commands, because a command of its own would cost each step a process. It reads lines: `+` what begins, `-` what ended.
 */
const SCRIPT = `
while IFS= read -r line; do
  case $line in
  +*) set -- "$@" "\${line#+}" ;;
  -*) for one; do shift; [ "$one" = "\${line#-}" ] || set -- "$@" "$one"; done ;;
  esac
done
[ $# -gt 0 ] || exit 0
send() {
  signal=$1
  shift
  for one; do
    pid=\${one%% *} rest=\${one#* }
    kill -s "$signal" -- "-$pid"
    for file in $(grep -lzsxF -- "REEVE_ATTEMPT_ID=\${rest%% *}" /proc/[0-9]*/environ); do
      grep -qzsF -- "REEVE_SCRATCH=\${rest#* }" "$file" || continue
      file=\${file#/proc/}
      kill -s "$signal" "\${file%/environ}"
    done
  done
}
send TERM "$@"
# A group that is gone is forgotten at once: its number may soon be another's.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
  sleep 0.2
  for one; do
    shift
    kill -s 0 -- "-\${one%% *}" || one="gone \${one#* }"
    set -- "$@" "$one"
  done
done
send KILL "$@"
`;

const running = new Set<string>();
let shell: ChildProcess | undefined;

/** Starts the shell unless it runs. Called before a command is started, so that there is no moment without it. */
export function watch(): void {
  if (shell !== undefined) return;
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'reeve-watchdog'], {
    // A session of its own: what is sent to our group, as by Ctrl-C, is not meant for it. It holds no folder.
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = (): void => {
    if (shell === child) shell = undefined;
  };
  child.once('error', gone).once('exit', gone);
  child.stdin.on('error', gone);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  shell = child;
  for (const entry of running) say(`+${entry}`);
}

/** Guards a process group, and what carries its mark, until the returned function is called. */
export function guard(pid: number, { attemptId, under = '' }: Mark): () => void {
  const entry = `${pid} ${attemptId} ${under}`;
  // One line each; a folder with a line end in its name is not guarded.
  if (entry.includes('\n')) return () => {};
  running.add(entry);
  say(`+${entry}`);
  return () => {
    running.delete(entry);
    say(`-${entry}`);
  };
}

const say = (line: string): void => void shell?.stdin?.write(`${line}\n`);
