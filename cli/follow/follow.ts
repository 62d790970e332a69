import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../contracts/errors.ts';
import type { StreamEvent } from '../../contracts/api.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { StepView } from '../../contracts/reply.ts';
import { Broken } from '../io/http.ts';
import { Problem, Refused } from '../io/problem.ts';
import { socketPath } from '../io/home.ts';
import { shortId } from '../io/units.ts';
import type { Context } from '../run.ts';
import { Events, jobDetail, jobLog, planOf } from './source.ts';
import { apply, attemptOf, followedOf, isOver, TAIL, type Followed } from './state.ts';
import { jobData, verdictLines } from './verdict.ts';
import { LiveView, PlainView, SILENT, type View } from './view.ts';

/** How long a daemon that went away is waited for, ms. */
const PATIENCE = 30_000;
const LEFT = 130;

export interface End {
  exit: number;
  job: JsonObject;
}

/** Watches a job, as a step list or as its log, until it ends, Ctrl-C, or its daemon stays away. Rejects what the daemon refuses. */
export async function followJob(context: Context, id: string, style: 'steps' | 'log'): Promise<End> {
  const { terminal } = context;
  const view = await viewFor(context, style);
  const watch = new Watch(socketPath(context.home), id, view);
  let interrupted = 0;
  const leave = new Promise<'left'>((resolve) => {
    // Not `once`: with no listener left, what hides the cursor would end the process with the same signal.
    process.on('SIGINT', () => {
      resolve('left');
      interrupted += 1;
      if (interrupted > 1) process.exit(LEFT);
    });
  });
  let left: boolean;
  try {
    left = (await Promise.race([watch.untilOver(), leave])) === 'left';
  } finally {
    watch.close();
    view.close(watch.state);
  }
  const state = watch.state;
  const short = shortId(id, terminal.globals.wide);
  if (left || state === undefined) {
    if (!terminal.globals.json)
      terminal.err(
        `The job goes on without this terminal.\n  → reeve jobs logs -f ${short}\n  → reeve jobs cancel ${short}`,
      );
    return { exit: LEFT, job: state === undefined ? { id, detached: true } : jobData(state, true) };
  }
  if (!terminal.globals.json) terminal.out(['', ...verdictLines(terminal, state)].join('\n'));
  return { exit: state.status === 'PASS' ? EXIT.done : EXIT.failed, job: jobData(state, false) };
}

async function viewFor({ terminal }: Context, style: 'steps' | 'log'): Promise<View> {
  if (terminal.globals.json) return SILENT;
  if (!terminal.live || terminal.globals.quiet || style === 'log') return new PlainView(terminal, style);
  const { createLogUpdate } = await import('log-update');
  return new LiveView(terminal, createLogUpdate(process.stdout));
}

class Watch {
  readonly #socket: string;
  readonly #id: string;
  readonly #view: View;
  /** How much of which attempt's log was shown. */
  #shown = { attempt: 0, lines: 0 };
  #planned: StepView[] | undefined;
  #events: Events | undefined;
  #last: number | undefined;
  #closed = false;
  state: Followed | undefined;

  constructor(socket: string, id: string, view: View) {
    this.#socket = socket;
    this.#id = id;
    this.#view = view;
  }

  close(): void {
    this.#closed = true;
    this.#events?.close();
  }

  async untilOver(): Promise<void> {
    let since = Date.now();
    for (;;) {
      const before = this.#last;
      try {
        if (await this.#attach()) return;
        since = Date.now();
      } catch (error) {
        if (this.#closed) return;
        if (!(error instanceof Error) || !isTransient(error)) throw error;
        if (this.#last !== before) since = Date.now();
        if (Date.now() - since > PATIENCE) throw gone(error, this.#id);
      }
      if (this.#closed) return;
      const seconds = Math.max(0, Math.ceil((PATIENCE - (Date.now() - since)) / 1000));
      this.#view.note(`the daemon is away; the job is in its ledger. Waiting for it (${seconds} s)`);
      await sleep(500);
    }
  }

  /** Watches over one connection. True when the job is over; false when the stream ended before. */
  async #attach(): Promise<boolean> {
    const events = await Events.open(this.#socket, this.#id, this.#last);
    this.#events = events;
    try {
      const detail = await jobDetail(this.#socket, this.#id);
      this.#planned ??= await planOf(this.#socket, detail);
      const state = followedOf(detail, this.#planned);
      state.tail = this.state?.tail ?? [];
      this.state = state;
      this.#view.changed(state, undefined);
      await this.#catchUp(state, events);
      while (!isOver(state)) {
        const event = await events.next();
        if (event === undefined) return false;
        if (event.event === 'log') this.#output(state, event);
        else this.#view.changed(state, apply(state, event));
      }
      return true;
    } finally {
      this.#last = events.last;
      events.close();
    }
  }

  /** Shows what the stored log has and the stream did not bring. */
  async #catchUp(state: Followed, events: Events): Promise<void> {
    const log = await jobLog(this.#socket, this.#id);
    // A daemon that does not number its lines: what came in the meantime stands in the stored log.
    events.discardUnnumbered();
    const attempt = attemptOf(log.attempt);
    if (attempt < this.#shown.attempt) return;
    if (attempt > this.#shown.attempt) this.#shown = { attempt, lines: 0 };
    const fresh = log.lines.slice(this.#shown.lines);
    this.#shown.lines = Math.max(this.#shown.lines, log.lines.length);
    state.tail = [...state.tail, ...fresh].slice(-TAIL);
    this.#view.output(fresh);
  }

  #output(state: Followed, event: LogEvent): void {
    const attempt = attemptOf(event.attempt_id);
    if (attempt > this.#shown.attempt) this.#shown = { attempt, lines: 0 };
    const at = event.at ?? this.#shown.lines;
    const fresh = attempt < this.#shown.attempt ? [] : event.lines.slice(Math.max(0, this.#shown.lines - at));
    if (fresh.length === 0) return;
    this.#shown.lines = at + event.lines.length;
    const { step, stream } = event;
    apply(state, { ...event, lines: fresh });
    this.#view.output(fresh.map((line) => ({ step, stream, line })));
  }
}

type LogEvent = Extract<StreamEvent, { event: 'log' }>;

/** A daemon that stops, is stopped or starts; anything else would not get better by waiting. */
function isTransient(error: Error): boolean {
  if (error instanceof Problem) return error.code === 'DAEMON_UNREACHABLE';
  if (error instanceof Refused) return error.response.code === 'NOT_READY';
  return error instanceof Broken || 'syscall' in error;
}

function gone(error: Error, id: string): Problem {
  const problem = error instanceof Problem ? error : undefined;
  return new Problem(
    'DAEMON_UNREACHABLE',
    { where: problem?.params['where'] ?? 'its socket' },
    [...(problem?.more ?? []), `What became of the job is in the ledger: reeve jobs show ${id}`],
    error,
  );
}
