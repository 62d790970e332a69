import { fail } from '../../contracts/errors.ts';
import type { RuleDesk } from '../integrations/rules/index.ts';
import { keyOf, rulesProjection } from '../integrations/rules/projection.ts';
import type { Releasers } from '../lifecycle.ts';
import { own } from '../own.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { Rules, RuleView } from '../ports/rules.ts';
import { suggest } from '../suggest.ts';
import { effectOf } from './effects.ts';
import type { FeatureContext } from './features.ts';
import type { WebhooksFeature } from './webhooks.ts';

export interface RulesFeature {
  rules: Rules;
  metrics: readonly MetricFamily[];
  /** Resolves when every delivery that came was looked at. */
  settled(): Promise<void>;
  start(releasers: Releasers): Promise<void>;
}

/** What starts runbooks when somebody calls in. Loaded with the first rule. */
export function composeRules(
  { store, config, github, jobs, mandates, admit, warn }: FeatureContext,
  alerts: Alerts,
  { webhooks, bodyAt }: Pick<WebhooksFeature, 'webhooks' | 'bodyAt'>,
): RulesFeature {
  const { clock, ledger, state } = store;
  let opened: Promise<RuleDesk> | undefined;
  let started: Promise<() => Promise<void>> | undefined;
  const desk = (): Promise<RuleDesk> =>
    (opened ??= import('../integrations/rules/index.ts').then(
      ({ RuleDesk }) =>
        new RuleDesk({
          clock,
          ledger,
          state,
          config,
          jobs,
          mandates,
          alerts,
          admit,
          warn,
          effect: (delivery, payload) => effectOf({ state, config, github }, delivery, payload),
          body: ({ at, payload, delivery }) => bodyAt(at, payload.digest ?? '', delivery),
        }),
    ));
  const specs = () => config.current().config.rules;
  const begin = (): Promise<unknown> => {
    if (Object.keys(specs()).length === 0) return Promise.resolve();
    return (started ??= desk().then((there) => there.start()));
  };
  const view = (name: string): RuleView => {
    const spec = own(specs(), name);
    if (spec === undefined) {
      const near = suggest(name, Object.keys(specs()));
      throw fail('RULE_UNKNOWN', {
        rule: name,
        help: near === undefined ? '`reeve rules list` shows them.' : `Did you mean ${near}?`,
      });
    }
    const { runs, stopped } = state.get(rulesProjection);
    const ran = own(runs, name) ?? [];
    return {
      name,
      spec,
      runs: ran.filter((at) => at > clock.now() - spec.within).length,
      latest: ran.at(-1) ?? null,
      stopped: own(stopped, name) ?? null,
    };
  };

  const rules: Rules = {
    list: () => Object.keys(specs()).map(view),
    async explain(id) {
      const delivery = webhooks.get(id);
      const { effect, rules: matches } = await (await desk()).matchAll(delivery);
      const { decided } = state.get(rulesProjection);
      return {
        delivery,
        own: effect?.what ?? null,
        rules: matches.map(({ rule, match }) => {
          const known = own(decided, keyOf(rule, delivery.delivery));
          return {
            rule,
            matches: match.matches,
            why: match.matches ? 'it matches' : match.why,
            inputs: match.matches ? match.inputs : null,
            decided:
              known === undefined
                ? null
                : {
                    decision: known.decision,
                    why: known.failed ?? known.why,
                    at: known.at,
                    job: known.job ?? null,
                  },
          };
        }),
      };
    },
    async reset(rule, by) {
      if (view(rule).stopped === null) throw fail('RULE_NOT_STOPPED', { rule });
      await ledger.append('rule.reset', { rule, by });
      const { alertOf } = await import('../integrations/rules/decide.ts');
      await alerts.resolve(alertOf(rule), `reset by ${by}`);
    },
  };
  return {
    rules,
    async settled() {
      await (await opened)?.settled();
    },
    metrics: [
      {
        name: 'reeve_rule_stopped',
        help: 'Whether a rule was stopped because it started too much',
        kind: 'gauge',
        labels: ['rule'],
        *collect() {
          const { stopped } = state.get(rulesProjection);
          for (const name of Object.keys(specs())) yield [[name], Object.hasOwn(stopped, name) ? 1 : 0];
        },
      },
    ],
    async start(releasers) {
      await begin();
      const unwatch = config.onChange(() => void begin().catch((error: unknown) => warn('rules', error)));
      releasers.push('rules', async () => {
        unwatch();
        await (
          await started
        )?.();
      });
    },
  };
}
