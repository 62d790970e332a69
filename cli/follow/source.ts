import { JobDetail, JobLogs, type StreamEvent } from '../../contracts/api.ts';
import type { StepView } from '../../contracts/reply.ts';
import { refusedBy } from '../answer.ts';
import { call, notReeve, open, type HttpStream } from '../io/http.ts';
import { plannedSteps } from './state.ts';
import type { Line } from './view.ts';
import { messages } from './sse.ts';

/** Events as they arrive: read ahead, so that those from before a moment can be told from those after it. */
export class Events {
  readonly #stream: HttpStream;
  readonly #queue: StreamEvent[] = [];
  #over = false;
  #failure: unknown;
  #wake: () => void = () => {};
  /** Seq of the last record that was seen, to resume after. */
  last: number | undefined;

  private constructor(stream: HttpStream, last: number | undefined) {
    this.#stream = stream;
    this.last = last;
  }

  /** `after`: the stream goes on behind this ledger record; otherwise it begins now. */
  static async open(socket: string, job: string, after: number | undefined): Promise<Events> {
    const stream = await open(socket, {
      path: `/v1/events?job=${encodeURIComponent(job)}`,
      timeout: 0,
      headers: {
        accept: 'text/event-stream',
        ...(after === undefined ? {} : { 'last-event-id': String(after) }),
      },
    });
    if (stream.status !== 200) throw await refusal(socket, stream);
    const events = new Events(stream, after);
    void events.#pump();
    return events;
  }

  async #pump(): Promise<void> {
    try {
      for await (const { id, event } of messages(this.#stream.body)) {
        this.last = id ?? this.last;
        if (event !== undefined) this.#queue.push(event);
        this.#wake();
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#over = true;
      this.#wake();
    }
  }

  /** Forgets the output that has arrived without its place in the log: the stored log, read in the meantime, has it. */
  discardUnnumbered(): void {
    const kept = this.#queue.filter((event) => event.event !== 'log' || event.at !== undefined);
    this.#queue.splice(0, this.#queue.length, ...kept);
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<StreamEvent | undefined> {
    while (this.#queue.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const event = this.#queue.shift();
    if (event === undefined && this.#failure !== undefined) throw this.#failure;
    return event;
  }

  close(): void {
    this.#stream.close();
  }
}

async function refusal(socket: string, stream: HttpStream): Promise<Error> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream.body) chunks.push(chunk);
  stream.close();
  return (
    refusedBy(socket, stream.status, parse(Buffer.concat(chunks).toString())) ??
    notReeve(socket, `HTTP ${stream.status}`)
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function get(socket: string, path: string): Promise<unknown> {
  const answer = await call(socket, { path, timeout: 30_000 });
  const value = parse(answer.text);
  if (answer.status !== 200)
    throw refusedBy(socket, answer.status, value) ?? notReeve(socket, `HTTP ${answer.status}`);
  return value;
}

export async function jobDetail(socket: string, id: string): Promise<JobDetail> {
  const result = JobDetail.safeParse(await get(socket, `/v1/jobs/${encodeURIComponent(id)}`));
  if (!result.success) throw notReeve(socket, 'its job is none');
  return result.data;
}

/** The stored log of the newest attempt. */
export async function jobLog(
  socket: string,
  id: string,
): Promise<{ attempt: string | undefined; lines: Line[] }> {
  const result = JobLogs.safeParse(await get(socket, `/v1/jobs/${encodeURIComponent(id)}/logs`));
  return result.success
    ? { attempt: result.data.attempt_id, lines: result.data.lines }
    : { attempt: undefined, lines: [] };
}

/** Steps that are still to come, from the plan the job runs. A reader without the right to it sees them as they start. */
export async function planOf(socket: string, job: JobDetail): Promise<StepView[]> {
  const digest = job.spec.plan.digest;
  if (digest === undefined) return [];
  try {
    const { Plan } = await import('../../contracts/plan.ts');
    return plannedSteps(Plan.parse(await get(socket, `/v1/artifacts/${digest}`)));
  } catch {
    return [];
  }
}
