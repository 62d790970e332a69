import type { Actor } from '../../contracts/admin.ts';
import type { CommandRequest } from '../../contracts/api.ts';
import type { ChatSaid, ChatUnread } from '../../contracts/chat-conversation.ts';
import type { Platform } from '../../contracts/chat.ts';
import type { Catalogue } from '../../contracts/catalogue.ts';
import type { Reply } from '../../contracts/reply.ts';

/** What somebody said, as they wrote it; `person`: who of the estate that is. */
export interface Spoken extends ChatSaid {
  text: string;
  person?: string;
}

/** What was said where somebody asks, bounded, oldest first. Nothing in it was cleaned yet. */
export interface Conversation {
  platform: Platform;
  /** The same for everybody who asks about the same message; else the interaction's own. */
  key: string;
  chosen?: Spoken;
  /** Where people see the chosen message, or else the newest. */
  url?: string;
  thread: boolean;
  /** Without the chosen one. In a thread there may be later ones among them. */
  before: Spoken[];
  /** Messages whose texts the platform keeps from the bot. */
  withheld: number;
  /** Earlier ones that had no room; `more`: beside these there are others. */
  left: number;
  more: boolean;
  unread?: ChatUnread;
}

/** Who is at the door, established by the transport and never by the request's content. */
export interface Caller {
  person: string;
  via: Actor['via'];
  /** The platform's own id: OS uid, Discord id … */
  account: string;
  /** Whether it can be asked (a person in front of it). */
  interactive: boolean;
  /** The interaction in chat that this is: the anchor of the job that comes of it. */
  interaction?: string;
  /** What was said where it was asked, as the platform's bot read it. */
  conversation?: Conversation;
  /** The signed decision that this call is, already verified: who it is follows from its key. */
  cosign?: string;
}

/** The one way in (DESIGN §1). */
export interface Door {
  /**
   * identify → resolve → plan → authorise → confirm → intent → effect → outcome → reply. Never throws for anything the
   * caller did: refusals come back as `ok: false` replies with `error`, after their ledger record.
   */
  admit(caller: Caller, request: CommandRequest): Promise<Reply>;
  /** Commands this caller may use. */
  catalogue(caller: Caller): Promise<Catalogue>;
}

/** What chat needs to know beside. */
export interface ChatDoor extends Door {
  /** What can be asked in chat, whoever asks. */
  inChat(): Promise<Catalogue>;
  /** What kind of command that is; undefined for none. */
  kindOf(command: string): Promise<'read' | 'admin' | 'privileged' | undefined>;
  /** How much of a conversation that command is about; undefined: it is about none, or not for this person. */
  hears(person: string, command: string): Promise<{ messages: number; within: number } | undefined>;
}
