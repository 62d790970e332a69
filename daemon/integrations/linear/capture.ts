import type { LinearSpec } from '../../../contracts/estate/integrations.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Captured, CapturedIssue, LinearIssue } from '../../ports/linear.ts';
import { draftOf } from './captured.ts';
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
  readonly #waiters = new Map<string, (() => void)[]>();

  constructor(deps: CaptureDeps) {
    this.#deps = deps;
  }

  /** A try at it has ended. */
  tell(op: string): void {
    for (const resolve of this.#waiters.get(op) ?? []) resolve();
    this.#waiters.delete(op);
  }

  async capture(what: Captured, { labels }: LinearSpec): Promise<CapturedIssue> {
    const { clock, clean, hex, lane, queue, known } = this.#deps;
    // Of one message there is one draft; without one, each time another.
    const issue = uuidOf('capture', what.conversation?.key ?? hex(32));
    const op = uuidOf('op', issue);
    const before = known(issue);
    if (before !== undefined) return { issue, ...before, again: true, missing: null };
    const { title, body, missing = null } = draftOf(what, clean);
    const work = {
      kind: 'issue' as const,
      purpose: 'capture' as const,
      title,
      body,
      priority: 0,
      labels: labels.capture,
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(LINK_MS, resolve);
    this.#waiters.set(op, [...(this.#waiters.get(op) ?? []), resolve]);
    const fresh = await queue({ op, issue, work });
    lane.go();
    // Whoever asked need not wait for what will not come soon.
    if (lane.failing === null && known(issue)?.identifier === null) await promise;
    cancel();
    const { identifier = null, url = null } = known(issue) ?? {};
    return { issue, identifier, url, again: !fresh, missing };
  }
}
