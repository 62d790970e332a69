import type { Delivery } from './delivery.ts';
import { apiMessage } from './render.ts';
import type { App, Message, World } from './world.ts';

/** The Events API. */
export class Events {
  readonly #world: World;
  readonly #delivery: Delivery;

  constructor(world: World, delivery: Delivery) {
    this.#world = world;
    this.#delivery = delivery;
  }

  /** Tells apps that subscribed to messages of this kind of channel. */
  told(kind: 'message' | 'message_changed' | 'message_deleted', message: Message): void {
    const channel = this.#world.channels.get(message.channelId);
    if (channel === undefined) return;
    const channelType = { public: 'channel', private: 'group', im: 'im' }[channel.kind];
    const names = { public: 'message.channels', private: 'message.groups', im: 'message.im' };
    const { ts, ...shown } = apiMessage(this.#world, message);
    const at = { channel: channel.id, channel_type: channelType, event_ts: ts };
    const inner =
      kind === 'message'
        ? { ...shown, ts, ...at }
        : {
            type: 'message',
            subtype: kind,
            ts: this.#world.ts(),
            message: { ...shown, ts },
            ...(kind === 'message_deleted' ? { deleted_ts: ts } : {}),
            ...at,
          };
    for (const app of this.#world.apps.values()) {
      const self = app.botUsers.get(channel.teamId);
      if (self === undefined || !channel.members.has(self)) continue;
      if (app.events.has(names[channel.kind])) this.send(app, channel.teamId, inner);
      if (kind === 'message' && app.events.has('app_mention') && message.pings.users.includes(self))
        this.send(app, channel.teamId, { ...inner, type: 'app_mention' });
    }
  }

  /** Any event of the Events API to an app. */
  send(app: App, teamId: string, event: object): void {
    this.#delivery.event(app, {
      token: app.verification,
      team_id: teamId,
      api_app_id: app.id,
      type: 'event_callback',
      event_id: this.#world.id('Ev'),
      event_time: Math.floor(this.#world.clock.now() / 1_000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: teamId,
          user_id: app.botUsers.get(teamId),
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
      event,
    });
  }
}
