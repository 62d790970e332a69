import { startDiscord } from '../test/standins/discord/index.ts';
import type { Channel, Message } from '../test/standins/discord/world.ts';
import type { Stage } from './chat-town.ts';

const textOf = ({ embeds }: Pick<Message, 'embeds'>): string =>
  embeds.flatMap(({ title = '', description = '' }) => [title, description]).join('\n');

/** Discord's stand-in with a bot and a bare handler beside it. */
export async function stage(people: number): Promise<Stage> {
  const discord = await startDiscord();
  const [ours, bare] = [discord.addApp('reeve'), discord.addApp('bare')];
  const guild = discord.addGuild('acme');
  const ops: Channel = discord.addChannel(guild, 'ops');
  const persons = Array.from({ length: people }, (_, i) => discord.addMember(guild, `p${i}`));
  discord.install(ours, guild);
  discord.install(bare, guild);
  return {
    chat: `chat:\n  discord: { guild: "${guild.id}", application: "${ours.id}", channels: { default: "${ops.id}" } }\n`,
    account: (i) => persons[i]?.id ?? '',
    env: { REEVE_DISCORD_TOKEN: ours.token, REEVE_DISCORD_API: discord.api },
    bare: [discord.api, bare.token],
    hears: (who) =>
      discord.gateway.connected.some(({ app }) => app === (who === 'ours' ? ours : bare)) &&
      // The bot registers its commands once it is logged in.
      (who === 'bare' || ours.commands.has(guild.id)),
    async ask(who, person, words, options) {
      const began = performance.now();
      const doing = { app: who === 'ours' ? ours : bare, unchecked: who === 'bare' };
      const turn = await persons[person]?.slash(ops, `/reeve ${words}`, options, doing);
      const acknowledged = performance.now() - began;
      if (turn === undefined || turn.notice !== undefined) throw new Error(`no answer: ${turn?.notice}`);
      return {
        acknowledged,
        answered: () =>
          turn.reply().then((message) => ({ ms: performance.now() - began, text: textOf(message) })),
        press: async (label) => void (await persons[person]?.click(await turn.reply(), label)),
      };
    },
    running(title) {
      const found = [...discord.world.messages.values()].find(
        (one) =>
          one.ephemeralFor === undefined && textOf(one).includes(title) && !textOf(one).includes('passed'),
      );
      return found && { edits: () => found.history.length, text: () => textOf(found) };
    },
    until: (what, ms) => discord.changes.until(what, 'it', ms),
    close: () => discord.close(),
  };
}
