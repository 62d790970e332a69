import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { own } from '../own.ts';
import { adminAction, readAction } from '../ports/actions.ts';

const group = 'Incidents';

export const healStatus = readAction({
  name: 'heal status',
  summary: 'Healing rules: their budget, breaker, mandate and last heal',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['heal status'],
  async run({ incidents, mandates, people, caller }) {
    const states = new Map((await mandates.list()).map((m) => [m.id, m]));
    const rules = incidents
      .heals()
      .filter(({ project, env }) => people.allows(caller.person, 'view', project, env))
      .map((rule) => ({ ...rule, mandate: states.get(`heal:${rule.rule}`)?.state ?? 'pending' }));
    const stuck = rules.filter(({ breaker, mandate }) => breaker === 'open' || mandate !== 'accepted');
    return {
      title:
        rules.length === 0
          ? 'No healing rules'
          : `${plural(rules.length, 'healing rule')}, ${stuck.length} idle`,
      tone: stuck.length > 0 ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Rule' },
            { label: 'Runs' },
            { label: 'Where' },
            { label: 'Budget', align: 'right' },
            { label: 'Within', align: 'right' },
            { label: 'Breaker' },
            { label: 'Mandate' },
            { label: 'Last' },
            { label: 'Outcome' },
          ],
          rows: rules.map((r): Cell[] => [
            r.rule,
            r.runbook,
            `${r.project}/${r.env}`,
            `${r.used}/${r.max}`,
            { duration: r.within },
            r.breaker === 'open' ? { tone: 'bad', text: `open: ${r.why}` } : { tone: 'good', text: 'closed' },
            { tone: r.mandate === 'accepted' ? 'good' : 'warn', text: r.mandate },
            r.last === null ? 'never' : { time: r.last.at },
            r.busy === null ? (r.last?.outcome ?? '–') : `heals ${r.busy}`,
          ]),
          empty: 'Nothing heals by itself. Add rules under `healing:` in reeve.yaml.',
        },
        ...stuck.map(({ rule, breaker }) => ({
          type: 'hint' as const,
          text:
            breaker === 'open'
              ? `Let ${rule} heal again, when its cause is known: reeve heal reset ${rule} --reason "…"`
              : `${rule} may not run before somebody has read and accepted it: reeve config diff heal:${rule}`,
        })),
      ],
      data: rules,
    };
  },
});

export const healReset = adminAction({
  name: 'heal reset',
  type: 'reset_breaker',
  summary: 'Close the breaker of a healing rule and start its budget anew',
  group,
  verb: 'deploy',
  needsReason: true,
  args: z.object({ rule: arg.string('the rule, as `heal status` shows it', { position: 0, max: 64 }) }),
  examples: ['heal reset restart-web --reason "the disk was full, it is not any more"'],
  async run({ incidents, config, people, caller, reason }, args) {
    const spec = own(config.current().config.healing, args.rule);
    if (spec === undefined) throw fail('HEAL_UNKNOWN', { rule: args.rule });
    people.require(caller.person, 'deploy', spec.project, spec.env);
    const view = () => incidents.heals().find(({ rule }) => rule === args.rule);
    const before = view();
    await incidents.resetBreaker(args.rule, caller.person, reason);
    return {
      title:
        before?.breaker === 'open'
          ? `${args.rule} heals again`
          : `The breaker of ${args.rule} was closed; its budget starts anew`,
      data: { rule: args.rule, before: before?.breaker ?? 'closed', after: view()?.breaker ?? 'closed' },
      before: { breaker: before?.breaker ?? 'closed', used: before?.used ?? 0 },
      after: { breaker: 'closed', used: 0 },
      targets: [{ kind: 'heal', id: args.rule }],
    };
  },
});
