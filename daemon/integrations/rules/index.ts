import { ReeveError } from '../../../contracts/errors.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import type { Alerts } from '../../ports/alerts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Config } from '../../ports/config.ts';
import type { Jobs } from '../../ports/jobs.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Mandates } from '../../ports/mandates.ts';
import type { StateView } from '../../ports/state.ts';
import type { Unattended } from '../../ports/unattended.ts';
import { readBack } from '../../read-back.ts';
import { cut } from '../../text.ts';
import { BadCondition } from './condition.ts';
import { compileRule, hears, matchRule, type Compiled, type Match } from './match.ts';
import { anchorOf, followsFrom, jobsIn } from './origin.ts';
import { readPayload, type Received } from './payload.ts';
import { keyOf, rulesProjection, type RulesState } from './projection.ts';

/** A delivery that waited longer for its rules, since no daemon ran, is not acted on any more, ms. */
const LATE = 3_600_000;
/** How far the ledger may be ahead of what it says was looked at, in deliveries. */
const BEHIND = 500;

export interface RulesDeps {
  clock: Pick<Clock, 'now'>;
  ledger: Pick<Ledger, 'append' | 'read' | 'subscribe'>;
  state: StateView;
  config: Config;
  jobs: Pick<Jobs, 'get' | 'list'>;
  mandates: Pick<Mandates, 'list' | 'requireUsable'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  admit(ask: Unattended): Promise<{ job_id: string }>;
  /** The body of a delivery. */
  body(delivery: Received): Promise<Buffer>;
  warn(what: string, error: unknown): void;
}

interface Waiting {
  delivery: Received;
  /** When it came, or a person had it handled once more, ms. */
  at: number;
  again: boolean;
  seq: number;
}

export const alertOf = (rule: string): string => `rule:${rule}:stopped`;

/** Looks at each delivery once, one after the other, in the order they came. */
export class RuleDesk {
  readonly #deps: RulesDeps;
  #rules: { from: object; compiled: Compiled[] } | undefined;
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;
  #unsaid = 0;

  constructor(deps: RulesDeps) {
    this.#deps = deps;
  }

  /** Begins with what came since the last look. Returns stop. */
  start(): () => Promise<void> {
    const { ledger } = this.#deps;
    const from = this.#state.looked;
    const unsubscribe = ledger.subscribe((record) => this.#saw(record));
    this.#then(async () => {
      await this.#closeOpen((job) => job !== undefined);
      // What comes meanwhile is looked at twice at most, and decided once.
      for await (const record of ledger.read(from)) {
        if (this.#stopped) return;
        const waiting = await this.#waitingOf(record);
        if (waiting !== undefined) await this.#consider(waiting);
      }
      await this.#closeOpen(() => true);
    });
    return async () => {
      this.#stopped = true;
      unsubscribe();
      await this.#tail;
    };
  }

  /** Resolves when everything that came was looked at. */
  settled(): Promise<void> {
    return this.#tail;
  }

  /** What each rule makes of a delivery now; the first part of an answer for people. */
  async matchAll(delivery: Received): Promise<{ rule: string; match: Match }[]> {
    const payload = await readPayload(this.#deps.body, delivery);
    return this.#compiled().map((rule) => ({
      rule: rule.name,
      match:
        typeof payload === 'string'
          ? {
              matches: false as const,
              heard: hears(rule.spec, delivery.source, delivery.event),
              why: payload,
            }
          : matchRule(rule, { event: payload.value, source: delivery.source, name: delivery.event }),
    }));
  }

  get #state(): RulesState {
    return this.#deps.state.get(rulesProjection);
  }

  #then(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(work).catch((error: unknown) => this.#deps.warn('rules', error));
  }

  #saw(record: LedgerRecord): void {
    if (record.type !== 'webhook.received' && record.type !== 'webhook.redelivered') return;
    this.#then(async () => {
      const waiting = this.#stopped ? undefined : await this.#waitingOf(record);
      if (waiting !== undefined) await this.#consider(waiting);
    });
  }

  async #waitingOf(record: LedgerRecord): Promise<Waiting | undefined> {
    if (record.type === 'webhook.received')
      return { delivery: record.body, at: record.ts, again: false, seq: record.seq };
    if (record.type !== 'webhook.redelivered') return undefined;
    const found = await readBack(
      this.#deps.ledger,
      { before: record.seq, since: 0 },
      (one): one is LedgerRecord<'webhook.received'> =>
        one.type === 'webhook.received' && one.body.delivery === record.body.delivery,
    );
    return found && { delivery: found.body, at: record.ts, again: true, seq: record.seq };
  }

  #compiled(): Compiled[] {
    const { rules } = this.#deps.config.current().config;
    if (this.#rules?.from !== rules) {
      const compiled = [];
      for (const [name, spec] of Object.entries(rules))
        try {
          compiled.push(compileRule(name, spec));
        } catch (error) {
          if (!(error instanceof BadCondition)) throw error;
          this.#deps.warn(`rule ${name}`, error);
        }
      this.#rules = { from: rules, compiled };
    }
    return this.#rules.compiled;
  }

  async #consider({ delivery, at, again, seq }: Waiting): Promise<void> {
    const { source, event } = delivery;
    const heard = this.#compiled().filter(({ spec }) => hears(spec, source, event));
    let said = false;
    if (heard.length > 0) {
      const payload = await readPayload(this.#deps.body, delivery);
      for (const rule of heard) {
        if (typeof payload === 'string') {
          said = await this.#decide(rule, delivery, 'unusable', payload, again);
          continue;
        }
        const match = matchRule(rule, { event: payload.value, source, name: event });
        if (match.matches) {
          await this.#act(rule, delivery, match.inputs, { at, again, named: jobsIn(payload.text) });
          said = true;
        }
      }
    }
    // Looking at a few again after a crash costs less than a record for each.
    if (!said && ++this.#unsaid < BEHIND) return;
    this.#unsaid = 0;
    if (!again) await this.#deps.ledger.append('rules.looked', { upto: seq + 1 });
  }

  async #act(
    rule: Compiled,
    delivery: Received,
    inputs: Extract<Match, { matches: true }>['inputs'],
    { at, again, named }: { at: number; again: boolean; named: string[] },
  ): Promise<void> {
    const { clock, mandates, jobs } = this.#deps;
    const { name, spec } = rule;
    const say = (decision: 'not_allowed' | 'loop' | 'stopped' | 'unusable', why: string): Promise<boolean> =>
      this.#decide(rule, delivery, decision, why, again, named);
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
    const loop = await followsFrom(name, named, jobs, this.#state);
    if (loop !== undefined)
      return void (await say(
        'loop',
        `it follows from ${loop}, which this rule started: it would go round in circles`,
      ));
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
      ...(named.length === 0 ? {} : { after: named }),
    });
    await this.#run(name, delivery, spec, inputs);
  }

  async #run(
    name: string,
    delivery: Received,
    spec: Compiled['spec'],
    inputs: Extract<Match, { matches: true }>['inputs'],
  ): Promise<void> {
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

  async #decide(
    { name }: Compiled,
    { delivery }: Received,
    decision: 'not_allowed' | 'loop' | 'stopped' | 'unusable',
    why: string,
    again: boolean,
    after: string[] = [],
  ): Promise<boolean> {
    if (!again && Object.hasOwn(this.#state.decided, keyOf(name, delivery))) return false;
    await this.#deps.ledger.append('rule.decided', {
      rule: name,
      delivery,
      decision,
      why: cut(why, 500),
      ...(after.length === 0 ? {} : { after }),
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
  async #closeOpen(now: (job: string | undefined) => boolean): Promise<void> {
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
