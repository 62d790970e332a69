import { ReeveError } from '../../../contracts/errors.ts';
import type { GithubTrouble } from '../../ports/github.ts';
import { cut } from '../../text.ts';
import { stepOfAsk } from './ask.ts';
import { Credential } from './credential.ts';
import { stepOfDeploy } from './deployment.ts';
import type { GithubDeps } from './deps.ts';
import { githubProjection, type GithubState } from './projection.ts';
import { ReleaseTrouble, stepOfRelease } from './release.ts';

/** Between two tries while GitHub cannot be reached, ms: doubled from the first. */
const PAUSE = { first: 1000, longest: 300_000 };
/** Until a credential that is refused is tried again without anybody having changed it, ms. */
const CREDENTIAL = 300_000;
/** Until a ledger that takes nothing is tried again, ms. */
const LEDGER = 30_000;

/** One thing that stands on GitHub now, as it is recorded; undefined: nothing is to be written. */
export type Step = { what: string; as: string; id?: number; sha?: string; url?: string } | undefined;

/**
 * What is to stand on GitHub is a function of the ledger; what stands there is in the ledger, too. The difference is written,
 * one thing at a time, however long that takes. Before something new is made, it is looked for: an answer that was lost
 * makes nothing twice.
 */
export class Outbox {
  readonly #deps: GithubDeps;
  readonly #stop = new AbortController();
  /** Rejects when the daemon stops: the client may be waiting for its own next try of signing in. */
  readonly #stopping: Promise<never>;
  #running: Promise<void> | undefined;
  #again = false;
  #pause = PAUSE.first;
  #waiting: (() => void) | undefined;
  #started = false;
  readonly #credential: Credential;

  constructor(deps: GithubDeps) {
    this.#deps = deps;
    this.#credential = new Credential(deps);
    const { signal } = this.#stop;
    this.#stopping = new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
    this.#stopping.catch(() => undefined);
  }

  start(): void {
    this.#started = true;
    this.#credential.recall();
    this.wake();
  }

  /** `now`: also when it waits for GitHub. */
  wake(now = false): void {
    if (!this.#started || this.#stop.signal.aborted || (this.#waiting !== undefined && !now)) return;
    this.#waiting?.();
    this.#waiting = undefined;
    this.#again = true;
    this.#running ??= this.#run()
      // What came of it could not be written down, either.
      .catch((error: unknown) => void this.#unrecorded(error))
      .finally(() => {
        this.#running = undefined;
        // Woken after its last look.
        if (this.#again) this.wake();
      });
  }

  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the daemon stops'));
    this.#waiting?.();
    await this.settled();
  }

  get #state(): GithubState {
    return this.#deps.state.get(githubProjection);
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      // What is to be written waits for an app or a token to be named again.
      if (!this.#deps.github.configured())
        return this.#credential.unneeded().catch((error: unknown) => this.#deps.warn('github', error));
      if (this.#credential.refused && !(await this.#write('the credential', () => this.#signIn()))) return;
      const { asks, deploys, releases } = this.#state;
      const open = [
        ...Object.values(asks).map(({ delivery: of, over }) => ({ of, over, step: () => this.#ask(of) })),
        ...Object.values(deploys).map(({ job: of, over }) => ({ of, over, step: () => this.#deploy(of) })),
        ...Object.keys(releases).map((of) => ({
          of,
          over: releases[of]?.over,
          step: () => this.#release(of),
        })),
      ].filter(({ over }) => over !== true);
      for (const { of, step } of open) if (!(await this.#write(of, step))) return;
    }
  }

  /** Whether GitHub takes the credential again is seen without anything that waits to be written, too. */
  async #signIn(): Promise<undefined> {
    await this.#credential.signIn();
    this.#pause = PAUSE.first;
  }

  #ask(of: string): Promise<Step> {
    const ask = this.#state.asks[of];
    return ask === undefined ? Promise.resolve(undefined) : stepOfAsk(this.#deps, ask, this.#stop.signal);
  }
  #deploy(of: string): Promise<Step> {
    const deploy = this.#state.deploys[of];
    return deploy === undefined
      ? Promise.resolve(undefined)
      : stepOfDeploy(this.#deps, deploy, this.#stop.signal);
  }

  #release(of: string): Promise<Step> {
    const release = this.#state.releases[of];
    return release === undefined
      ? Promise.resolve(undefined)
      : stepOfRelease(this.#deps, release, this.#stop.signal);
  }

  /** Everything of one that can be written now. False: nothing more can be. */
  async #write(of: string, step: () => Promise<Step>): Promise<boolean> {
    const { ledger } = this.#deps;
    try {
      const next = (): Promise<Step> => Promise.race([step(), this.#stopping]);
      for (let done = await next(); done !== undefined && !this.#stop.signal.aborted; done = await next()) {
        await ledger.append('github.wrote', { of, ...done });
        await this.#well();
        if (done.what === 'over') break;
      }
      return !this.#stop.signal.aborted;
    } catch (error) {
      if (this.#stop.signal.aborted) return false;
      if (isUnrecorded(error)) return this.#unrecorded(error);
      const trouble =
        error instanceof ReleaseTrouble
          ? { kind: error.kind, why: error.message }
          : await this.#deps.github.trouble(error);
      return this.#failed(of, error, trouble);
    }
  }

  /** Nothing is given up for that: what stands on GitHub already is found there by the next try. */
  #unrecorded(error: unknown): false {
    this.#deps.warn('github', error);
    if (!this.#stop.signal.aborted) this.#wait(LEDGER);
    return false;
  }

  async #failed(of: string, error: unknown, trouble: GithubTrouble | undefined): Promise<boolean> {
    const { ledger, warn } = this.#deps;
    if (trouble?.kind === 'later') {
      warn('github', `${trouble.why}; tried again later`);
      this.#wait(trouble.ms ?? this.#pause);
      this.#pause = Math.min(this.#pause * 2, PAUSE.longest);
      return false;
    }
    if (trouble?.kind === 'credential') {
      this.#wait(CREDENTIAL);
      await this.#credential.isRefused(trouble.why);
      return false;
    }
    // Of one that cannot be written the others know nothing.
    warn(`github: ${of} is given up`, error);
    const why = cut(this.#deps.clean(trouble?.why ?? 'it failed in a way that nobody expected'), 500);
    await ledger.append('github.given_up', { of, what: 'over', why });
    return true;
  }

  #wait(ms: number): void {
    this.#waiting?.();
    const cancel = this.#deps.clock.after(ms, () => {
      this.#waiting = undefined;
      this.wake();
    });
    this.#waiting = cancel;
  }

  async #well(): Promise<void> {
    this.#pause = PAUSE.first;
    await this.#credential.taken();
  }
}

/** A full disk, say. A record that is too large stays so. */
const isUnrecorded = (error: unknown): boolean =>
  error instanceof ReeveError && error.code.startsWith('LEDGER_') && error.code !== 'LEDGER_RECORD_TOO_LARGE';
