import type { LedgerRecord } from '../../../contracts/record.ts';
import type { Config } from '../../ports/config.ts';
import type { Effect } from '../../ports/effect.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { readBack } from '../../read-back.ts';
import { BadCondition } from './condition.ts';
import { Decider, type DecideDeps } from './decide.ts';
import { compileRule, hears, matchRule, type Compiled, type Match } from './match.ts';
import { jobsIn } from './origin.ts';
import { readPayload, type Received } from './payload.ts';
import { rulesProjection, type RulesState } from './projection.ts';

/** How far the ledger may be ahead of what it says was looked at, in deliveries. */
const BEHIND = 500;

export interface RulesDeps extends DecideDeps {
  ledger: Pick<Ledger, 'append' | 'read' | 'subscribe'>;
  config: Config;
  /** The body of a delivery. */
  body(delivery: Received): Promise<Buffer>;
  /** What of it Reeve did itself. */
  effect(delivery: Received, payload: object): Promise<Effect | undefined>;
}

interface Waiting {
  delivery: Received;
  /** When it came, or a person had it handled once more, ms. */
  at: number;
  again: boolean;
  seq: number;
}

/** Looks at each delivery once, one after the other, in the order they came. */
export class RuleDesk {
  readonly #deps: RulesDeps;
  readonly #decider: Decider;
  #rules: { from: object; compiled: Compiled[] } | undefined;
  #tail: Promise<void> = Promise.resolve();
  #stopped = false;
  #unsaid = 0;

  constructor(deps: RulesDeps) {
    this.#deps = deps;
    this.#decider = new Decider(deps);
  }

  /** Begins with what came since the last look. Returns stop. */
  start(): () => Promise<void> {
    const { ledger } = this.#deps;
    const from = this.#state.looked;
    const unsubscribe = ledger.subscribe((record) => this.#saw(record));
    this.#then(async () => {
      await this.#decider.closeOpen((job) => job !== undefined);
      // What comes meanwhile is looked at twice at most, and decided once.
      for await (const record of ledger.read(from)) {
        if (this.#stopped) return;
        const waiting = await this.#waitingOf(record);
        if (waiting !== undefined) await this.#consider(waiting);
      }
      await this.#decider.closeOpen(() => true);
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

  /** What each rule makes of a delivery now, and what of it is our own; the first part of an answer for people. */
  async matchAll(
    delivery: Received,
  ): Promise<{ effect: Effect | undefined; rules: { rule: string; match: Match }[] }> {
    const payload = await readPayload(this.#deps.body, delivery);
    const rules = this.#compiled().map((rule) => ({
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
    const effect = typeof payload === 'string' ? undefined : await this.#deps.effect(delivery, payload.value);
    return { effect, rules };
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
      let effect: Promise<Effect | undefined> | undefined;
      for (const rule of heard) {
        if (typeof payload === 'string') {
          said = await this.#decider.refuse(rule, delivery, 'unusable', payload, again);
          continue;
        }
        const match = matchRule(rule, { event: payload.value, source, name: event });
        if (match.matches) {
          effect ??= this.#deps.effect(delivery, payload.value);
          await this.#decider.act(rule, delivery, match.inputs, {
            at,
            again,
            named: jobsIn(payload.text),
            effect: await effect,
          });
          said = true;
        }
      }
    }
    // Looking at a few again after a crash costs less than a record for each.
    if (!said && ++this.#unsaid < BEHIND) return;
    this.#unsaid = 0;
    if (!again) await this.#deps.ledger.append('rules.looked', { upto: seq + 1 });
  }
}
