import type {
  ChatAnswer,
  ChatClosed,
  ChatDelivered,
  ChatDelivery,
  ChatHeard,
  ChatJob,
  ChatLog,
  ChatNoted,
  ChatPost,
  ChatPosted,
  ChatRelay,
  ChatSession,
  ChatThread,
  Platform,
} from '../../contracts/chat.ts';

export interface Wait {
  /** At most so long, ms. */
  wait: number;
  signal: AbortSignal;
}

/** A request of which nothing is believed yet. */
export interface SignedRequest {
  /** Undefined when it is not there, and when it is there more than once. */
  header(name: string): string | undefined;
  /** As it came, to the byte. */
  body: Buffer;
}

export interface ChatResponse {
  status: number;
  body: string;
  /** Otherwise plain text. */
  json?: boolean;
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
  /** The threads whose messages become notes. */
  threads(platform: Platform): Promise<ChatThread[]>;
  /** Never rejects for what somebody wrote. */
  heard(platform: Platform, heard: ChatHeard): Promise<ChatNoted>;
  closed(platform: Platform, closed: ChatClosed): Promise<void>;
  /**
   * What a platform sent under `transport: http`, and how it is answered. Rejects ROUTE_NOT_FOUND when it is to deliver to
   * its bot, INTERACTION_UNSIGNED, INTERACTION_STALE, INTERACTION_REPLAYED, INTERACTION_UNANSWERED, BODY_INVALID, BODY_TYPE.
   */
  receive(platform: Platform, request: SignedRequest): Promise<ChatResponse>;
  /** What was received since, for the bot; each once. */
  deliveries(platform: Platform, process: string, wait: Wait): Promise<ChatDelivery[]>;
  delivered(platform: Platform, delivered: ChatDelivered): void;
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
