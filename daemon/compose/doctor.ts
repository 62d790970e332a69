import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { StatusView } from '../../contracts/api.ts';
import type { Platform } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { ChatSpec } from '../../contracts/estate/chat.ts';
import type { Reply } from '../../contracts/reply.ts';
import { chatProjection } from '../chat/projection.ts';
import { systemClock } from '../clock.ts';
import { readSettings } from '../config.ts';
import { askDiscord, askSlack, knock } from '../doctor/ask.ts';
import { examine } from '../doctor/examine.ts';
import type { Deployed, LedgerLook, Look } from '../doctor/look.ts';
import { drills } from '../drills/index.ts';
import { createMandates, findEstate, loadEstate, mandatesProjection } from '../estate/index.ts';
import { COMMAND_PATH } from '../execute.ts';
import { nodeFs } from '../fs.ts';
import { homeFaults, homePaths } from '../home.ts';
import { loadKeys } from '../keys/store.ts';
import { readLedger, verifyLedger } from '../ledger/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config, Estate } from '../ports/config.ts';
import type { StateView } from '../ports/state.ts';
import { random } from '../random.ts';
import { openSecrets } from '../secrets/store.ts';
import { StateHost } from '../state/host.ts';
import { estateChecks } from './estate-checks.ts';
import { lazyRunbooks, runbookFiles } from './runbooks.ts';

const API = { discord: 'https://discord.com/api', slack: 'https://slack.com/api/' };
const run = promisify(execFile);
const DEPLOY = fileURLToPath(new URL('../../bots/deploy.ts', import.meta.url));
/** Of the program that compares the commands, ms. */
const DEPLOY_PATIENCE = 60_000;

export interface DoctorOptions {
  /** Absolute. */
  home: string;
  config?: string | undefined;
  status(): Promise<StatusView>;
  clock?: Clock;
  env: NodeJS.ProcessEnv;
  cwd?: string;
}

/** Looks at home, estate, daemon and chat platforms from outside: it opens nothing for writing and needs no daemon. */
export async function doctor(options: DoctorOptions): Promise<Reply> {
  return examine(lookOf(options));
}

function lookOf(options: DoctorOptions): Look {
  const { clock = systemClock, env } = options;
  const settings = readSettings({ home: options.home, config: options.config }, env, options.cwd);
  const paths = homePaths(settings.home);
  const fs = nodeFs;
  const keys = once(() =>
    loadKeys({ folder: paths.keys, fs, clock, random, passphrase: settings.passphrase }),
  );
  const secrets = once(async () =>
    openSecrets({ fs, clock, sealer: (await keys()).sealer, path: path.join(paths.secrets, 'secrets.json') }),
  );
  const estate = once(async () => {
    const file = await findEstate(settings.config, settings.cwd);
    const stored = await secrets().catch(() => undefined);
    // Without the store nobody knows which secrets are in it: then none is called missing.
    return loadEstate(file, estateChecks({ has: async (name) => stored === undefined || stored.has(name) }));
  });
  const runbooks = once(async () => {
    const current = await estate();
    return lazyRunbooks({ config: fixed(current), fs }).list();
  });
  const ledger = once(() => readLook(paths.ledger));
  // A bot that the daemon does not start has its token from the environment alone (docs/pm2.md).
  const token = async (of: (chat: ChatSpec) => string | undefined, given: string): Promise<string> => {
    const name = of((await estate()).config.chat);
    if (name === undefined) throw fail('SECRET_NOT_FOUND', { name: '' });
    const elsewhere = env[given] ?? '';
    if (elsewhere !== '' && !(await (await secrets()).has(name))) return elsewhere;
    return (await secrets()).get(name);
  };
  const tokens = {
    discord: () => token(({ discord }) => discord?.token, 'REEVE_DISCORD_TOKEN'),
    bot: () => token(({ slack }) => slack?.bot_token, 'REEVE_SLACK_BOT_TOKEN'),
    app: () => token(({ slack }) => slack?.app_token, 'REEVE_SLACK_APP_TOKEN'),
  };
  const skews: Look['skews'] = [];
  const deps = { clock, skew: (platform: Platform, ms: number) => void skews.push({ platform, ms }) };
  return {
    clock,
    home: settings.home,
    skews,
    estate,
    runbooks,
    async mandates() {
      const config = fixed(await estate());
      const { state } = await ledger();
      const files = runbookFiles({ config, fs });
      // Its list only reads: what it would write to is not there to be written to.
      const reader = { state, config, files, runbooks: lazyRunbooks({ config, fs }), ...unwritten };
      return createMandates(reader).list();
    },
    homeThere: () =>
      access(settings.home).then(
        () => true,
        () => false,
      ),
    homeFaults: async () => homeFaults(settings.home),
    async disk() {
      const { bavail, blocks, bsize } = await statfs(settings.home);
      return { free: bavail * bsize, all: blocks * bsize };
    },
    keys: async () => (await keys()).list(),
    verify: once(async () => {
      const { problems, torn, size } = await verifyLedger(paths.ledger, { blocking: true });
      if (size === 0 && problems.length === 0) throw fail('LEDGER_MISSING', { dir: paths.ledger });
      return { problems, torn: torn?.bytes ?? null };
    }),
    ledger,
    status: once(options.status),
    program: (name) => findProgram(name),
    discord: async (route) =>
      askDiscord(deps, settings.chatApi.discord ?? API.discord, await tokens.discord(), route),
    slack: async (method, args, which) =>
      askSlack(deps, settings.chatApi.slack ?? API.slack, await tokens[which](), method, args),
    knock,
    async deployed(platform) {
      const secret = platform === 'discord' ? { REEVE_DISCORD_TOKEN: await tokens.discord() } : {};
      return deployed(platform, { ...env, REEVE_HOME: settings.home, ...secret });
    },
  };
}

const never = (): never => {
  throw fail('INTERNAL', { why: 'the doctor changes nothing', log: '`--verbose`, which shows where' });
};
const unwritten = {
  ledger: { append: never, settled: () => Promise.resolve() },
  artifacts: { put: never, get: never },
} as unknown as Pick<Parameters<typeof createMandates>[0], 'ledger' | 'artifacts'>;

const fixed = (estate: Estate): Config => ({
  current: () => estate,
  project: never,
  environment: never,
  onChange: () => () => undefined,
});

/** One pass over the files, with the folds that the daemon itself uses. */
async function readLook(dir: string): Promise<LedgerLook & { state: StateView }> {
  const state = new StateHost([mandatesProjection, drills, chatProjection] as never);
  let size = 0;
  let lastTs: number | null = null;
  for await (const record of readLedger(dir, 0)) {
    state.apply(record);
    size++;
    lastTs = record.ts;
  }
  const results = Object.entries(state.get(drills).results).flatMap(([name, all]) => {
    const last = all.at(-1);
    const passed = all.findLast(({ verdict }) => verdict === 'PASS')?.at ?? null;
    return last === undefined ? [] : [[name, { at: last.at, verdict: last.verdict, passed }] as const];
  });
  return {
    state,
    size,
    lastTs,
    drills: Object.fromEntries(results),
    bots: new Set(Object.keys(state.get(chatProjection).bots) as Platform[]),
  };
}

async function findProgram(name: string): Promise<string | undefined> {
  const places = name.includes('/')
    ? [name]
    : COMMAND_PATH.split(path.delimiter).map((dir) => path.join(dir, name));
  for (const place of places) {
    const there = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return place;
  }
  return undefined;
}

const Answer = z.object({ changes: z.array(z.string()), left: z.array(z.string()) });

/** The program that people deploy with says what it would do. The token goes through its environment. */
async function deployed(platform: Platform, env: NodeJS.ProcessEnv): Promise<Deployed> {
  const args = [DEPLOY, '--platform', platform, '--dry-run', '--json'];
  const { stdout } = await run(process.execPath, args, { env, timeout: DEPLOY_PATIENCE });
  return Answer.parse(JSON.parse(stdout));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
