import { MessageFlags, PermissionFlagsBits as P, type APIAttachment } from 'discord-api-types/v10';
import type { UploadedFile } from '../platform/multipart.ts';
import { emptyMessage, fileTooLarge, invalidForm, unknownChannel, unknownMessage } from './errors.ts';
import { messageProblems } from './limits.ts';
import { inChannel } from './permissions.ts';
import { apiMessage } from './render.ts';
import type { Sent } from './types.ts';
import type { Judge } from './validate.ts';
import { contentOf, type Channel, type Content, type Message, type World } from './world.ts';

/** Without Nitro or boosts: 10 MiB a file (25 MiB for a whole request). */
const MAX_FILE = 10 * 1_024 * 1_024;
const EDITABLE_FLAGS = MessageFlags.SuppressEmbeds | MessageFlags.IsComponentsV2;
const SENDABLE_FLAGS = EDITABLE_FLAGS | MessageFlags.Ephemeral | MessageFlags.SuppressNotifications;

export type Body = Record<string, unknown>;

export interface Draft {
  /** For the message of a refusal. */
  call: string;
  type: keyof Sent;
  body: Body;
  files: UploadedFile[];
}

/** Writes, edits and deletes messages, and tells everyone who may see them. */
export class Messages {
  readonly #world: World;
  readonly #judge: Judge;
  readonly #origin: () => string;

  constructor(world: World, judge: Judge, origin: () => string) {
    this.#world = world;
    this.#judge = judge;
    this.#origin = origin;
  }

  /** A bot's message: judged, stored, announced. */
  send(channel: Channel, authorId: string, draft: Draft, more: Partial<Message> = {}): Message {
    this.check(draft);
    const { body } = draft;
    const flags = ((body['flags'] ?? 0) as number) & SENDABLE_FLAGS;
    const attachments = this.#attach(channel, draft, []);
    const message: Message = {
      id: this.#world.id(),
      channelId: channel.id,
      authorId,
      createdAt: this.#world.clock.now(),
      content: (body['content'] ?? '') as string,
      embeds: (body['embeds'] ?? []) as Message['embeds'],
      components: numbered(body['components']) as Message['components'],
      attachments,
      history: [],
      pinned: false,
      reactions: new Map(),
      pings: this.#pings(channel, authorId, body),
      ...(body['nonce'] === undefined || body['nonce'] === null ? {} : { nonce: body['nonce'] as string }),
      ...more,
      flags: flags | (more.flags ?? 0),
    };
    const reference = body['message_reference'] as
      { message_id: string; fail_if_not_exists?: boolean } | undefined;
    if (reference !== undefined) {
      const target = this.#world.messages.get(reference.message_id);
      if (target !== undefined && target.deletedAt === undefined) message.repliesTo = target.id;
      else if (reference.fail_if_not_exists !== false)
        throw invalidForm([
          { path: ['message_reference'], code: 'REPLIES_UNKNOWN_MESSAGE', message: 'Unknown message' },
        ]);
    }
    if ((message.flags & MessageFlags.Loading) === 0 && isEmpty(message)) throw emptyMessage();
    return this.post(channel, message);
  }

  /** Stores and announces a message as it is: of a person, or a bot's that was judged. */
  post(channel: Channel, message: Message): Message {
    this.#world.messages.set(message.id, message);
    if (message.ephemeralFor === undefined) channel.lastMessageId = message.id;
    this.#tell('MESSAGE_CREATE', channel, message);
    return message;
  }

  /** Takes what the body names and leaves the rest. */
  edit(message: Message, draft: Draft): Message {
    this.check(draft);
    const channel = this.channelOf(message);
    const { body } = draft;
    const before = { ...contentOf(message), until: this.#world.clock.now() };
    const next: Content = contentOf(message);
    if (body['content'] !== undefined) next.content = (body['content'] ?? '') as string;
    if (body['embeds'] !== undefined) next.embeds = (body['embeds'] ?? []) as Content['embeds'];
    if (body['components'] !== undefined)
      next.components = numbered(body['components']) as Content['components'];
    if (body['attachments'] !== undefined || draft.files.length > 0)
      next.attachments = this.#attach(channel, draft, message.attachments);
    const flags = (body['flags'] ?? message.flags) as number;
    next.flags = (message.flags & ~EDITABLE_FLAGS & ~MessageFlags.Loading) | (flags & EDITABLE_FLAGS);
    if (isEmpty(next)) throw emptyMessage();
    message.history.push(before);
    Object.assign(message, next, { editedAt: this.#world.clock.now() });
    this.#tell('MESSAGE_UPDATE', channel, message);
    return message;
  }

  delete(message: Message): void {
    message.deletedAt = this.#world.clock.now();
    const { id, channelId } = message;
    const { guildId } = this.channelOf(message);
    if (message.ephemeralFor === undefined)
      this.#world.announce(
        'MESSAGE_DELETE',
        { id, channel_id: channelId, ...(guildId && { guild_id: guildId }) },
        { ...(guildId && { guildId }) },
      );
    this.#world.changes.happened();
  }

  /** Tells about something of a message that is not its content. */
  changed(message: Message): void {
    this.#tell('MESSAGE_UPDATE', this.channelOf(message), message);
  }

  /** Throws 10008 for what is not there, or what only one person sees. */
  find(channelId: string, id: string): Message {
    const message = this.#world.messages.get(id);
    if (
      message?.channelId !== channelId ||
      message.deletedAt !== undefined ||
      message.ephemeralFor !== undefined
    )
      throw unknownMessage();
    return message;
  }

  channelOf({ channelId }: Message): Channel {
    const channel = this.#world.channels.get(channelId);
    if (channel === undefined) throw unknownChannel();
    return channel;
  }

  check({ call, type, body, files }: Draft): void {
    const wrapped = type === 'Callback';
    const limits = messageProblems(wrapped ? ((body['data'] ?? {}) as Body) : body);
    const placed = limits.map((problem) => ({
      ...problem,
      path: wrapped ? ['data', ...problem.path] : problem.path,
    }));
    this.#judge.check(call, type, body, placed);
    if (files.length > 10)
      this.#judge.refuse(
        call,
        body,
        invalidForm([
          { path: ['files'], code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 10 or fewer in length.' },
        ]),
      );
    if (files.some(({ bytes }) => bytes.length > MAX_FILE)) this.#judge.refuse(call, body, fileTooLarge());
  }

  /** Attachments that stay (by id) and those that were sent along (`files[n]` ↔ id n). */
  #attach(channel: Channel, { body, files }: Draft, existing: readonly APIAttachment[]): APIAttachment[] {
    const listed = body['attachments'] as
      { id: string | number; filename?: string; description?: string }[] | undefined;
    const kept =
      listed === undefined
        ? [...existing]
        : existing.filter(({ id }) => listed.some((one) => String(one.id) === id));
    const added = files.map((file) => {
      const index = /^files\[(\d+)\]$/u.exec(file.field)?.[1];
      const meta = listed?.find(({ id }) => String(id) === index);
      const id = this.#world.id();
      const filename = meta?.filename ?? file.name;
      const path = `/attachments/${channel.id}/${id}/${filename}`;
      this.#world.files.set(path, { name: filename, type: file.type, bytes: file.bytes });
      const url = `${this.#origin()}${encodeURI(path)}`;
      return {
        id,
        filename,
        size: file.bytes.length,
        url,
        proxy_url: url,
        content_type: file.type,
        ...(meta?.description === undefined ? {} : { description: meta.description }),
      };
    });
    return [...kept, ...added];
  }

  #pings(channel: Channel, authorId: string, body: Body): Message['pings'] {
    const text = (body['content'] ?? '') as string;
    const allowed = (body['allowed_mentions'] ?? { parse: ['users', 'roles', 'everyone'] }) as Record<
      string,
      string[]
    >;
    const may = (kind: string, id: string): boolean =>
      (allowed['parse']?.includes(kind) ?? false) || (allowed[kind]?.includes(id) ?? false);
    const mayAll = (inChannel(this.#world, channel, authorId) & P.MentionEveryone) !== 0n;
    const found = (pattern: RegExp, kind: string): string[] => [
      ...new Set([...text.matchAll(pattern)].map(([, id]) => id as string).filter((id) => may(kind, id))),
    ];
    return {
      everyone: mayAll && /@(everyone|here)/u.test(text) && may('everyone', ''),
      users: found(/<@!?(\d+)>/gu, 'users').filter((id) => this.#world.users.has(id)),
      // A role that is not mentionable needs the same permission as @everyone.
      roles: mayAll ? found(/<@&(\d+)>/gu, 'roles') : [],
    };
  }

  #tell(event: string, channel: Channel, message: Message): void {
    const { guildId } = channel;
    if (message.ephemeralFor === undefined)
      this.#world.announce(
        event,
        { ...apiMessage(this.#world, message), ...(guildId && { guild_id: guildId }) },
        { ...(guildId && { guildId }), channelId: channel.id },
      );
    this.#world.changes.happened();
  }
}

function isEmpty({ content, embeds, components, attachments }: Content): boolean {
  return content === '' && embeds.length === 0 && components.length === 0 && attachments.length === 0;
}

/** Discord numbers components that came without an id. */
function numbered(value: unknown): unknown[] {
  let next = 1;
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== 'object' || node === null) return node;
    const copy = { ...(node as Body) };
    if (typeof copy['type'] === 'number' && copy['id'] === undefined) copy['id'] = next;
    if (typeof copy['type'] === 'number') next += 1;
    for (const key of ['components', 'accessory', 'component'])
      if (copy[key] !== undefined) copy[key] = visit(copy[key]);
    return copy;
  };
  return visit(value ?? []) as unknown[];
}
