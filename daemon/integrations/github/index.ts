import type { LedgerRecord } from '../../../contracts/record.ts';
import { Commands } from './commands.ts';
import { commitOf, deliveryOf, REF_INPUTS } from './commit.ts';
import type { GithubDeps } from './deps.ts';
import { Outbox } from './outbox.ts';
import { commentIn, type Received } from './payload.ts';
import { githubProjection, type GithubState } from './projection.ts';
import { isCommand } from './understand.ts';

/** How far the ledger may be ahead of what it says was looked at, in records of ours. */
const BEHIND = 500;
/** Work that GitHub is told about as a deployment. */
const DEPLOYS = new Set(['deploy', 'rollback', 'promote']);
/** A job that was queued longer ago, since nobody looked, is told no more, ms. */
const LATE = 3_600_000;
/** What there is to be looked at. */
const LOOKED = new Set<LedgerRecord['type']>(['webhook.received', 'webhook.redelivered', 'job.queued']);
/** After these the outbox has something to do. */
const MOVES = new Set<LedgerRecord['type']>([
  'job.attempt',
  'job.step.finished',
  'job.resolved',
  'grant.denied',
  'grant.expired',
  'grant.lapsed',
  'github.releasing',
]);

/** The GitHub side: comments become commands, and what comes of them and of deployments is written back. */
export class GithubDesk {
  readonly #deps: GithubDeps;
  readonly #commands: Commands;
  readonly #outbox: Outbox;
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;
  #unsaid = 0;

  constructor(deps: GithubDeps) {
    this.#deps = deps;
    this.#commands = new Commands(deps);
    this.#outbox = new Outbox(deps);
  }

  /** Begins with what came since the last look. Returns stop. */
  start(): () => Promise<void> {
    const { ledger } = this.#deps;
    const from = this.#state.looked;
    const unsubscribe = ledger.subscribe((record) => this.#saw(record));
    this.#then(async () => {
      await this.#commands.finishOpen();
      for await (const record of ledger.read(from)) {
        if (this.#stopped) return;
        await this.#look(record);
      }
      this.#outbox.start();
    });
    return async () => {
      this.#stopped = true;
      unsubscribe();
      await this.#tail;
      await this.#outbox.stop();
    };
  }

  /** Resolves when everything that came was looked at, and written as far as GitHub takes it now. */
  async settled(): Promise<void> {
    await this.#tail;
    await this.#outbox.settled();
  }

  /** The file or a secret changed: what waited for that is tried at once. */
  changed(): void {
    this.#outbox.wake(true);
  }

  get #state(): GithubState {
    return this.#deps.state.get(githubProjection);
  }

  #then(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(work).catch((error: unknown) => this.#deps.warn('github', error));
  }

  #saw(record: LedgerRecord): void {
    if (LOOKED.has(record.type))
      this.#then(async () => {
        if (this.#stopped) return;
        await this.#look(record);
        this.#outbox.wake();
      });
    if (MOVES.has(record.type)) this.#outbox.wake();
    if (record.type === 'admin.event' && record.body.action_type === 'rotate_secret') this.changed();
  }

  async #look(record: LedgerRecord): Promise<void> {
    let did = false;
    if (record.type === 'webhook.received') did = await this.#delivery(record.body, record.ts);
    else if (record.type === 'webhook.redelivered') did = await this.#again(record);
    else if (record.type === 'job.queued') did = await this.#job(record);
    else return;
    if (!did && ++this.#unsaid < BEHIND) return;
    this.#unsaid = 0;
    await this.#deps.ledger.append('github.looked', { upto: record.seq + 1 });
  }

  async #again(record: LedgerRecord<'webhook.redelivered'>): Promise<boolean> {
    if (record.body.source !== 'github' || record.body.event !== 'issue_comment') return false;
    const delivery = await deliveryOf(this.#deps, record.body.delivery, record);
    return delivery !== undefined && this.#delivery(delivery, record.ts, true);
  }

  /** @param again A person has it handled once more. */
  async #delivery(delivery: Received, at: number, again = false): Promise<boolean> {
    const { config, github } = this.#deps;
    if (delivery.source !== 'github' || delivery.event !== 'issue_comment') return false;
    if (config.current().config.integrations.github?.commands !== true || !github.configured()) return false;
    const event = commentIn(await this.#deps.body(delivery));
    if (event === undefined || event.action === 'deleted' || !isCommand(event.comment.body)) return false;
    await this.#commands.hear(delivery.delivery, event, at, again);
    return true;
  }

  async #job({ seq, ts, body: { job } }: LedgerRecord<'job.queued'>): Promise<boolean> {
    const { config, github, clock, ledger } = this.#deps;
    const { job_id, action, project, env, inputs, anchor } = job;
    if (!DEPLOYS.has(action) || Object.hasOwn(this.#state.deploys, job_id)) return false;
    if (config.current().config.integrations.github?.deployments !== true || !github.configured())
      return false;
    const repositories = github.repositoriesOf(project);
    if (repositories.length === 0 || clock.now() - ts > LATE) return false;
    const ask = this.#state.asks[this.#state.shown[anchor.id] ?? ''];
    const named = REF_INPUTS.map((name) => inputs[name]).find(
      (value) => typeof value === 'string' && value !== '',
    );
    const delivered =
      ask === undefined && named === undefined ? await commitOf(this.#deps, anchor, { seq, ts }) : undefined;
    const repository =
      ask?.repository.full_name ??
      (delivered !== undefined && github.projectOf(delivered.repository) === project
        ? delivered.repository.full_name
        : undefined) ??
      (repositories.length === 1 ? repositories[0] : undefined);
    // Of several nobody can say which one it is about.
    if (repository === undefined) return false;
    const ref = typeof named === 'string' ? named : (delivered?.sha ?? ask?.head);
    await ledger.append('github.deploying', {
      job: job_id,
      repository,
      environment: env,
      task: action,
      ...(ref === undefined ? {} : { ref: ref.slice(0, 200) }),
      ...(ask === undefined ? {} : { pull: ask.pull }),
    });
    return true;
  }
}
