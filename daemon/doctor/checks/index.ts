import type { Check } from '../check.ts';
import { clock } from './clock.ts';
import { daemon } from './daemon.ts';
import { discordApplication } from './discord-application.ts';
import { discordChannels } from './discord-channels.ts';
import { discordCommands } from './discord-commands.ts';
import { discordCredential, slackCredential } from './credential.ts';
import { discordIntents } from './discord-intents.ts';
import { discordServer } from './discord-server.ts';
import { discordToken } from './discord-token.ts';
import { disk } from './disk.ts';
import { drills } from './drills.ts';
import { discordEndpoint, slackEndpoint } from './endpoint.ts';
import { estate } from './estate.ts';
import { home } from './home.ts';
import { keys } from './keys.ts';
import { ledger } from './ledger.ts';
import { node } from './node.ts';
import { programs } from './programs.ts';
import { schedules } from './schedules.ts';
import { slackAppToken } from './slack-app-token.ts';
import { slackChannels } from './slack-channels.ts';
import { slackCommands } from './slack-commands.ts';
import { slackScopes } from './slack-scopes.ts';
import { slackToken } from './slack-token.ts';

/** Everything that is looked at, in this order: what others rest on comes first. */
export const checks = [
  node,
  home,
  keys,
  ledger,
  disk,
  estate,
  schedules,
  drills,
  programs,
  daemon,
  discordCredential,
  discordToken,
  discordApplication,
  discordIntents,
  discordServer,
  discordEndpoint,
  discordChannels,
  discordCommands,
  slackCredential,
  slackToken,
  slackScopes,
  slackAppToken,
  slackEndpoint,
  slackChannels,
  slackCommands,
  // Last: the platforms have said what time it is for them.
  clock,
] as const satisfies readonly Check[];
