import { harmless, harmlessLines } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { duration, relative, shortId, stamp } from '../io/units.ts';
import { truncate } from '../io/width.ts';
import { isTerminal } from '../../contracts/job.ts';
import { bar } from '../render/progress.ts';
import { statusLook, statusSymbol } from '../render/cell.ts';
import { stepLines } from '../render/steps.ts';
import { isOver, type Followed, type FollowedStep } from './state.ts';

export interface Line {
  step: string;
  stream: string;
  line: string;
}

export interface View {
  /** Something changed; `step` when it was one. */
  changed(state: Followed, step: FollowedStep | undefined): void;
  /** Output of a step. */
  output(lines: readonly Line[]): void;
  /** Something about the watching itself. */
  note(text: string): void;
  /** Leaves the terminal as it should stay. */
  close(state: Followed | undefined): void;
}

export const SILENT: View = { changed() {}, output() {}, note() {}, close() {} };

/** One line for each thing that happens, for files, pipes and dumb terminals. */
export class PlainView implements View {
  readonly #terminal: Terminal;
  readonly #style: 'steps' | 'log';
  #status = '';
  #attempt = 1;
  /** Steps that were shown, with the status they had. */
  readonly #steps = new Map<string, string>();
  constructor(terminal: Terminal, style: 'steps' | 'log') {
    this.#terminal = terminal;
    this.#style = style;
  }

  changed(state: Followed, step: FollowedStep | undefined): void {
    const { globals } = this.#terminal;
    if (globals.quiet) return;
    if (state.attempt !== this.#attempt) this.#steps.clear();
    this.#attempt = state.attempt;
    if (step !== undefined) return this.#step(step);
    const status = `${state.status} ${state.attempt} ${state.retryAt ?? ''}`;
    if (status === this.#status) return;
    this.#status = status;
    const again =
      state.retryAt === undefined ? '' : `, another attempt ${relative(state.retryAt, Date.now())}`;
    const nth = state.attempt > 1 ? `, attempt ${state.attempt}` : '';
    const look = statusLook(this.#terminal, state.status);
    const id = shortId(state.id, globals.wide);
    const over = isTerminal(state.status);
    if (over) for (const known of state.steps) this.#step(known);
    // The end has a verdict of its own, below.
    if (isOver(state)) return;
    this.#line(
      `${look(`${statusSymbol(state.status)} ${state.status}`)}  ${harmless(state.title)}  ${id}${nth}${again}`,
    );
    if (!over) for (const known of state.steps) this.#step(known);
  }
  output(lines: readonly Line[]): void {
    for (const { step, stream, line } of lines) {
      // What the engine says of a step stands in the step's own line already.
      if (stream === 'reeve' && this.#style === 'steps') continue;
      for (const part of harmlessLines(line))
        this.#terminal.out(`${this.#terminal.dim(`${harmless(step)} │`)} ${part}`);
    }
  }
  note(text: string): void {
    this.#terminal.err(this.#terminal.style('yellow', text, 'err'));
  }
  close(): void {}

  /** Once for each status it comes to. With the log alone, its lines say so. */
  #step(step: FollowedStep): void {
    if (this.#style === 'log' || step.status === 'PENDING') return;
    if (this.#steps.get(step.name) === step.status) return;
    this.#steps.set(step.name, step.status);
    this.#line(stepLines(this.#terminal, [step]).join('\n').replace(/^ {2}/, ''));
  }

  #line(text: string): void {
    const now = Date.now();
    this.#terminal.out(`${this.#terminal.dim(stamp(now, now, false))}  ${text}`);
  }
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
type Draw = { (text: string): void; done(): void; clear(): void };

/** A step list that is redrawn in place, with the last lines of the running step below it. */
export class LiveView implements View {
  readonly #terminal: Terminal;
  readonly #draw: Draw;
  readonly #timer: NodeJS.Timeout;
  #state: Followed | undefined;
  #note: string | undefined;
  #frame = 0;

  constructor(terminal: Terminal, draw: Draw) {
    this.#terminal = terminal;
    this.#draw = draw;
    this.#timer = setInterval(() => {
      this.#frame += 1;
      this.#redraw();
    }, 100);
  }

  changed(state: Followed): void {
    this.#state = state;
    this.#note = undefined;
    this.#redraw();
  }
  output(): void {
    // In the tail of the state.
  }
  note(text: string): void {
    this.#note = text;
    this.#redraw();
  }
  close(state: Followed | undefined): void {
    clearInterval(this.#timer);
    this.#draw.clear();
    if (state !== undefined && state.steps.length > 0)
      this.#terminal.out(
        stepLines(
          this.#terminal,
          state.steps.filter((s) => s.status !== 'PENDING'),
        ).join('\n'),
      );
    this.#draw.done();
  }

  #redraw(): void {
    const state = this.#state;
    const note = this.#note === undefined ? [] : [this.#terminal.tone('warn', `! ${this.#note}`)];
    const lines = state === undefined ? note : [...this.#lines(state), ...note];
    const rows = Math.max(6, (process.stdout.rows || 24) - 1);
    // On a small screen the head and the newest lines.
    const fitting = lines.length <= rows ? lines : [...lines.slice(0, 1), ...lines.slice(1 - rows)];
    this.#draw(fitting.join('\n'));
  }

  #lines(state: Followed): string[] {
    const t = this.#terminal;
    const now = Date.now();
    const spinner = FRAMES[this.#frame % FRAMES.length] ?? '';
    const waiting =
      state.retryAt === undefined
        ? state.status === 'QUEUED'
          ? 'waiting for its turn'
          : duration(now - (state.started ?? state.queued))
        : `failed, another attempt ${relative(state.retryAt, now)}`;
    const nth = state.attempt > 1 ? `attempt ${state.attempt}  ` : '';
    const head = `${t.tone('info', spinner)} ${t.style('bold', harmless(state.title))}  ${t.dim(`${shortId(state.id, t.globals.wide)}  ${nth}${waiting}`)}`;
    const width = (t.width ?? 80) - 8;
    const body = stepLines(t, state.steps, {
      spinner,
      elapsed: (step: FollowedStep) => (step.started === undefined ? undefined : now - step.started),
      below: (step) => (step.status === 'RUNNING' ? tailLines(t, state, step.name, width) : []),
    });
    return [head, ...body, t.dim('  Ctrl-C leaves; the job goes on.')];
  }
}

/** What a step says of how far it is: `progress 3/40`, or `acme/shop runs: progress 3/40`. */
const PROGRESS = /^(?:(.{1,200}): )?progress (\d{1,12})\/(\d{1,12})$/;

/** Its last lines; of those that say how far it is the newest, as a bar. */
function tailLines(terminal: Terminal, state: Followed, step: string, width: number): string[] {
  const tail = state.tail.filter((l) => l.step === step);
  const far = tail.map(({ line }) => PROGRESS.exec(line)).findLast((found) => found !== null);
  const said = tail.filter(({ line }) => !PROGRESS.test(line));
  const [, what = '', done = '', total = ''] = far ?? [];
  const figures = `${what} ${done}/${total}`.trim();
  const bars =
    far === undefined
      ? []
      : [
          `      ${bar(terminal, Number(done), Number(total))} ${terminal.dim(truncate(harmless(figures), Math.max(10, width - 26)))}`,
        ];
  return [
    ...said.map(({ line }) =>
      terminal.dim(`      │ ${truncate(harmless(line.replaceAll('\t', '    ')), width)}`),
    ),
    ...bars,
  ];
}
