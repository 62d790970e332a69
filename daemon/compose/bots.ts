import { fileURLToPath } from 'node:url';
import type { Platform } from '../../contracts/chat.ts';
import type { ChatSpec } from '../../contracts/estate/chat.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { chatProjection } from '../chat/projection.ts';
import type { BotProgram, Supervisor } from '../chat/supervisor.ts';
import type { Settings } from '../config.ts';
import type { Running } from './running.ts';
import type { Store } from './store.ts';

/** The bots there are: their main file, and the variables in which they get the secrets that reeve.yaml names. */
const PROGRAMS: readonly {
  platform: Platform;
  file: string;
  secrets(chat: ChatSpec): Record<string, string> | undefined;
  api(settings: Settings): Record<string, string | undefined>;
}[] = [
  {
    platform: 'discord',
    file: fileURLToPath(new URL('../../bots/discord/main.ts', import.meta.url)),
    secrets: ({ discord }) => discord && { REEVE_DISCORD_TOKEN: discord.token },
    api: ({ chatApi }) => ({ REEVE_DISCORD_API: chatApi.discord }),
  },
  {
    platform: 'slack',
    file: fileURLToPath(new URL('../../bots/slack/main.ts', import.meta.url)),
    secrets: ({ slack }) =>
      slack && {
        REEVE_SLACK_BOT_TOKEN: slack.bot_token,
        ...(slack.transport === 'http' ? {} : { REEVE_SLACK_APP_TOKEN: slack.app_token }),
      },
    api: ({ chatApi }) => ({ REEVE_SLACK_API: chatApi.slack }),
  },
];

/** As for the CLI (cli/reeve): with it Node loads no stripper of types, which would stay in memory. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/reeve', import.meta.url));

/** Records after which other bots should run. */
const TURNS = new Set<LedgerRecord['type']>(['chat.bot_enrolled', 'chat.bot_removed', 'config.version']);

/** Runs the bots that are configured, have a credential and whose tokens are stored. Returns stop. */
export function superviseBots(store: Store, settings: Settings, running: Running): () => Promise<void> {
  const { clock, state, ledger, home, log } = store;
  const { config, secrets } = running.deps;
  let supervisor: Supervisor | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function wanted(): Promise<BotProgram[]> {
    const { chat } = config.current().config;
    const enrolled = state.get(chatProjection).bots;
    const programs: BotProgram[] = [];
    for (const { platform, file, secrets: named, api } of PROGRAMS) {
      const names = named(chat);
      const credential = enrolled[platform]?.credential;
      if (names === undefined || credential === undefined) continue;
      const env: Record<string, string> = {
        REEVE_HOME: home.root,
        NODE_COMPILE_CACHE: COMPILED,
        // So that a new credential, or another transport, makes a new process.
        REEVE_SUPERVISED: `${credential} ${chat[platform]?.transport ?? ''}`,
      };
      for (const [name, value] of Object.entries(api(settings))) if (value !== undefined) env[name] = value;
      const missing = [];
      for (const [variable, secret] of Object.entries(names)) {
        if (await secrets.has(secret)) env[variable] = await secrets.get(secret);
        else missing.push(secret);
      }
      if (missing.length === 0) programs.push({ platform, file, env });
      else log.warn('a bot is not started: its token is not stored', { platform, missing });
    }
    return programs;
  }
  async function look(): Promise<void> {
    if (supervisor === undefined) {
      if ((await wanted()).length === 0) return;
      const { Supervisor } = await import('../chat/supervisor.ts');
      supervisor = new Supervisor({
        clock,
        wanted,
        log: (level, message, fields) => log[level](message, fields),
      });
    }
    await supervisor.look();
  }
  const soon = (): void => {
    looking = looking
      .then(look)
      .catch((error: unknown) => log.error('the bots could not be started', { error: String(error) }));
  };
  const unsubscribe = ledger.subscribe((record) => {
    const secret = record.type === 'admin.event' && record.body.action_type === 'rotate_secret';
    if (secret || TURNS.has(record.type)) soon();
  });
  const unwatch = config.onChange(soon);
  soon();
  return async () => {
    unsubscribe();
    unwatch();
    await looking;
    await supervisor?.stop();
  };
}
