import type { Actor } from '../../contracts/admin.ts';
import type { CommandRequest } from '../../contracts/api.ts';
import type { Catalogue } from '../../contracts/catalogue.ts';
import type { Reply } from '../../contracts/reply.ts';

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
}
