import { Routes, type REST } from 'discord.js';
import { z } from 'zod';
import { DISCORD_INTENTS } from '../../contracts/chat-app.ts';

const Application = z.object({ flags: z.number().default(0), bot: z.object({ id: z.string() }).optional() });

/** The bot's own account, and whether Discord gives it what others write. */
export async function applicationOf(
  rest: Pick<REST, 'get'>,
): Promise<{ id: string | undefined; reads: boolean }> {
  const { flags, bot } = Application.parse(await rest.get(Routes.currentApplication()));
  return { id: bot?.id, reads: DISCORD_INTENTS.some((intent) => (flags & intent.flags) !== 0) };
}
