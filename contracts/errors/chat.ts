import type { ErrorTable } from './table.ts';

export const chatErrors = {
  BOT_REFUSED: {
    status: 403,
    exit: 'refused',
    message: 'The credential of a bot relays what people ask in chat; it opens nothing else.',
    hint: 'Send it to /v1/chat/relay with the account that asked, or use a token of your own.',
  },
  BOT_ONLY: {
    status: 403,
    exit: 'refused',
    message: 'Only a bot with its own credential relays for people in chat.',
    hint: 'Make one with `reeve chat setup`; for yourself, use /v1/commands.',
  },
  CHAT_NOT_CONFIGURED: {
    status: 409,
    exit: 'refused',
    message: 'reeve.yaml has no chat: {platform}.',
    hint: 'Add it with its ids and channels; the README has the steps.',
  },
  CHAT_PLACE: {
    status: 403,
    exit: 'refused',
    message: 'Commands are heard in one {what} only, and this one is another.',
    hint: 'Use the server or workspace of your team; an admin names it under chat: in reeve.yaml.',
  },
  CHAT_DIRECT: {
    status: 403,
    exit: 'refused',
    message: 'Commands are not heard in direct messages.',
    hint: 'Ask in a channel of your team, where others see what is done.',
  },
  CHAT_BOT_ACCOUNT: {
    status: 403,
    exit: 'refused',
    message: 'Commands of bots and webhooks are not heard.',
    hint: 'Programs use the API with a grant made ahead, or a schedule.',
  },
  CHAT_EDITED: {
    status: 403,
    exit: 'refused',
    message: 'A message that was changed after it was sent starts nothing.',
    hint: 'Ask again with a command of its own.',
  },
  CHAT_NOT_HERE: {
    status: 403,
    exit: 'refused',
    message: '{command} deals with secrets, and chat keeps what is written in it.',
    hint: "Use it on the daemon's machine: `reeve {command}`.",
  },
  CHAT_FORCE: {
    status: 400,
    exit: 'refused',
    message: 'In chat a plan is confirmed with the button below it.',
    hint: 'Ask without --force, --confirm and --typed, look at the plan, and press the button.',
  },
  PRESS_UNKNOWN: {
    status: 404,
    exit: 'refused',
    message: 'This button does not lead anywhere any more.',
    hint: 'Ask again with the command.',
  },
  PRESS_EXPIRED: {
    status: 410,
    exit: 'refused',
    message: 'This button has expired; nothing was done.',
    hint: 'Ask again with the command and look at the plan as it is now.',
  },
  PRESS_USED: {
    status: 409,
    exit: 'refused',
    message: '{by} has pressed this button already; it counts once.',
    hint: 'Nothing was done again. Look at what came of it with `/reeve jobs list` or `/reeve grant list`.',
  },
  PRESS_NOT_YOURS: {
    status: 403,
    exit: 'refused',
    message: 'This button was made for somebody else.',
    hint: 'Ask for what you need with a command of your own.',
  },
  CHAT_REPEATED: {
    status: 409,
    exit: 'refused',
    message: 'This was asked before, and nothing is done twice. What came of it then: {outcome}.',
    hint: 'To do it once more, ask with a new command.',
  },
  CHAT_UNSAID: {
    status: 502,
    exit: 'failed',
    message: 'No bot could post the message.',
    hint: 'The log says why: look at the channels under chat: in reeve.yaml and at the permissions of the bot there.',
  },
  CHAT_FLOOD: {
    status: 429,
    exit: 'refused',
    message: 'You are asking faster than can be answered.',
    hint: 'Wait {seconds} s, then ask again. Nothing of this one was done.',
  },
  CHAT_TEXT: {
    status: 400,
    exit: 'usage',
    message: '{why}',
    hint: 'See `/reeve help`; words with blanks stand in quotes.',
  },
} as const satisfies ErrorTable;
