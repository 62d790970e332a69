import { ReeveError } from '../../../contracts/errors.ts';
import { own } from '../../own.ts';
import type { Alerts } from '../../ports/alerts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Effect } from '../../ports/effect.ts';
import type { Jobs } from '../../ports/jobs.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Mandates } from '../../ports/mandates.ts';
import type { StateView } from '../../ports/state.ts';
import type { Unattended } from '../../ports/unattended.ts';
import { cut } from '../../text.ts';
import type { Compiled, Match } from './match.ts';
import { anchorOf, followsFrom } from './origin.ts';
import type { Received } from './payload.ts';
import { keyOf, rulesProjection, type RulesState } from './projection.ts';

/** A delivery that waited longer for its rules, since no daemon ran, is not acted on any more, ms. */
const LATE = 3_600_000;
/** Jobs that a record has room for. */
const MAX_AFTER = 20;

export interface DecideDeps {
  clock: Pick<Clock, 'now'>;
  ledger: Pick<Ledger, 'append'>;
  state: StateView;
  jobs: Pick<Jobs, 'get' | 'list'>;
  mandates: Pick<Mandates, 'list' | 'requireUsable'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  admit(ask: Unattended): Promise<{ job_id: string }>;
  warn(what: string, error: unknown): void;
}

type Inputs = Extract<Match, { matches: true }>['inputs'];
type No = 'not_allowed' | 'loop' | 'stopped' | 'unusable';

/** When and how a delivery is looked at, and what it may have followed from. */
export interface Circumstances {
  /** When it came, or a person had it handled once more, ms. */
  at: number;
  again: boolean;
  /** Jobs that the payload names. */
  named: readonly string[];
  effect: Effect | undefined;
}

export const alertOf = (rule: string): string => `rule:${rule}:stopped`;

/** What comes of a rule that matches a delivery: once, and written down before anything starts. */
export class Decider {
  readonly #deps: DecideDeps;

  constructor(deps: DecideDeps) {
    this.#deps = deps;
  }

  get #state(): RulesState {
    return this.#deps.state.get(rulesProjection);
  }

  async act(
    rule: Compiled,
    delivery: Received,
    inputs: Inputs,
    { at, again, named, effect }: Circumstances,
  ): Promise<void> {
    const { clock, mandates } = this.#deps;
    const { name, spec } = rule;
    const after = [...new Set([...named, ...(effect?.jobs ?? [])])].slice(0, MAX_AFTER);
    const say = (decision: No, why: string): Promise<boolean> =>
      this.refuse(rule, delivery, decision, why, again, after);
    const key = keyOf(name, delivery.delivery);
    const before = own(this.#state.decided, key);
    // No job came of it: the daemon ended in between, or it was refused and a person has it looked at once more.
    const open = this.#state.open.includes(key) || (again && before?.failed !== undefined);
    if (before !== undefined && !open && (before.decision === 'run' || !again)) return;
    const now = clock.now();
    if (now - at > LATE)
      return void (await say(
        'unusable',
        'no daemon looked at it for more than an hour; redeliver it if it still counts',
      ));
    const { stopped } = this.#state;
    if (Object.hasOwn(stopped, name))
      return void (await say('stopped', `stopped: ${stopped[name]?.why ?? ''}`));
    const circle = await this.#circle(name, after, effect);
    if (circle !== undefined) return void (await say('loop', circle));
    const runs = (own(this.#state.runs, name) ?? []).filter((ran) => ran > now - spec.within);
    if (runs.length >= spec.max) {
      await this.#stop(
        name,
        delivery,
        `it started ${runs.length} jobs within ${Math.round(spec.within / 60_000)} min`,
      );
      return void (await say('stopped', 'it started too much; see `reeve rules list`'));
    }
    try {
      await mandates.requireUsable(`rule:${name}`);
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      return void (await say('not_allowed', error.message));
    }
    const accepted = (await mandates.list()).find(({ id }) => id === `rule:${name}`)?.at ?? 0;
    if (accepted > at) return void (await say('not_allowed', 'it came before the rule was accepted'));
    await this.#deps.ledger.append('rule.decided', {
      rule: name,
      delivery: delivery.delivery,
      decision: 'run',
      why: `${delivery.source}.${delivery.event}`,
      ...(after.length === 0 ? {} : { after }),
    });
    await this.#run(name, delivery, spec, inputs);
  }

  /** Why it would go round in circles. */
  async #circle(
    rule: string,
    after: readonly string[],
    effect: Effect | undefined,
  ): Promise<string | undefined> {
    const circle = 'it would go round in circles';
    if (effect?.talk === true) return `it is ${effect.what}: ${circle}`;
    const job = await followsFrom(rule, after, this.#deps.jobs, this.#state);
    if (job === undefined) return undefined;
    const by = effect?.jobs.includes(job) === true ? `it is ${effect.what}, and follows` : 'it follows';
    return `${by} from ${job}, which this rule started: ${circle}`;
  }

  async #run(name: string, delivery: Received, spec: Compiled['spec'], inputs: Inputs): Promise<void> {
    const outcome: { job?: string; why?: string } = {};
    try {
      const { job_id } = await this.#deps.admit({
        mandate: `rule:${name}`,
        via: 'webhook',
        runbook: spec.runbook,
        project: spec.project,
        env: spec.env,
        inputs,
        anchor: { kind: 'delivery', id: anchorOf(name, delivery.delivery) },
        reason: `rule ${name}: ${delivery.source} ${delivery.event} (${delivery.delivery})`,
      });
      outcome.job = job_id;
    } catch (error) {
      if (!(error instanceof ReeveError)) this.#deps.warn(`rule ${name}`, error);
      outcome.why = cut(error instanceof Error ? error.message : String(error), 500);
    }
    await this.#deps.ledger.append('rule.ran', { rule: name, delivery: delivery.delivery, ...outcome });
  }

  /** False: it was decided before. */
  async refuse(
    { name }: Compiled,
    { delivery }: Received,
    decision: No,
    why: string,
    again: boolean,
    after: readonly string[] = [],
  ): Promise<boolean> {
    if (!again && Object.hasOwn(this.#state.decided, keyOf(name, delivery))) return false;
    await this.#deps.ledger.append('rule.decided', {
      rule: name,
      delivery,
      decision,
      why: cut(why, 500),
      ...(after.length === 0 ? {} : { after: [...after] }),
    });
    return true;
  }

  async #stop(rule: string, { delivery }: Received, why: string): Promise<void> {
    await this.#deps.ledger.append('rule.stopped', { rule, delivery, why });
    await this.#deps.alerts.raise({
      key: alertOf(rule),
      severity: 'warn',
      source: 'daemon',
      title: `The rule ${rule} is stopped`,
      text: `${why}, and starts nothing more. See what drives it, then: reeve rules reset ${rule}`,
    });
  }

  /** Decided, and no more known: the daemon ended in between. Said where `now` agrees; the rest is considered again. */
  async closeOpen(now: (job: string | undefined) => boolean): Promise<void> {
    const { jobs, ledger } = this.#deps;
    for (const key of [...this.#state.open]) {
      const [rule = '', delivery = ''] = key.split(' ');
      const anchor = anchorOf(rule, delivery);
      const job = jobs.list().find(({ spec: { anchor: of } }) => of.kind === 'delivery' && of.id === anchor)
        ?.spec.job_id;
      const why = 'the daemon ended before the job was queued; redeliver it if it still counts';
      if (now(job))
        await ledger.append('rule.ran', { rule, delivery, ...(job === undefined ? { why } : { job }) });
    }
  }
}
