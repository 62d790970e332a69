import type { App } from '@slack/bolt';
import type { Catalogue } from '../../contracts/catalogue.ts';
import { PressId } from '../../contracts/ids.ts';
import { parseLine, type Line } from '../dispatch/line.ts';
import { suggestAsk } from '../dispatch/ask.ts';
import { suggestionsOf } from '../dispatch/help.ts';
import { ROOT } from '../dispatch/tree.ts';
import type { Answer, Asker } from './asker.ts';
import { contentOf } from './blocks.ts';
import { describe } from './failures.ts';
import { shareIn, shareWith } from './files.ts';
import { COMMAND, FILL, askIn, chosenIn, commandsLike, filledIn, fillView, only, optionsOf } from './fill.ts';
import { formIn, formView, readOrigin, saidIn, type Origin } from './form.ts';
import {
  ActionBody,
  ShortcutBody,
  SlashBody,
  SuggestionBody,
  ViewBody,
  fromAction,
  fromShortcut,
  fromSlash,
  fromView,
  unescape,
  type Home,
} from './from.ts';
import type { Log } from './log.ts';
import { shortcutCommand } from './manifest.ts';
import { Responder, type Wires } from './respond.ts';

/** Slack waits 3 s for suggestions. */
const SUGGEST_WITHIN = 2200;
/** Lines of ours, in the platform's own markup. */
const IN_YOUR_MESSAGES = 'The whole text is a file in your messages with this app.';

export interface Hearing {
  wires: Wires;
  asker: Asker;
  log: Log;
  home(): Home;
  /** What can be asked by anyone: enough to read a line with. */
  catalogue(): Catalogue;
}

/** Reads what Slack delivers, acknowledges it, and answers. */
export class Listener {
  readonly #deps: Hearing;
  readonly #busy = new Set<Promise<void>>();

  constructor(deps: Hearing) {
    this.#deps = deps;
  }

  attach(app: App): void {
    app.command(/^\//, ({ ack, body }) => this.#do(ack, () => this.#slash(SlashBody.parse(body))));
    app.action({ type: 'block_actions' }, ({ ack, body }) =>
      this.#do(ack, () => this.#action(ActionBody.parse(body))),
    );
    app.shortcut({ type: 'message_action' }, ({ ack, body }) =>
      this.#do(ack, () => this.#shortcut(ShortcutBody.parse(body))),
    );
    app.options<'block_suggestion'>({ type: 'block_suggestion' }, async ({ ack, body }) => {
      const options = await this.#suggest(body).catch((error: unknown) => {
        this.#deps.log('warn', 'no suggestions', describe(error));
        return [];
      });
      await ack({ options });
    });
    app.view({ type: 'view_submission' }, async ({ ack, body }) => {
      const view = ViewBody.parse(body);
      const next = view.view.callback_id === FILL ? this.#more(view) : undefined;
      if (next !== undefined) {
        await ack({ response_action: 'update', view: next });
        return;
      }
      await this.#do(ack, () => this.#sent(view));
    });
    app.view({ type: 'view_closed' }, ({ ack }) => ack());
  }

  /** Resolves when everything that was acknowledged has its answer. */
  async settled(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  /** Acknowledges first. An acknowledgement that gets lost takes nothing away: the answer has its own way. */
  async #do(ack: () => Promise<void>, work: () => Promise<void>): Promise<void> {
    const { log } = this.#deps;
    const done = (async () => {
      await ack().catch((error: unknown) =>
        log('warn', 'an acknowledgement did not get to Slack', describe(error)),
      );
      await work();
    })().catch((error: unknown) => log('error', 'an answer did not get to Slack', describe(error)));
    this.#busy.add(done);
    await done.finally(() => this.#busy.delete(done));
  }

  async #slash(body: SlashBody): Promise<void> {
    const { asker, home, wires, catalogue } = this.#deps;
    const from = fromSlash(home(), body);
    const at = wires.pace.now();
    const origin = { channel: body.channel_id, url: body.response_url, at, alone: false };
    const responder = this.#responder(origin, from.account);
    const text = unescape(body.text).trim();
    if (body.command === `/${ROOT}` && text === '') {
      const entered = await asker.catalogue(from).then(
        () => undefined,
        (error: unknown) => asker.problem(error),
      );
      if (entered !== undefined) return this.#answer(entered, responder, from);
      try {
        await wires.client.views.open({ trigger_id: body.trigger_id, view: fillView(origin) });
        return;
      } catch (error) {
        // Without the form there is still the list.
        this.#deps.log('warn', 'the form did not open', describe(error));
        const help = await asker.ask(from, (): Line => ({ kind: 'help', topic: '' }));
        return this.#answer(help, responder, from);
      }
    }
    const line = body.command === `/${ROOT}` ? text : `${body.command.slice(1)} ${text}`;
    const answer = await asker.ask(from, async () => {
      try {
        return parseLine(catalogue(), line);
      } catch {
        // Whoever may not even look is refused first; and a command may be newer than what was known.
        return parseLine(await asker.catalogue(from, { typing: true }), line);
      }
    });
    await this.#answer(answer, responder, from);
  }

  /** The menu of a message. */
  async #shortcut(body: ShortcutBody): Promise<void> {
    const { asker, home, wires } = this.#deps;
    const command = shortcutCommand(body.callback_id);
    if (command === undefined) return;
    const from = fromShortcut(home(), body);
    const at = wires.pace.now();
    const responder = this.#responder(
      { channel: from.channel, url: body.response_url, at, alone: false },
      from.account,
    );
    const answer = await asker.ask(from, () => ({ kind: 'command', command }), body.message);
    await this.#answer(answer, responder, from);
    if (answer.mark !== undefined) await responder.mark(body.message.ts, answer.mark);
  }

  async #action(body: ActionBody): Promise<void> {
    const { asker, home, wires } = this.#deps;
    const [action] = body.actions;
    if (action === undefined) return;
    if (body.view !== undefined) {
      if (action.action_id === COMMAND) await this.#choose(body, action.selected_option?.value ?? '');
      return;
    }
    const id = action.action_id;
    if (!PressId.safeParse(id).success) return;
    const from = fromAction(home(), body);
    const origin: Origin = {
      channel: from.channel,
      url: body.response_url ?? '',
      at: wires.pace.now(),
      alone: body.container?.is_ephemeral === true,
    };
    const responder = this.#responder(origin, from.account);
    const form = formIn(action.value);
    if (form === undefined) {
      const answer = await asker.ask(from, () => ({ kind: 'press', id }));
      await this.#pressed(answer, responder, from, origin);
      return;
    }
    try {
      await wires.client.views.open({ trigger_id: body.trigger_id, view: formView(id, form, origin) });
    } catch (error) {
      // The press goes on without what the form asks for, and the daemon says what is missing.
      this.#deps.log('warn', 'the form of a button did not open', describe(error));
      await this.#answer(await asker.ask(from, () => ({ kind: 'press', id })), responder, from);
    }
  }

  /** Another command was chosen in the form: its fields come below. */
  async #choose(body: ActionBody, command: string): Promise<void> {
    const { asker, home, wires } = this.#deps;
    const { view } = body;
    if (view === undefined) return;
    const origin = readOrigin(view);
    const from = fromView(home(), body, view, origin.channel);
    try {
      const { leaf } = only(await asker.catalogue(from, { typing: true }), command);
      await wires.client.views.update({
        view_id: view.id,
        ...(view.hash === undefined ? {} : { hash: view.hash }),
        view: fillView(origin, leaf),
      });
    } catch (error) {
      await this.#answer(asker.problem(error), this.#responder(origin, from.account), from);
    }
  }

  /** The form once more, when it was sent before the fields of its command were there. */
  #more({ view }: ViewBody): ReturnType<typeof fillView> | undefined {
    const origin = readOrigin(view);
    const chosen = chosenIn(view);
    if (chosen === undefined || chosen === origin.command) return undefined;
    try {
      const { leaf } = only(this.#deps.catalogue(), chosen);
      return leaf.options.some(({ required }) => required) ? fillView(origin, leaf) : undefined;
    } catch {
      // Newer than what was known: the daemon says what it lacks.
      return undefined;
    }
  }

  async #sent(body: ViewBody): Promise<void> {
    const { asker, home } = this.#deps;
    const { view } = body;
    const origin = readOrigin(view);
    const from = fromView(home(), body, view, origin.channel);
    const responder = this.#responder(origin, from.account);
    const id = view.callback_id;
    if (PressId.safeParse(id).success) {
      const answer = await asker.ask(from, () => ({ kind: 'press', id, ...saidIn(view) }));
      await this.#pressed(answer, responder, from, origin);
    } else if (id === FILL) {
      const command = chosenIn(view) ?? origin.command ?? '';
      const answer = await asker.ask(from, async () =>
        askIn(await asker.catalogue(from, { typing: true }), command, filledIn(view)),
      );
      await this.#answer(answer, responder, from);
    }
  }

  async #suggest(raw: unknown): Promise<ReturnType<typeof optionsOf>> {
    const { asker, home, wires } = this.#deps;
    const body = SuggestionBody.parse(raw);
    const { view } = body;
    if (view === undefined) return [];
    const origin = readOrigin(view);
    const from = fromView(home(), body, view, origin.channel);
    const look = async () => {
      const catalogue = await asker.catalogue(from, { typing: true });
      if (body.action_id === COMMAND) return optionsOf(commandsLike(catalogue, body.value));
      const { leaf } = only(catalogue, origin.command ?? '');
      const option = leaf.options.find(({ name }) => name === body.action_id);
      if (option === undefined) return [];
      const ask = suggestAsk(option, body.value, filledIn(view));
      const found =
        ask === undefined ? suggestionsOf(catalogue, option, body.value) : await asker.suggest(from, ask);
      return optionsOf(found, body.value);
    };
    return Promise.race([look(), wires.pace.sleep(SUGGEST_WITHIN).then(() => [])]);
  }

  /** After a press its message has done its work. Posts are seen by several people, and changed by the daemon. */
  async #pressed(
    answer: Answer,
    responder: Responder,
    from: { account: string; channel: string },
    origin: Origin,
  ): Promise<void> {
    await this.#answer(answer, responder, from);
    if (origin.alone && !answer.slip) await responder.clear();
  }

  async #answer(
    { view, buttons, alone }: Answer,
    responder: Responder,
    { account, channel }: { account: string; channel: string },
  ): Promise<void> {
    const { wires, log } = this.#deps;
    const { files } = view;
    const notes = alone && files.length > 0 ? [IN_YOUR_MESSAGES] : [];
    await responder.say(contentOf(view, { buttons, notes }), alone);
    if (files.length === 0) return;
    try {
      await (alone ? shareWith(wires, account, files) : shareIn(wires, { channel }, files));
    } catch (error) {
      log('warn', 'a file did not get to Slack', describe(error));
      const failed = {
        tone: 'bad' as const,
        title: 'The file did not get to Slack',
        sections: [],
        files: [],
      };
      await responder.say(
        contentOf(failed, {
          notes: ['The command can be asked again; on the terminal `reeve` shows it whole.'],
        }),
        true,
      );
    }
  }

  #responder({ channel, url, at }: Origin, account: string): Responder {
    return new Responder(this.#deps.wires, { channel, account, url, at });
  }
}
