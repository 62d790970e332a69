import type {
  APIApplicationCommand,
  APIAttachment,
  APIEmbed,
  APIMessageTopLevelComponent,
  APIUser,
  ChannelType,
} from 'discord-api-types/v10';
import type { Changes } from '../platform/changes.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { snowflake } from './ids.ts';

/** Allowed and denied permission bits of a channel for one role or member. */
export interface Overwrite {
  kind: 'role' | 'member';
  allow: bigint;
  deny: bigint;
}

export interface Role {
  id: string;
  name: string;
  permissions: bigint;
}

export interface Member {
  userId: string;
  roles: string[];
  joinedAt: number;
  /** Timed out until then, ms. */
  silentUntil?: number;
}

export interface Guild {
  id: string;
  name: string;
  ownerId: string;
  roles: Map<string, Role>;
  members: Map<string, Member>;
}

export interface Channel {
  id: string;
  type: ChannelType;
  name: string;
  guildId?: string;
  /** Of a thread: the channel it hangs in. */
  parentId?: string;
  ownerId?: string;
  /** Of a direct conversation: who takes part. */
  recipients: string[];
  overwrites: Map<string, Overwrite>;
  archived: boolean;
  locked: boolean;
  lastMessageId?: string;
}

/** What of a message can be edited. */
export interface Content {
  content: string;
  embeds: APIEmbed[];
  components: APIMessageTopLevelComponent[];
  attachments: APIAttachment[];
  flags: number;
}

export interface Message extends Content {
  id: string;
  channelId: string;
  authorId: string;
  /** The application whose bot or interaction wrote it. */
  applicationId?: string;
  createdAt: number;
  editedAt?: number;
  /** Earlier contents, oldest first, each with when it was replaced. */
  history: (Content & { until: number })[];
  /** Only this person sees it, and only until their client restarts. */
  ephemeralFor?: string;
  deletedAt?: number;
  pinned: boolean;
  /** Who was pinged when it was sent. */
  pings: { everyone: boolean; users: string[]; roles: string[] };
  reactions: Map<string, Set<string>>;
  interaction?: { id: string; type: number; userId: string };
  repliesTo?: string;
  /** The first message of a thread: it refers to this one in the channel. */
  starts?: string;
  threadId?: string;
  nonce?: string | number;
}

/** A message with nothing in it yet. */
export const blankMessage = (
  id: string,
  { channelId, authorId, createdAt }: Pick<Message, 'channelId' | 'authorId' | 'createdAt'>,
): Message => ({
  id,
  channelId,
  authorId,
  createdAt,
  content: '',
  embeds: [],
  components: [],
  attachments: [],
  flags: 0,
  history: [],
  pinned: false,
  reactions: new Map(),
  pings: { everyone: false, users: [], roles: [] },
});

export interface App {
  id: string;
  name: string;
  token: string;
  publicKey: string;
  /** Ed25519, PKCS #8 DER. */
  privateKey: Buffer;
  /** Guild id → its commands; `global` for those of every guild. */
  commands: Map<string, APIApplicationCommand[]>;
  /** Guild id → permissions of the bot's own role there. */
  guilds: Set<string>;
  /** Privileged gateway intents that are switched on for the application. */
  privilegedIntents: number;
  /** Anybody may invite its bot. */
  botPublic: boolean;
  /** Where interactions are POSTed instead of going over the gateway. */
  endpoint?: string;
  revoked: boolean;
  /** Commands made, by guild and day: 200 a day are allowed. */
  creates: Map<string, number>;
}

/** Everything there is on the platform. Tests read it; only the stand-in writes it. */
export class World {
  readonly users = new Map<string, APIUser>();
  readonly guilds = new Map<string, Guild>();
  readonly channels = new Map<string, Channel>();
  readonly messages = new Map<string, Message>();
  readonly apps = new Map<string, App>();
  /** Path on the server → what was uploaded. */
  readonly files = new Map<string, { name: string; type: string; bytes: Buffer }>();
  readonly clock: PlatformClock;
  readonly changes: Changes;
  /** Tells the gateway; set by the stand-in. */
  announce: (event: string, data: object, where: { guildId?: string; channelId?: string }) => void = () => {};

  constructor(clock: PlatformClock, changes: Changes) {
    this.clock = clock;
    this.changes = changes;
  }

  id(): string {
    return snowflake(this.clock.now());
  }

  /** Messages of a channel that were not deleted, oldest first; ephemeral ones only for `viewer`. */
  messagesIn(channelId: string, viewer?: string): Message[] {
    return [...this.messages.values()].filter(
      (message) =>
        message.channelId === channelId &&
        message.deletedAt === undefined &&
        (message.ephemeralFor === undefined || message.ephemeralFor === viewer),
    );
  }

  threadsOf(channelId: string): Channel[] {
    return [...this.channels.values()].filter(({ parentId }) => parentId === channelId);
  }

  appOf(botId: string): App | undefined {
    return this.apps.get(botId);
  }
}

export function contentOf({ content, embeds, components, attachments, flags }: Content): Content {
  return { content, embeds, components, attachments, flags };
}
