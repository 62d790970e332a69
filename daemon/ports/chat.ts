import type {
  ChatAnswer,
  ChatClosed,
  ChatJob,
  ChatLog,
  ChatPost,
  ChatPosted,
  ChatRelay,
  ChatSession,
  Platform,
} from '../../contracts/chat.ts';

export interface Wait {
  /** At most so long, ms. */
  wait: number;
  signal: AbortSignal;
}

/** What bots may ask of the daemon. Each answers for the platform whose credential was shown. */
export interface Chat {
  /** The platform a bot's token belongs to. Takes the same time for every wrong token. */
  verify(token: string): Platform | undefined;
  /** Rejects CHAT_NOT_CONFIGURED. */
  session(platform: Platform): Promise<ChatSession>;
  /** Never rejects for anything the person did: a refusal is a reply with `error`, after its record. */
  relay(platform: Platform, relay: ChatRelay): Promise<ChatAnswer>;
  /** The oldest that were not settled, in order; the same until `posted` settles them. */
  posts(platform: Platform, wait: Wait): Promise<ChatPost[]>;
  posted(platform: Platform, posted: ChatPosted): Promise<void>;
  /** Rejects JOB_NOT_FOUND for a job without a live message of this bot. */
  job(platform: Platform, id: string, version: string, wait: Wait): Promise<ChatJob>;
  /** What a job printed; nothing while it goes on. Rejects JOB_NOT_FOUND like `job`. */
  log(platform: Platform, id: string): Promise<ChatLog>;
  closed(platform: Platform, closed: ChatClosed): Promise<void>;
  /** Answers all who wait, and lets nobody wait any more. */
  quiet(): void;
}

/** Who may relay. */
export interface ChatBots {
  /**
   * A new credential, written to a file that only this user may read; an earlier one of the platform is void. Durable.
   * Rejects CHAT_NOT_CONFIGURED.
   */
  enrol(platform: Platform, by: string): Promise<{ file: string }>;
  /** Its credential is void and its file gone. Rejects CHAT_NOT_CONFIGURED when there is none. */
  remove(platform: Platform, by: string): Promise<void>;
  list(): { platform: Platform; by: string; at: number; waiting: number; live: number }[];
}
