import type { Route } from '../rest.ts';
import { botRoutes } from './bot.ts';
import { channelRoutes } from './channels.ts';
import { commandRoutes } from './commands.ts';
import { interactionRoutes } from './interactions.ts';
import { messageRoutes } from './messages.ts';

export const routes: readonly Route[] = [
  ...botRoutes,
  ...commandRoutes,
  ...interactionRoutes,
  // Before channels: `/messages/pins/:message` is more exact than `/messages/:message`.
  ...messageRoutes,
  ...channelRoutes,
];
