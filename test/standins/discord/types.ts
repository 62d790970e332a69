import type * as D from 'discord-api-types/v10';

/** What a bot sends, by the names under which the stand-in looks the schemas up (scripts/chat-schemas.ts). */
export interface Sent {
  Message: D.RESTPostAPIChannelMessageJSONBody;
  MessageEdit: D.RESTPatchAPIChannelMessageJSONBody;
  Callback: D.APIInteractionResponse;
  Followup: D.RESTPostAPIInteractionFollowupJSONBody;
  FollowupEdit: D.RESTPatchAPIInteractionFollowupJSONBody;
  Commands: D.RESTPutAPIApplicationCommandsJSONBody;
  Command: D.RESTPostAPIApplicationCommandsJSONBody;
  CommandEdit: D.RESTPatchAPIApplicationCommandJSONBody;
  ThreadOfMessage: D.RESTPostAPIChannelMessagesThreadsJSONBody;
  Thread: D.RESTPostAPIChannelThreadsJSONBody;
  ChannelEdit: D.RESTPatchAPIChannelJSONBody;
  DirectChannel: D.RESTPostAPICurrentUserCreateDMChannelJSONBody;
}
