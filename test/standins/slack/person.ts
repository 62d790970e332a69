import type { SlackStandin } from './index.ts';
import type { Activity, Kind } from './activity.ts';
import { elements, meant, stateOf, type Element, type Found } from './elements.ts';
import {
  actionBody,
  messageShortcutBody,
  PersonCannot,
  shortcutBody,
  slashBody,
  suggestionBody,
  viewBody,
} from './payload.ts';
import { Turn } from './turn.ts';
import type { App, Channel, Message, Modal } from './world.ts';

export interface Doing {
  /** The app that is meant; by default the only one. */
  app?: App;
  /** Off: returns at once, not with the acknowledgement. */
  wait?: boolean;
  /** Sends what a well-behaved client would not: an unknown command, a button that is gone, a field left empty. */
  unchecked?: boolean;
}

/** A member of a team in front of a Slack client. */
export class Person {
  readonly id: string;
  readonly #slack: SlackStandin;

  constructor(slack: SlackStandin, id: string) {
    this.#slack = slack;
    this.id = id;
  }

  /** `slash(ops, '/reeve', 'deploy shop')`. Slack has no slash commands in threads. */
  slash(channel: Channel, command: string, text = '', doing: Doing = {}): Promise<Turn> {
    const app = this.#app(doing);
    if (!app.commands.has(command) && doing.unchecked !== true)
      throw new PersonCannot(`${command} is not a valid command`);
    if (!channel.members.has(this.id) && doing.unchecked !== true)
      throw new PersonCannot('not in this channel');
    const activity = this.#begin('slash_commands', app, { channel, command });
    return this.#do(activity, slashBody(this.#slack.world, activity, text), doing);
  }

  /** Clicks the button with this text or action_id, in a message or a modal. */
  click(on: Message | Modal, button: string, doing: Doing = {}): Promise<Turn> {
    const found = this.#find(on, button, doing);
    const { element } = found;
    if (element['type'] !== 'button') throw new PersonCannot(`${button} is no button`);
    const { accessibility_label: _label, confirm: _confirm, ...action } = element;
    return this.#act(on, found, { ...action, value: element['value'] }, doing);
  }

  /** Chooses in a menu, by text or value; in a message that tells the app at once. */
  select(on: Message | Modal, menu: string, value: string, doing: Doing = {}): Promise<Turn> {
    const found = this.#find(on, menu, doing);
    const { type: _type, ...state } = stateOf(found, value) as Element;
    return this.#act(
      on,
      found,
      { type: found.element['type'], action_id: found.element['action_id'], ...state },
      doing,
    );
  }

  /** What an external menu offers for what is typed so far; undefined when the app did not say in time. */
  async suggest(
    on: Message | Modal,
    menu: string,
    typed: string,
    doing: Doing = {},
  ): Promise<Activity['options']> {
    const { element, block } = this.#find(on, menu, doing);
    const least = (element['min_query_length'] ?? 3) as number;
    if (typed.length < least && doing.unchecked !== true) return [];
    const activity = this.#begin('block_suggestion', this.#appOf(on), this.#place(on));
    const names = { action_id: String(element['action_id']), block_id: String(block['block_id']) };
    return (await this.#do(activity, suggestionBody(this.#slack.world, activity, names, typed), doing))
      .options;
  }

  /** Fills in a modal, by label, action_id or block_id, and sends it. */
  submit(modal: Modal, fields: Record<string, string | string[]>, doing: Doing = {}): Promise<Turn> {
    if (!modal.open && doing.unchecked !== true) throw new PersonCannot('the modal is not open');
    const values = this.#values(modal, fields, doing);
    const activity = this.#begin('view_submission', this.#appOf(modal), { on: modal });
    return this.#do(activity, viewBody(this.#slack.world, activity, modal, values, 'view_submission'), doing);
  }

  /** Closes a modal; the app hears of it only when it wanted to. */
  async close(modal: Modal, doing: Doing = {}): Promise<void> {
    modal.open = false;
    if (modal.view.notify_on_close !== true) return;
    const activity = this.#begin('view_closed', this.#appOf(modal), { on: modal });
    await this.#do(activity, viewBody(this.#slack.world, activity, modal, {}, 'view_closed'), doing);
  }

  /** A global shortcut. */
  shortcut(callbackId: string, doing: Doing = {}): Promise<Turn> {
    const activity = this.#begin('shortcut', this.#app(doing), {});
    return this.#do(activity, shortcutBody(this.#slack.world, activity, callbackId), doing);
  }

  /** A shortcut in the menu of a message (More actions), by the name that it has in the app's manifest. */
  messageShortcut(message: Message, name: string, doing: Doing = {}): Promise<Turn> {
    const app = this.#app(doing);
    const known = app.manifest?.features?.shortcuts?.find(
      (one) => one.name === name && one.type === 'message',
    );
    if (known === undefined) throw new PersonCannot(`the menu has no ${name}`);
    if (doing.unchecked !== true && message.deletedAt !== undefined)
      throw new PersonCannot('the message was deleted');
    if (message.ephemeralFor !== undefined) throw new PersonCannot('such a message has no shortcuts');
    const channel = this.#slack.world.channels.get(message.channelId);
    const activity = this.#begin('message_action', app, channel === undefined ? {} : { channel });
    const { callback_id: id } = known;
    return this.#do(activity, messageShortcutBody(this.#slack.world, activity, message, id), doing);
  }

  /** Writes a message, in a thread when `thread` is given. */
  say(channel: Channel, text: string, thread?: Message): Message {
    return this.#slack.personSays(this.id, channel, text, thread);
  }

  /** Changes an own message. */
  edit(message: Message, text: string): Message {
    if (message.userId !== this.id) throw new PersonCannot('a person edits only what they wrote');
    return this.#slack.personEdits(message, text);
  }

  /** Deletes a message, as an administrator may. */
  remove(message: Message): void {
    this.#slack.messages.delete(message);
  }

  /** The direct conversation with a bot. */
  dm(doing: Doing = {}): Channel {
    const { world } = this.#slack;
    return world.direct(this.id, this.#app(doing).botUsers.get(world.users.get(this.id)?.teamId ?? '') ?? '');
  }

  /** What this person's client shows of a channel, or of a thread in it, oldest first. */
  sees(channel: Channel, thread?: Message): Message[] {
    return this.#slack.world.messagesIn(channel.id, this.id, thread?.ts);
  }

  /** Modals that are open on this person's screen, the front one last. */
  get screen(): Modal[] {
    return this.#slack.world.modals.filter((modal) => modal.open && modal.userId === this.id);
  }

  #act(on: Message | Modal, { element, block }: Found, action: Element, doing: Doing): Promise<Turn> {
    const activity = this.#begin('block_actions', this.#appOf(on), this.#place(on));
    const whole = { ...action, action_id: element['action_id'], block_id: block['block_id'] };
    return this.#do(activity, actionBody(this.#slack.world, activity, whole, {}), doing);
  }

  #begin(kind: Kind, app: App, more: Partial<Activity>): Activity {
    return this.#slack.begin(kind, app, this.id, more);
  }

  #do(activity: Activity, payload: Record<string, unknown>, doing: Doing): Promise<Turn> {
    this.#slack.delivery.deliver(activity, payload);
    const turn = new Turn(activity, this.#slack.changes);
    return doing.wait === false ? Promise.resolve(turn) : turn.answered();
  }

  #place(on: Message | Modal): Partial<Activity> {
    if ('view' in on) return { on };
    return { source: on, channel: this.#slack.world.channels.get(on.channelId) };
  }

  #find(on: Message | Modal, name: string, { unchecked }: Doing): Found {
    if ('view' in on) {
      if (on.userId !== this.id) throw new PersonCannot('the modal is on another screen');
    } else {
      if (on.ephemeralFor !== undefined && on.ephemeralFor !== this.id)
        throw new PersonCannot('the message is not shown to this person');
      if (on.deletedAt !== undefined && unchecked !== true) throw new PersonCannot('the message was deleted');
    }
    const found =
      meant(on, name) ??
      (unchecked === true && !('view' in on)
        ? on.history.map((old) => meant(old, name)).find(Boolean)
        : undefined);
    if (found === undefined) throw new PersonCannot(`there is no ${name}`);
    return found;
  }

  #values(modal: Modal, fields: Record<string, string | string[]>, { unchecked }: Doing): object {
    const left = new Set(Object.keys(fields));
    const values: Record<string, Record<string, object>> = {};
    for (const { element, block } of elements(modal.view.blocks)) {
      if (block['type'] !== 'input' && element['type'] === 'button') continue;
      const names = Object.keys(fields).filter((name) => meant(modal, name)?.element === element);
      for (const name of names) left.delete(name);
      const value = names[0] === undefined ? element['initial_value'] : fields[names[0]];
      if (
        (value === undefined || value === '') &&
        block['type'] === 'input' &&
        block['optional'] !== true &&
        unchecked !== true
      )
        throw new PersonCannot(`${String(block['block_id'])}: please complete this required field`);
      const { min_length: least = 0, max_length: most = 3_000 } = element as {
        min_length?: number;
        max_length?: number;
      };
      if (
        typeof value === 'string' &&
        value !== '' &&
        (value.length < least || value.length > most) &&
        unchecked !== true
      )
        throw new PersonCannot(`${String(block['block_id'])} is ${least} to ${most} long`);
      (values[String(block['block_id'])] ??= {})[String(element['action_id'])] = stateOf(
        { element, block },
        value,
      );
    }
    if (left.size > 0 && unchecked !== true)
      throw new PersonCannot(`the modal has no ${[...left].join(', ')}`);
    return values;
  }

  #app({ app }: Doing): App {
    const [only, ...more] = this.#slack.world.apps.values();
    const which = app ?? only;
    if (which === undefined || (app === undefined && more.length > 0)) throw new Error('say which app');
    return which;
  }

  #appOf(on: Message | Modal): App {
    return this.#slack.world.apps.get(on.appId ?? '') ?? this.#app({});
  }
}
