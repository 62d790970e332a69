import type { LinearSpec } from '../../../contracts/estate/integrations.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Captured, CapturedIssue, LinearIssue } from '../../ports/linear.ts';
import { draftOf, type CapturedDraft } from './captured.ts';
import { uuidOf } from './ids.ts';

/** Who captures something waits so long for its link, ms. */
const LINK_MS = 5000;

interface CaptureDeps {
  clock: Pick<Clock, 'after'>;
  clean(text: string): string;
  hex(digits: number): string;
  lane: { go(): void; readonly failing: object | null };
  /** Durable when it resolves; false: it was queued before. */
  queue(work: RecordBody<'linear.queued'>): Promise<boolean>;
  known(issue: string): Omit<LinearIssue, 'issue'> | undefined;
}

/** What somebody said, as drafts. */
export class Captures {
  readonly #deps: CaptureDeps;
  /** Who waits for the first answer to an op. */
  readonly #waiters = new Map<string, Set<() => void>>();

  constructor(deps: CaptureDeps) {
    this.#deps = deps;
  }

  /** A try at it has ended. */
  tell(op: string): void {
    for (const resolve of this.#waiters.get(op) ?? []) resolve();
  }

  async capture(what: Captured, { labels }: LinearSpec): Promise<CapturedIssue> {
    const { clean, hex, lane, queue, known } = this.#deps;
    // Of one message there is one draft; without one, each time another.
    const issue = uuidOf('capture', what.conversation?.key ?? hex(32));
    const op = uuidOf('op', issue);
    const draft = known(issue) === undefined ? draftOf(what, clean) : undefined;
    const answer = this.#answerTo(op);
    try {
      const fresh = draft !== undefined && (await queue({ op, issue, work: workOf(draft, labels.capture) }));
      lane.go();
      // Whoever asked need not wait for what will not come soon.
      if (lane.failing === null && known(issue)?.identifier === null) await answer.promise;
      const { identifier = null, url = null } = known(issue) ?? {};
      return { issue, identifier, url, again: !fresh, missing: (fresh && draft?.missing) || null };
    } finally {
      answer.forget();
    }
  }

  /** Resolves when a try at the op has ended, at the latest after a while. */
  #answerTo(op: string): { promise: Promise<void>; forget(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#deps.clock.after(LINK_MS, resolve);
    const waiters = this.#waiters.get(op) ?? new Set();
    this.#waiters.set(op, waiters.add(resolve));
    return {
      promise,
      forget: () => {
        cancel();
        waiters.delete(resolve);
        if (waiters.size === 0 && this.#waiters.get(op) === waiters) this.#waiters.delete(op);
      },
    };
  }
}

const workOf = ({ title, body }: CapturedDraft, labels: string[]): RecordBody<'linear.queued'>['work'] => ({
  kind: 'issue',
  purpose: 'capture',
  title,
  body,
  priority: 0,
  labels,
});
