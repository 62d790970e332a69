import { fail, ReeveError } from '../../../contracts/errors.ts';
import { JobId, RequestId } from '../../../contracts/ids.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import type { Reply } from '../../../contracts/reply.ts';
import type { Caller } from '../../ports/door.ts';
import { cut } from '../../text.ts';
import type { Command, GithubDeps } from './deps.ts';
import { headOf } from './head.ts';
import type { CommentDelivery } from './payload.ts';
import { placed } from './placed.ts';
import { githubProjection, interactionOf, type Ask, type GithubState } from './projection.ts';

/** A comment that waited longer, since no daemon ran, is not acted on any more, and a plan waits so long, ms. */
const LATE = 3_600_000;
const CONFIRM_WITHIN = 15 * 60_000;
/** Digits of a digest that name a plan among those that wait. */
const DIGITS = 16;

const LINE = /^\/reeve(?=\s|$)[^\S\n]*([^\n]{0,2000})/;
/** Whether a comment is meant for us. */
export const isCommand = (body: string): boolean => LINE.test(body.trimStart());

type Answer = Omit<RecordBody<'github.answered'>, 'delivery' | 'said'>;
type Wish = Command & { confirm?: string; typed?: string; of?: Ask; head?: string };

/** What is asked for in comments, brought to the door. */
export class Commands {
  readonly #deps: GithubDeps;

  constructor(deps: GithubDeps) {
    this.#deps = deps;
  }

  get #state(): GithubState {
    return this.#deps.state.get(githubProjection);
  }

  /**
   * Never rejects for anything somebody wrote. A delivery that was here before does nothing, unless a person has it handled
   * once more (`again`) and it was refused.
   */
  async hear(delivery: string, event: CommentDelivery, at: number, again = false): Promise<void> {
    const { user, id } = event.comment;
    // Redelivered under another id it is still the same comment.
    const same = Object.values(this.#state.asks).filter(
      (ask) => ask.comment === id && ask.repository.id === event.repository.id,
    );
    const refused = same.every((ask) => ask.delivery === delivery && ask.answered?.outcome === 'refused');
    if (same.length > 0 && event.action === 'created' && !(again && refused)) return;
    let person = 'nobody';
    try {
      person = this.#person(event);
      const project = this.#project(event);
      const caller = this.#caller(delivery, person, user.id);
      const wish = await this.#understood(event, caller, project, at).catch((error: unknown) =>
        asError(error),
      );
      await this.#deps.ledger.append('github.asked', {
        delivery,
        repository: event.repository,
        pull: event.issue.number,
        comment: event.comment.id,
        person,
        account: user.id,
        project,
        ...('error' in wish
          ? { command: '(unclear)', args: {} }
          : {
              command: wish.command,
              args: wish.args,
              ...(wish.reason === undefined ? {} : { reason: cut(wish.reason, 2000) }),
              ...(wish.head === undefined ? {} : { head: wish.head }),
              ...(wish.of === undefined ? {} : { of: wish.of.delivery }),
            }),
      });
      if ('error' in wish) await this.#refuse(delivery, caller, wish.error);
      else await this.#perform(delivery, caller, wish);
    } catch (error) {
      // Whoever is nobody here gets no answer: anybody may write a comment.
      const { error: known } = asError(error);
      await this.#deps.refused(
        { person, via: 'github', account: String(user.id) },
        '(comment)',
        known.toResponse(),
      );
    }
  }

  /** Asked, and nothing more is known: the daemon ended in between. */
  async finishOpen(): Promise<void> {
    for (const ask of Object.values(this.#state.asks)) {
      if (ask.answered !== undefined) continue;
      await this.#answer(
        ask.delivery,
        (await this.#cameTo(ask)) ?? {
          outcome: 'refused',
          title:
            'The daemon ended before this was done; look what is there, and ask again if it still counts',
        },
      );
    }
  }

  /** What the ledger says came of it although no answer was recorded: the job it confirmed, the approval it gave. */
  async #cameTo({ of, person, command, args }: Ask): Promise<Answer | undefined> {
    const plan = of === undefined ? undefined : this.#state.asks[of]?.answered;
    if (plan?.outcome === 'started' && plan.job !== undefined)
      return { outcome: 'started', title: plan.title, job: plan.job };
    const { request } = args;
    if (of === undefined || command !== 'grant approve' || typeof request !== 'string') return undefined;
    const [approved] = (await this.#deps.grants.requests()).filter(
      ({ id, approvals }) => id.startsWith(request) && approvals.some(({ by }) => by === person),
    );
    return approved && { outcome: 'done', title: `Approved: ${approved.id}` };
  }

  /** Throws GITHUB_EDITED, GITHUB_BOT, PERSON_UNKNOWN. */
  #person({ action, comment: { user, performed_via_github_app: app }, sender }: CommentDelivery): string {
    if (action !== 'created') throw fail('GITHUB_EDITED');
    if (user.type !== 'User' || sender.id !== user.id || app != null)
      throw fail('GITHUB_BOT', { account: cut(user.login, 60) });
    return this.#deps.identify(user.id);
  }

  #project({ repository, issue }: CommentDelivery): string {
    const project = this.#deps.github.projectOf(repository);
    if (project === undefined)
      throw fail('GITHUB_PLACE', { where: `The repository ${repository.id} belongs to no project` });
    if (issue.pull_request === undefined) throw fail('GITHUB_PLACE', { where: 'This is no pull request' });
    return project;
  }

  #caller(delivery: string, person: string, account: number): Caller {
    return {
      person,
      via: 'github',
      account: String(account),
      interactive: true,
      interaction: interactionOf(delivery),
    };
  }

  async #understood(event: CommentDelivery, caller: Caller, project: string, at: number): Promise<Wish> {
    const { door, clock, speech } = this.#deps;
    // A delivery may come for the first time long after it was written: somebody pressed "Redeliver" over there.
    const written = Date.parse(event.comment.created_at ?? '');
    if (clock.now() - Math.min(at, Number.isNaN(written) ? at : written) > LATE)
      throw fail('GITHUB_LATE', { minutes: LATE / 60_000 });
    const line = (LINE.exec(event.comment.body.trimStart())?.[1] ?? '').trim();
    const words = line.split(/\s+/);
    if (words[0] === 'confirm') return this.#confirmed(event, caller.person, words);
    const catalogue = await door.catalogue(caller);
    const named = speech.named(catalogue, words);
    const text = named === undefined ? line : placed(words, named.length, named.spec.args);
    const said = speech.parse(catalogue, text);
    if (said === undefined)
      throw fail('GITHUB_NOT_HERE', { command: 'help', why: 'write `/reeve deploy staging`, for example' });
    await this.#allowed(said, named?.spec.kind, project);
    const takes = named?.spec.args.some(({ name }) => name === 'project') === true;
    const wish = { ...said, args: { ...said.args, ...(takes ? { project } : {}) } };
    if (named?.spec.kind !== 'privileged') return wish;
    const head = await headOf(this.#deps, event.repository, event.issue.number);
    return { ...(await this.#deps.bind(wish, named.spec, { project, sha: head })), head };
  }

  /** What is read by everybody who reads the repository is about its project alone. */
  async #allowed({ command, args }: Command, kind: string | undefined, project: string): Promise<void> {
    const no = (why: string): Error => fail('GITHUB_NOT_HERE', { command, why });
    if (command === 'grant approve' || command === 'grant deny') {
      const id = typeof args['request'] === 'string' ? args['request'] : '';
      const meant = (await this.#deps.grants.requests()).filter((one) => one.id.startsWith(id));
      if (meant.some((one) => one.project !== project)) throw no(`${id} is about another project`);
      return;
    }
    if (kind !== 'privileged') throw no('its answer would be read by everybody who reads the repository');
    if (args['project'] !== undefined && args['project'] !== project)
      throw no(`this repository belongs to ${project}`);
  }

  #confirmed({ repository, issue }: CommentDelivery, person: string, words: readonly string[]): Wish {
    const [, digest = '', typed] = words;
    const digits = digest.replace(/^sha256:/, '').toLowerCase();
    const since = this.#deps.clock.now() - CONFIRM_WITHIN;
    const of = Object.values(this.#state.asks).findLast(
      ({ answered, ...ask }) =>
        ask.person === person &&
        ask.repository.id === repository.id &&
        ask.pull === issue.number &&
        ask.at >= since &&
        answered?.outcome === 'confirm' &&
        digits.length >= DIGITS &&
        (answered.digest ?? '').replace(/^sha256:/, '').startsWith(digits),
    );
    if (of?.answered?.digest === undefined)
      throw fail('GITHUB_CONFIRM_UNKNOWN', {
        digest: cut(digest, 80) || '(nothing)',
        minutes: CONFIRM_WITHIN / 60_000,
      });
    const { command, args, reason } = of;
    return {
      command,
      args,
      of,
      confirm: of.answered.digest,
      ...(of.head === undefined ? {} : { head: of.head }),
      ...(reason === undefined ? {} : { reason }),
      ...(typed === undefined ? {} : { typed }),
    };
  }

  async #perform(delivery: string, caller: Caller, wish: Wish): Promise<void> {
    const { command, args, reason, confirm, typed, of } = wish;
    // However it is confirmed, it is the job that was asked for.
    const interaction = interactionOf(of?.delivery ?? delivery);
    const reply = await this.#deps.door.admit(
      { ...caller, interaction },
      {
        command,
        args,
        interactive: true,
        ...(reason === undefined ? {} : { reason }),
        ...(confirm === undefined ? {} : { confirm }),
        ...(typed === undefined ? {} : { typed }),
      },
    );
    const { text, whole } = this.#deps.speech.reply(reply);
    if (reply.confirm !== undefined && !whole)
      return this.#refuse(delivery, caller, fail('GITHUB_PLAN_LONG'));
    await this.#answer(delivery, { ...outcomeOf(reply, caller.person), title: reply.title }, text);
  }

  async #refuse(delivery: string, { person, via, account }: Caller, error: ReeveError): Promise<void> {
    const response = error.toResponse();
    const seq = await this.#deps.refused({ person, via, account }, '(comment)', response);
    if (seq !== undefined) response.ledger_seq = seq;
    const reply: Reply = {
      v: 1,
      command: '(comment)',
      ok: false,
      tone: 'bad',
      title: error.message,
      blocks: [],
      data: null,
      error: response,
    };
    await this.#answer(
      delivery,
      { outcome: 'refused', title: error.message },
      this.#deps.speech.reply(reply).text,
    );
  }

  async #answer(delivery: string, answer: Answer, text?: string): Promise<void> {
    const { ledger, artifacts, clean } = this.#deps;
    const said =
      text === undefined
        ? undefined
        : await artifacts.put(Buffer.from(clean(text)), { mediaType: 'text/markdown' });
    await ledger.append('github.answered', {
      delivery,
      ...answer,
      title: cut(clean(answer.title), 300),
      ...(said === undefined ? {} : { said }),
    });
  }
}

function outcomeOf(
  { error, confirm, job, data }: Reply,
  person: string,
): Pick<RecordBody<'github.answered'>, 'outcome' | 'digest' | 'typed' | 'job' | 'request'> {
  if (error !== undefined) return { outcome: 'refused' };
  if (confirm !== undefined) {
    const { digest, typed } = confirm;
    return { outcome: 'confirm', digest, ...(typed === undefined ? {} : { typed }) };
  }
  const started = JobId.safeParse(job?.id);
  if (started.success) return { outcome: 'started', job: started.data };
  const request = RequestId.safeParse(requestOf(data, person));
  return request.success ? { outcome: 'waits', request: request.data } : { outcome: 'done' };
}

/** A request that this person opened; one that was decided is somebody else's. */
function requestOf(data: Reply['data'], person: string): unknown {
  if (typeof data !== 'object' || data === null || !('request' in data)) return undefined;
  const { request } = data;
  if (typeof request !== 'object' || request === null || !('id' in request) || !('by' in request))
    return undefined;
  return request.by === person ? request.id : undefined;
}

function asError(error: unknown): { error: ReeveError } {
  if (!(error instanceof ReeveError)) throw error;
  return { error };
}
