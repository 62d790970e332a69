import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { CommandRequest } from '../../contracts/api.ts';
import { isTerminal } from '../../contracts/job.ts';
import type { Reply } from '../../contracts/reply.ts';
import { Place, until, type Daemon } from '../helpers/daemon.ts';

/** What the API says of a job, as far as it is needed here. */
interface JobShown {
  status: Parameters<typeof isTerminal>[0];
  spec: { job_id: string };
}

/** A daemon of its own with its page, and the owner's token. */
export class Site {
  readonly place: Place;
  daemon: Daemon;
  readonly base: string;
  token: string;

  private constructor(place: Place, daemon: Daemon, base: string, token: string) {
    this.place = place;
    this.daemon = daemon;
    this.base = base;
    this.token = token;
  }

  static async open(estate: string, runbooks: Record<string, string>): Promise<Site> {
    const place = await Place.make({ estate, runbooks });
    onTestFinished(() => place.close());
    const daemon = await place.start();
    const [base] = /http:\/\/127\.0\.0\.1:\d+/.exec(daemon.said()) ?? [];
    if (base === undefined) throw new Error(`the daemon named no address:\n${daemon.said()}`);
    return new Site(place, daemon, base, await tokenOf(place));
  }

  /** The address that `reeve open` opens. */
  get signIn(): string {
    return `${this.base}/#token=${this.token}`;
  }

  /** Starts another daemon on the same home and address. */
  async again(): Promise<void> {
    this.daemon = await this.place.start({ args: ['--no-drill', '--port', new URL(this.base).port] });
    this.token = await tokenOf(this.place);
  }

  async ask(command: string, args: CommandRequest['args'] = {}, reason = 'a test'): Promise<Reply> {
    const reply = await this.#api<Reply>('/v1/commands', { command, args, reason, force: true });
    if (!reply.ok) throw new Error(`${command}: ${JSON.stringify(reply.error)}`);
    return reply;
  }

  /** Runs a runbook of the project `shop`; answers the job's id at once. */
  async begin(runbook: string): Promise<string> {
    const { job } = await this.ask('run', { runbook, project: 'shop', env: 'dev' });
    if (job === undefined) throw new Error(`${runbook} became no job`);
    return job.id;
  }

  async ended(id: string): Promise<string> {
    let status = '';
    await until(async () => {
      const job = await this.#api<JobShown>(`/v1/jobs/${id}`);
      status = job.status;
      return isTerminal(job.status);
    });
    return status;
  }

  async #api<T>(address: string, body?: object): Promise<T> {
    const response = await fetch(this.base + address, {
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return (await response.json()) as T;
  }
}

const tokenOf = async (place: Place): Promise<string> =>
  (await readFile(path.join(place.home, 'token'), 'utf8')).trim();
