import type { ChannelKind } from '../channel.ts';
import { chat } from './chat.ts';
import { command } from './command.ts';
import { discord } from './discord.ts';
import { email } from './email.ts';
import { log } from './log.ts';
import { slack } from './slack.ts';
import { webhook } from './webhook.ts';

/** Every kind of channel. A new one is a file in this folder and a line here. */
export const kinds = [
  webhook,
  email,
  command,
  discord,
  slack,
  chat,
  log,
] as const satisfies readonly ChannelKind[];
