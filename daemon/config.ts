import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { fail } from '../contracts/errors.ts';
import type { LogLevel } from './log.ts';

/** Port of the API on loopback when nothing else is said. */
const DEFAULT_PORT = 7333;

/** What the environment and the command line decide, once, at start. */
export interface Settings {
  /** Absolute. */
  home: string;
  /** On 127.0.0.1; 0 takes any free one. */
  port: number;
  /** Absolute path of reeve.yaml, when it was named; otherwise ./reeve.yaml or the shipped one. */
  config: string | undefined;
  /** Absolute; undefined: reeve.log in the home. */
  logFile: string | undefined;
  logLevel: LogLevel | undefined;
  /** Seals the keys instead of a key file. */
  passphrase: string | undefined;
  /** Other addresses of the chat platforms' APIs, handed to the bots. */
  chatApi: { discord: string | undefined; slack: string | undefined };
  /** Another address of GitHub's API: GitHub Enterprise Server, or a stand-in. */
  githubApi: string | undefined;
  cwd: string;
}

/** Command-line values; they win over the environment. */
export interface Flags {
  home?: string | undefined;
  port?: string | number | undefined;
  config?: string | undefined;
  logFile?: string | undefined;
  logLevel?: string | undefined;
}

const Port = z.coerce.number().pipe(z.int().min(0).max(65_535));
const Level = z.enum(['trace', 'debug', 'info', 'warn', 'error']);

/**
 * Reads `REEVE_HOME` (default ~/.reeve), `REEVE_PORT` (7333), `REEVE_CONFIG`, `REEVE_LOG_FILE`, `REEVE_LOG_LEVEL`,
 * `REEVE_PASSPHRASE`, `REEVE_DISCORD_API`, `REEVE_SLACK_API` and `REEVE_GITHUB_API`. Empty is as good as unset. Throws `SETTING_INVALID`.
 */
export function readSettings(
  flags: Flags = {},
  env: NodeJS.ProcessEnv = process.env,
  cwd = process.cwd(),
): Settings {
  const value = (flag: string | number | undefined, name: string): string | undefined => {
    const text = flag === undefined ? env[name] : String(flag);
    if (text?.includes('\0') === true) throw invalid(name, 'it contains a NUL');
    return text === undefined || text.trim() === '' ? undefined : text;
  };
  const file = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : path.resolve(cwd, text);
  const port = value(flags.port, 'REEVE_PORT');
  const level = value(flags.logLevel, 'REEVE_LOG_LEVEL');
  return Object.freeze({
    home: file(value(flags.home, 'REEVE_HOME')) ?? path.join(env['HOME'] || os.homedir(), '.reeve'),
    port: port === undefined ? DEFAULT_PORT : parse(Port, port, 'REEVE_PORT', 'a port is 0 to 65535'),
    config: file(value(flags.config, 'REEVE_CONFIG')),
    logFile: file(value(flags.logFile, 'REEVE_LOG_FILE')),
    logLevel:
      level === undefined
        ? undefined
        : parse(Level, level, 'REEVE_LOG_LEVEL', 'it is one of trace, debug, info, warn, error'),
    passphrase: value(undefined, 'REEVE_PASSPHRASE'),
    chatApi: {
      discord: value(undefined, 'REEVE_DISCORD_API'),
      slack: value(undefined, 'REEVE_SLACK_API'),
    },
    githubApi: value(undefined, 'REEVE_GITHUB_API'),
    cwd,
  });
}

function parse<T>(schema: z.ZodType<T>, text: string, name: string, why: string): T {
  const result = schema.safeParse(text);
  if (!result.success) throw invalid(name, why);
  return result.data;
}

const invalid = (name: string, why: string): Error => fail('SETTING_INVALID', { name, why });
