/*
 * Preloaded with `--import` and `--enable-source-maps`: says on file descriptor 3, a line each, what a bundle looks up while
 * it is loaded that may differ from one start to the next, and which package it is that looks.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import tty from 'node:tty';

const { writeSync } = fs;
const RealDate = Date;
const said = new Set<string>();
function say(what: string): void {
  const frames = new Error().stack?.split('\n').slice(1) ?? [];
  const frame = frames.find((line) => !/looks\.ts|node:|\[eval\]/.test(line));
  // Node, for itself or for the source map.
  if (frame === undefined || frames.some((line) => line.includes('source_map'))) return;
  const [, who = 'ours'] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(frame) ?? [];
  const line = `${what}: ${who}`;
  if (said.has(line)) return;
  said.add(line);
  writeSync(3, `${line}\n`);
}

process.env = new Proxy(process.env, {
  get(env, name) {
    say(`env ${String(name)}`);
    return Reflect.get(env, name) as unknown;
  },
  ownKeys(env) {
    say('env');
    return Reflect.ownKeys(env);
  },
});

function watch(owner: object, label: string, names: string[]): void {
  for (const name of names) {
    const own = Object.getOwnPropertyDescriptor(owner, name);
    if (own === undefined) throw new Error(`there is no ${label}${name}`);
    const tell = (): void => say(`${label}${name}`);
    const real: unknown = own.value;
    if (typeof real === 'function')
      Object.defineProperty(owner, name, {
        ...own,
        value: new Proxy(real, {
          apply(call, self, args) {
            tell();
            return Reflect.apply(call as () => unknown, self, args) as unknown;
          },
          construct(call, args) {
            // `new Date(0)` is the same at any time.
            if (call !== RealDate || args.length === 0) tell();
            return Reflect.construct(call as new () => object, args) as object;
          },
        }),
      });
    else
      Object.defineProperty(owner, name, {
        configurable: true,
        get() {
          tell();
          return own.get === undefined ? real : (Reflect.apply(own.get, owner, []) as unknown);
        },
      });
  }
}

watch(process, 'process.', [
  'argv',
  'cwd',
  'hrtime',
  'memoryUsage',
  'pid',
  'ppid',
  'title',
  'umask',
  'uptime',
]);
watch(process, 'process.', ['stderr', 'stdin', 'stdout']);
watch(Object.getPrototypeOf(performance) as object, 'performance.', ['now']);
watch(Date, 'Date.', ['now']);
watch(Math, 'Math.', ['random']);
watch(Intl, 'Intl.', ['Collator', 'DateTimeFormat', 'NumberFormat']);
watch(globalThis, '', ['Date', 'setImmediate', 'setInterval', 'setTimeout']);
watch(os, 'os.', ['cpus', 'homedir', 'hostname', 'networkInterfaces', 'tmpdir', 'userInfo']);
watch(tty, 'tty.', ['isatty']);
watch(crypto, 'crypto.', ['generateKeyPairSync', 'randomBytes', 'randomFillSync', 'randomInt', 'randomUUID']);
watch(fs, 'fs.', ['existsSync', 'lstatSync', 'openSync', 'readFileSync', 'readdirSync', 'statSync']);
syncBuiltinESMExports();
