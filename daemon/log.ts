import fs from 'node:fs';
import { fail } from '../contracts/errors.ts';
import { errno } from './durable.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';
type Fields = Record<string, unknown>;

/** Debug log of the daemon: for people who look for a cause. The ledger is what counts; losing the log loses nothing. */
export interface Log {
  trace(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** Can be set while the daemon runs. */
  level: LogLevel;
  /** A log whose lines carry `part`. Shares everything else. */
  child(part: string): Log;
  /** Removes further words (secret values) from every later line. */
  redactWith(clean: (text: string) => string): void;
  /** Writes what is held back, then closes the file. Later lines are dropped. */
  close(): void;
}

export interface LogOptions {
  /** Absolute path; created 0600, appended to, never through a symbolic link. */
  file: string;
  level?: LogLevel;
  /** Time of a line, ms since the epoch. */
  now: () => number;
}

/** Field names whose value never enters the log, at the top and one level down. */
const SECRET_FIELDS = [
  'token',
  'secret',
  'password',
  'passphrase',
  'authorization',
  'cookie',
  'signature',
  'private_key',
  'seed',
];
/** Held back in memory while the disk does not take it, bytes; what is beyond is dropped. */
const MAX_HELD = 4 * 1024 * 1024;
/** What a terminal or a log reader could act on: C1 controls, bidi marks and overrides, line separators, BOM. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/**
 * Opens the log: JSON lines by pino. Each string is cleaned of secrets, and what could be mistaken for line ends,
 * terminal commands or writing direction stands as a `\uXXXX` escape, so a line is one line and reads back exactly.
 * Loads pino (about 18 ms) at the call. Throws `HOME_INSECURE` when the file is a link or not a plain file.
 */
export async function openLog({ file, level = 'info', now }: LogOptions): Promise<Log> {
  const fd = openFile(file);
  const { default: pino } = await import('pino');
  // At once: what is on its way to a thread when the process ends is lost, and that line says why it ended.
  const sink = pino.destination({ fd, sync: true, maxLength: MAX_HELD });
  // A full disk must not take the daemon down with it: sonic-boom keeps the lines and tries again at the next one.
  sink.on('error', () => {});
  let clean = (text: string): string => text;
  let open = true;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((f) => [f, `*.${f}`]), censor: '[redacted]' },
      messageKey: 'msg',
      hooks: { streamWrite: (line) => line.replace(UNSAFE, escape) },
    },
    sink,
  );
  const make = (base: Fields): Log => {
    const write =
      (name: LogLevel) =>
      (message: string, fields: Fields = {}): void => {
        if (open && logger.isLevelEnabled(name)) {
          logger[name](plain({ ...base, ...fields }, clean, 0) as Fields, clean(message));
        }
      };
    return {
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      get level() {
        return logger.level as LogLevel;
      },
      set level(to) {
        logger.level = to;
      },
      child: (part) => make({ ...base, part }),
      redactWith(further) {
        const before = clean;
        clean = (text) => further(before(text));
      },
      close() {
        if (!open) return;
        open = false;
        try {
          sink.flushSync();
        } catch {
          // Nothing is left to tell it to.
        }
        sink.destroy();
      },
    };
  };
  return make({});
}

function openFile(file: string): number {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants;
  let fd: number;
  try {
    fd = fs.openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (cause) {
    if (errno(cause) === 'ELOOP')
      throw fail('HOME_INSECURE', { path: file, why: 'it is a symbolic link' }, { cause });
    if (errno(cause) === 'ENXIO')
      throw fail('HOME_INSECURE', { path: file, why: 'it is not a plain file' }, { cause });
    throw fail('LOG_UNWRITABLE', { path: file, why: errno(cause) || String(cause) }, { cause });
  }
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  throw fail('HOME_INSECURE', { path: file, why: 'it is not a plain file' });
}

const escape = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A copy with every string cleaned, errors as plain objects, and bounded depth and length. */
function plain(value: unknown, clean: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') return clean(value.length > 8000 ? `${value.slice(0, 8000)}…` : value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 6) return '…';
  if (value instanceof Error) {
    const { name, message, stack, cause, ...rest } = value as Error & Fields;
    const frames = stack?.split('\n').slice(1, 12).join('\n');
    return plain(
      { name, message, ...rest, stack: frames, ...(cause === undefined ? {} : { cause }) },
      clean,
      depth + 1,
    );
  }
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (Array.isArray(value)) return value.slice(0, 100).map((member) => plain(member, clean, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [clean(key), plain(member, clean, depth + 1)]),
  );
}
