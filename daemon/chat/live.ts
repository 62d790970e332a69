import { jobOf } from '../job-record.ts';
import type { ChatJob, ChatLog, Platform } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import { isTerminal } from '../../contracts/job.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { sha256Hex } from '../digest.ts';
import { own } from '../own.ts';
import type { LiveEvent } from '../ports/live.ts';
import { cleaned } from './clean.ts';
import type { ChatDeps } from './deps.ts';
import { logText } from './log.ts';
import { chatProjection } from './projection.ts';

/** Last lines of a job that are shown, and how long each may be. */
const TAIL = 15;
const LINE = 2000;

type Tail = { attempt: string; lines: ChatJob['tail'] };

/** The jobs whose messages are live, as they are now. */
export class LiveJobs {
  readonly #deps: ChatDeps;
  /** Newest lines of running jobs; a restart loses them, and the stored log has them. */
  readonly #tails = new Map<string, Tail>();

  constructor(deps: ChatDeps) {
    this.#deps = deps;
  }

  /** Keeps the newest lines of a job with a live message. True when somebody may want to see them. */
  heard({ job_id, attempt_id, step, stream, lines }: LiveEvent): boolean {
    // What Reeve itself says of a step stands in the list of steps.
    if (stream === 'reeve') return false;
    if (!this.#isLive(job_id)) return false;
    const before = this.#tails.get(job_id);
    const kept = before?.attempt === attempt_id ? before.lines : [];
    const fresh = lines.slice(-TAIL).map((line) => ({ step, line: line.slice(0, LINE) }));
    this.#tails.set(job_id, { attempt: attempt_id, lines: [...kept, ...fresh].slice(-TAIL) });
    return true;
  }

  forget(job: string): void {
    if (!this.#isLive(job)) this.#tails.delete(job);
  }

  /** The job of which a record changes what is shown, if there is one. */
  static shows(record: LedgerRecord): string | undefined {
    return record.type === 'chat.posted' ? record.body.job : jobOf(record);
  }

  /** Rejects JOB_NOT_FOUND for a job without a live message of this bot. */
  async look(platform: Platform, id: string): Promise<ChatJob> {
    const { jobs, ledger, config, clean } = this.#deps;
    this.#mustBeLive(platform, id);
    await ledger.settled().catch(() => undefined);
    const job = await jobs.get(id);
    const over = isTerminal(job.status);
    const tail = await this.#tail(id, job.spec, over);
    const shown = cleaned({ job, tail }, clean);
    const { page: site } = config.current().config.chat;
    const page = site === undefined ? null : `${site}/#${id}`;
    return { version: sha256Hex(JSON.stringify([shown, page])).slice(0, 32), ...shown, over, page };
  }

  /** What it printed; nothing while it goes on. Rejects JOB_NOT_FOUND for a job without a live message of this bot. */
  async log(platform: Platform, id: string): Promise<ChatLog> {
    const { jobs, people, artifacts, clean } = this.#deps;
    this.#mustBeLive(platform, id);
    const { spec, status, attempts } = await jobs.get(id);
    const digest = isTerminal(status) ? attempts.at(-1)?.log?.digest : undefined;
    const { requested_by: by, project, env } = spec;
    // As with its last lines: whoever reads the channel reads along.
    if (digest === undefined || !people.allows(by, 'read', project, env))
      return { text: '', lines: 0, left_out: 0 };
    return logText(artifacts.stream(digest), { job: id, clean });
  }

  #mustBeLive(platform: Platform, id: string): void {
    const bot = this.#deps.state.get(chatProjection).bots[platform];
    if (bot === undefined || own(bot.live, id) === undefined) throw fail('JOB_NOT_FOUND', { id });
  }

  async #tail(
    id: string,
    spec: { project: string; env: string; requested_by: string },
    over: boolean,
  ): Promise<ChatJob['tail']> {
    const { people, jobs } = this.#deps;
    // Whoever reads the channel reads along: what the requester may not read is not put there for them.
    if (!people.allows(spec.requested_by, 'read', spec.project, spec.env)) return [];
    const kept = this.#tails.get(id);
    if (kept !== undefined) return kept.lines;
    if (!over) return [];
    const lines = await jobs.logs(id).catch(() => []);
    return lines
      .filter(({ stream }) => stream !== 'reeve')
      .slice(-TAIL)
      .map(({ step, line }) => ({ step, line: line.slice(0, LINE) }));
  }

  #isLive(job: string): boolean {
    const { bots } = this.#deps.state.get(chatProjection);
    return Object.values(bots).some((bot) => own(bot.live, job) !== undefined);
  }
}
