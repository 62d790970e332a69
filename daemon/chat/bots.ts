import path from 'node:path';
import type { Platform } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import { makeFolder, removeDurably, replaceDurably } from '../durable.ts';
import type { ChatBots } from '../ports/chat.ts';
import type { Config } from '../ports/config.ts';
import type { Fs } from '../ports/fs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { mint } from './credential.ts';
import { PARTS, chatProjection } from './projection.ts';
import { homeOf } from './who.ts';

/** Where the credential of a bot stands, mode 0600. */
export const credentialFile = (home: string, platform: Platform): string =>
  path.join(home, 'bots', `${platform}.token`);

/** Makes and voids the credentials of bots. */
export function chatBots(deps: {
  fs: Fs;
  home: string;
  ledger: Ledger;
  state: StateView;
  config: Pick<Config, 'current'>;
  random(bytes: number): Uint8Array;
}): ChatBots {
  const { fs, home, ledger, state, config } = deps;
  const bots = () => state.get(chatProjection).bots;
  return {
    async enrol(platform, by) {
      homeOf(config.current().config.chat, platform);
      const { token, credential } = mint(platform, deps.random);
      const file = credentialFile(home, platform);
      await makeFolder(fs, path.dirname(file));
      // The file first: a token that nobody knows yet opens nothing.
      await replaceDurably(fs, file, Buffer.from(`${token}\n`), 0o600);
      await ledger.append('chat.bot_enrolled', { platform, credential, by });
      return { file };
    },
    async remove(platform, by) {
      if (bots()[platform] === undefined) throw fail('CHAT_NOT_CONFIGURED', { platform });
      await ledger.append('chat.bot_removed', { platform, by });
      await removeDurably(fs, credentialFile(home, platform));
    },
    list: () =>
      (['discord', 'slack'] as const).flatMap((platform) => {
        const bot = bots()[platform];
        if (bot === undefined) return [];
        const waiting = Math.max(0, ledger.head().size - Math.floor((bot.cursor + 1) / PARTS));
        return [{ platform, by: bot.by, at: bot.at, waiting, live: Object.keys(bot.live).length }];
      }),
  };
}
