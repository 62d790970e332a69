import type { Refusals } from '../platform/refusals.ts';
import { shapes } from '../platform/shape.ts';
import { SlackError, spelled, type BlockProblem } from './errors.ts';
import { judgeBlocks, judgeModal } from './limits.ts';
import { judgeManifest } from './manifest-limits.ts';
import type { World } from './world.ts';

const types = shapes(new URL('../../fixtures/standins/slack.schema.json', import.meta.url));

/**
 * Judges what bots send: by Slack's published limits, then by the shapes of @slack/types. What does not pass gets Slack's error
 * with `response_metadata.messages`, and is remembered. Slack refuses unknown fields in blocks, too.
 */
export class Judge {
  readonly #world: World;
  readonly #refusals: Refusals;

  constructor(world: World, refusals: Refusals) {
    this.#world = world;
    this.#refusals = refusals;
  }

  /** Blocks of a message; `invalid_blocks` or `msg_blocks_too_long`. */
  message(call: string, body: { text?: unknown; blocks?: unknown; attachments?: unknown }): void {
    const { blocks, attachments } = body;
    if (blocks !== undefined) {
      const { problems, tooLong } = judgeBlocks(blocks, 50);
      const all = [...problems, ...this.#shape('Block', blocks, ['blocks'])];
      if (all.length > 0) this.#refuse(call, body, 'invalid_blocks', all);
      if (tooLong) this.refuse(call, body, new SlackError('msg_blocks_too_long'));
    }
    if (Array.isArray(attachments) && attachments.length > 100)
      this.refuse(call, body, new SlackError('too_many_attachments'));
    const wrong = attachments === undefined ? [] : this.#shape('Attachment', attachments, ['attachments']);
    if (wrong.length > 0) this.#refuse(call, body, 'invalid_attachments', wrong);
  }

  /** A view; `invalid_arguments`. */
  view(call: string, view: unknown): void {
    const kind = (view as { type?: unknown } | null)?.type === 'home' ? 'Home' : 'Modal';
    const shape = types.problems(kind, view).map(({ path, why }) => ({ path: ['view', ...path], why }));
    const strange =
      shape.length > 0
        ? []
        : types.unknown(kind, view).map(({ path, why }) => ({ path: ['view', ...path], why }));
    const all = [...judgeModal((view ?? {}) as Record<string, unknown>), ...shape, ...strange];
    if (all.length > 0) this.#refuse(call, view, 'invalid_arguments', all);
  }

  /** An app's manifest; `invalid_manifest`, which carries its errors in a way of its own. */
  manifest(call: string, manifest: unknown): void {
    const at = ({ path, why }: BlockProblem): { message: string; pointer: string } => ({
      message: why,
      pointer: `/${path.join('/')}`,
    });
    const wrong = types.problems('Manifest', manifest);
    const shape = wrong.length > 0 ? wrong : types.unknown('Manifest', manifest);
    const errors = [...judgeManifest(manifest), ...shape].map(at);
    if (errors.length === 0) return;
    this.refuse(
      call,
      manifest,
      new SlackError('invalid_manifest', { errors }),
      errors.map(({ message, pointer }) => `${pointer}: ${message}`),
    );
  }

  /** Remembers and throws the refusal of a payload. */
  refuse(call: string, body: unknown, error: SlackError, why: string[] = []): never {
    this.#refusals.add({ at: this.#world.clock.now(), call, code: error.error, why, body });
    throw error;
  }

  #refuse(call: string, body: unknown, error: string, problems: BlockProblem[]): never {
    const messages = problems.map(spelled);
    this.refuse(
      call,
      body,
      new SlackError(error, { errors: messages, response_metadata: { messages } }),
      messages,
    );
  }

  #shape(type: 'Block' | 'Attachment', list: unknown, at: string[]): BlockProblem[] {
    if (!Array.isArray(list)) return [];
    return list.flatMap((item, index) => {
      const wrong = types.problems(type, item);
      const found = wrong.length > 0 ? wrong : types.unknown(type, item);
      return found.map(({ path, why }) => ({ path: [...at, String(index), ...path], why }));
    });
  }
}
