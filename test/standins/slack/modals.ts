import type { KnownBlock, ModalView } from '@slack/types';
import { TRIGGER_LIVES, type Activity } from './activity.ts';
import { SlackError } from './errors.ts';
import type { Judge } from './validate.ts';
import type { App, Modal, World } from './world.ts';

/** How many views may lie on each other. */
const MAX_STACK = 3;

/** Modals on people's screens. */
export class Modals {
  readonly #world: World;
  readonly #judge: Judge;
  readonly #activities: () => readonly Activity[];

  constructor(world: World, judge: Judge, activities: () => readonly Activity[]) {
    this.#world = world;
    this.#judge = judge;
    this.#activities = activities;
  }

  /** views.open and views.push: needs a trigger of the last three seconds that was not used. */
  open(call: string, app: App, triggerId: unknown, view: unknown, push = false): Modal {
    const activity = this.#activities().find((one) => one.triggerId === triggerId && one.app === app);
    if (activity === undefined) throw new SlackError('invalid_trigger_id');
    if (activity.triggerUsed) throw new SlackError('exchanged_trigger_id');
    if (this.#world.clock.spent(activity.began) > TRIGGER_LIVES) throw new SlackError('expired_trigger_id');
    this.#judge.view(call, view);
    const below = push ? this.top(activity.userId, app) : undefined;
    if (push && below !== undefined && this.#stack(below).length >= MAX_STACK)
      throw new SlackError('push_limit_reached');
    const modal = this.show(activity, view as ModalView, below);
    activity.triggerUsed = true;
    return modal;
  }

  show(activity: Activity, view: ModalView, below?: Modal): Modal {
    const id = this.#world.id('V');
    const modal: Modal = {
      id,
      hash: this.#hash(),
      view: withIds(this.#world, view),
      userId: activity.userId,
      appId: activity.app.id,
      teamId: this.#world.users.get(activity.userId)?.teamId ?? '',
      rootId: below?.rootId ?? id,
      ...(below === undefined ? {} : { previousId: below.id }),
      open: true,
      errors: {},
      history: [],
    };
    this.#world.modals.push(modal);
    activity.modal = modal;
    this.#world.changes.happened();
    return modal;
  }

  /** views.update: by view_id or external_id; `hash_conflict` when it changed meanwhile. */
  update(
    call: string,
    app: App,
    which: { view_id?: unknown; external_id?: unknown; hash?: unknown },
    view: unknown,
  ): Modal {
    this.#judge.view(call, view);
    const modal = this.#world.modals.find(
      (one) =>
        one.open &&
        one.appId === app.id &&
        (one.id === which.view_id ||
          (which.external_id !== undefined && one.view.external_id === which.external_id)),
    );
    if (modal === undefined) throw new SlackError('not_found');
    if (which.hash !== undefined && which.hash !== modal.hash) throw new SlackError('hash_conflict');
    return this.replace(modal, view as ModalView);
  }

  replace(modal: Modal, view: ModalView): Modal {
    modal.history.push(modal.view);
    modal.view = withIds(this.#world, view);
    modal.hash = this.#hash();
    modal.errors = {};
    this.#world.changes.happened();
    return modal;
  }

  /** The view in front of a person. */
  top(userId: string, app: App): Modal | undefined {
    return this.#world.modals.findLast((one) => one.open && one.userId === userId && one.appId === app.id);
  }

  /** What a view_submission was acknowledged with. */
  submitted(activity: Activity, modal: Modal, ack: Record<string, unknown>): void {
    const action = ack['response_action'];
    const call = 'ack of view_submission';
    if (action === 'errors') modal.errors = ack['errors'] as Record<string, string>;
    else if (action === 'update' || action === 'push') {
      this.#judge.view(call, ack['view']);
      if (action === 'update') activity.modal = this.replace(modal, ack['view'] as ModalView);
      else this.show(activity, ack['view'] as ModalView, modal);
    } else if (action === 'clear') for (const one of this.#stack(modal)) one.open = false;
    else modal.open = false;
    this.#world.changes.happened();
  }

  #stack(modal: Modal): Modal[] {
    return this.#world.modals.filter((one) => one.open && one.rootId === modal.rootId);
  }

  #hash(): string {
    return `${Math.floor(this.#world.clock.now() / 1_000)}.${this.#world.id('h')}`;
  }
}

/** Slack gives blocks and their elements ids when they come without. */
function withIds(world: World, view: ModalView): ModalView {
  const blocks = view.blocks.map((block): KnownBlock => {
    const copy = { ...block, block_id: block.block_id ?? world.id('b') } as KnownBlock & { element?: object };
    if (copy.element !== undefined) copy.element = { action_id: world.id('a'), ...copy.element };
    return copy;
  });
  return { ...view, blocks };
}
