import type { KnownBlock, MessageAttachment, ModalView } from '@slack/types';
import type { Sent } from './types.ts';
import type { Changes } from '../platform/changes.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { slackId, timestamp } from './ids.ts';

export type Manifest = Sent['Manifest'];

export interface Team {
  id: string;
  name: string;
  domain: string;
}

export interface User {
  id: string;
  teamId: string;
  name: string;
  realName: string;
  isBot: boolean;
  deleted: boolean;
  isAdmin: boolean;
}

export interface Channel {
  id: string;
  teamId: string;
  name: string;
  kind: 'public' | 'private' | 'im';
  members: Set<string>;
  archived: boolean;
  topic: string;
}

/** What of a message can be edited. */
export interface Content {
  text: string;
  blocks: KnownBlock[];
  attachments: MessageAttachment[];
  files: string[];
}

export interface Message extends Content {
  ts: string;
  channelId: string;
  userId: string;
  /** Of a bot's message. */
  appId?: string;
  threadTs?: string;
  /** Only this person sees it, until their client restarts; the Web API does not know it. */
  ephemeralFor?: string;
  /** Earlier contents, oldest first, each with when it was replaced (ms). */
  history: (Content & { until: number })[];
  editedAt?: number;
  deletedAt?: number;
  reactions: Map<string, Set<string>>;
  pinned: boolean;
  /** Who was notified when it was sent. */
  pings: { channel: boolean; users: string[] };
  metadata?: unknown;
}

/** A modal on one person's screen. */
export interface Modal {
  id: string;
  hash: string;
  view: ModalView;
  userId: string;
  appId: string;
  teamId: string;
  /** Views below and above; closing goes back to the one below. */
  previousId?: string;
  rootId: string;
  open: boolean;
  /** What is below the fields after a refused submission, by block_id. */
  errors: Record<string, string>;
  history: ModalView[];
}

export interface StoredFile {
  id: string;
  name: string;
  title: string;
  length: number;
  bytes?: Buffer;
  /** Channels it was shared to. */
  shared: string[];
  userId: string;
}

export interface App {
  id: string;
  name: string;
  botId: string;
  /** The bot's user, by team. */
  botUsers: Map<string, string>;
  /** Bot token (`xoxb-`) by team. */
  tokens: Map<string, string>;
  appToken: string;
  /** Scopes of the app-level token. */
  appScopes: Set<string>;
  signingSecret: string;
  /** The old verification token that still stands in payloads. */
  verification: string;
  scopes: Set<string>;
  /** For apps.manifest.*; in reality of a person, and for twelve hours. */
  configToken: string;
  /** What apps.manifest.update set last. */
  manifest?: Manifest;
  /** Tokens that were taken away, and what is answered for them. */
  revoked: Map<string, 'token_revoked' | 'invalid_auth' | 'account_inactive'>;
  commands: Set<string>;
  /** Event types that the app subscribed to: `message.channels`, `app_mention` … */
  events: Set<string>;
  /** Socket Mode is off when set: requests are POSTed there. */
  endpoint?: string;
}

/** Everything there is on the platform. Tests read it; only the stand-in writes it. */
export class World {
  readonly teams = new Map<string, Team>();
  readonly users = new Map<string, User>();
  readonly channels = new Map<string, Channel>();
  /** In the order in which they were sent. */
  readonly messages: Message[] = [];
  readonly modals: Modal[] = [];
  readonly files = new Map<string, StoredFile>();
  readonly apps = new Map<string, App>();
  readonly clock: PlatformClock;
  readonly changes: Changes;

  constructor(clock: PlatformClock, changes: Changes) {
    this.clock = clock;
    this.changes = changes;
  }

  id(kind: string): string {
    return slackId(kind);
  }

  ts(): string {
    return timestamp(this.clock.now());
  }

  /** What the Web API finds: not deleted, and not ephemeral. */
  message(channelId: string, ts: string): Message | undefined {
    return this.messages.find(
      (message) =>
        message.channelId === channelId &&
        message.ts === ts &&
        message.deletedAt === undefined &&
        message.ephemeralFor === undefined,
    );
  }

  /** Messages of a channel (without thread replies unless asked), oldest first; ephemeral ones only for `viewer`. */
  messagesIn(channelId: string, viewer?: string, threadTs?: string): Message[] {
    return this.messages.filter(
      (message) =>
        message.channelId === channelId &&
        message.deletedAt === undefined &&
        (threadTs === undefined
          ? message.threadTs === undefined || message.threadTs === message.ts
          : message.threadTs === threadTs && message.ts !== threadTs) &&
        (message.ephemeralFor === undefined || message.ephemeralFor === viewer),
    );
  }

  /** The direct conversation of two users, made when there is none. */
  direct(one: string, other: string): Channel {
    const found = [...this.channels.values()].find(
      ({ kind, members }) => kind === 'im' && members.has(one) && members.has(other),
    );
    if (found !== undefined) return found;
    const teamId = this.users.get(other)?.teamId ?? '';
    return this.addChannel({ teamId, name: '', kind: 'im', members: new Set([one, other]) });
  }

  addChannel(given: Pick<Channel, 'teamId' | 'name' | 'kind' | 'members'>): Channel {
    const channel: Channel = {
      id: this.id(given.kind === 'im' ? 'D' : 'C'),
      archived: false,
      topic: '',
      ...given,
    };
    this.channels.set(channel.id, channel);
    return channel;
  }
}

export const contentOf = ({ text, blocks, attachments, files }: Content): Content => ({
  text,
  blocks,
  attachments,
  files,
});
