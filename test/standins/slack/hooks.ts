import type { Answer, Call } from '../platform/server.ts';
import { RESPONSE_URL_LIVES, RESPONSE_URL_USES, type Activity } from './activity.ts';
import { SlackError } from './errors.ts';
import type { Args } from './args.ts';
import type { Messages } from './messages.ts';
import type { Channel, Message, World } from './world.ts';

const CALL = 'POST response_url';

/** `response_url`: five times within half an hour, without a token. */
export class Hooks {
  /** Every use, also those that were refused. */
  readonly uses: { url: string; body: Args; result: string }[] = [];
  readonly #world: World;
  readonly #messages: Messages;
  readonly #activities: () => readonly Activity[];

  constructor(world: World, messages: Messages, activities: () => readonly Activity[]) {
    this.#world = world;
    this.#messages = messages;
    this.#activities = activities;
  }

  handle(call: Call, origin: string): Answer {
    const url = `${origin}${call.path}`;
    let body: Args = {};
    try {
      body = JSON.parse(call.body.toString()) as Args;
      const activity = this.#activities().find(({ responseUrl }) => responseUrl === url);
      if (activity === undefined) throw new SlackError('no_such_url');
      // The words are those that people report; that it stops after five uses or half an hour is published.
      if (activity.createdAt + RESPONSE_URL_LIVES <= this.#world.clock.now())
        throw new SlackError('expired_url');
      if (activity.responseUrlUses >= RESPONSE_URL_USES) throw new SlackError('used_url');
      activity.responseUrlUses += 1;
      this.respond(activity, body, CALL);
      this.uses.push({ url, body, result: 'ok' });
      return { status: 200, body: { ok: true } };
    } catch (error) {
      const known = error instanceof SlackError ? error : new SlackError('invalid_payload');
      this.uses.push({ url, body, result: known.error });
      return { status: known.error.endsWith('_url') ? 404 : 400, body: known.body() };
    }
  }

  /** A body that an acknowledgement or a response_url carried. */
  respond(activity: Activity, body: Args, call: string): Message | undefined {
    const { source } = activity;
    if (body['delete_original'] === true || body['delete_original'] === 'true') {
      if (source !== undefined) this.#messages.delete(source);
      return undefined;
    }
    const replace = body['replace_original'] ?? false;
    const earlier = source ?? activity.responses.at(-1);
    if (
      (replace === true || replace === 'true') &&
      earlier !== undefined &&
      earlier.deletedAt === undefined
    ) {
      return this.#responded(activity, this.#messages.edit(call, earlier, body));
    }
    const channel = activity.channel as Channel;
    const open = body['response_type'] === 'in_channel';
    const message = this.#messages.send(
      call,
      activity.app,
      channel,
      body,
      open ? {} : { ephemeralFor: activity.userId },
    );
    return this.#responded(activity, message);
  }

  #responded(activity: Activity, message: Message): Message {
    activity.responses.push(message);
    this.#world.changes.happened();
    return message;
  }
}
