import { z } from 'zod';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { askedOf } from './webhooks.ts';
import { adminAction, readAction } from '../ports/actions.ts';

const group = 'Webhooks';

export const rulesList = readAction({
  name: 'rules list',
  aliases: ['rules'],
  summary: 'What starts a runbook when somebody calls in, and what it did',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['rules list'],
  async run({ rules, mandates, people, caller }) {
    const state = new Map((await mandates.list()).map((one) => [one.id, one.state]));
    const seen = rules
      .list()
      .filter(({ spec }) => people.allows(caller.person, 'view', spec.project, spec.env))
      .map((one) => ({ ...one, mandate: state.get(`rule:${one.name}`) ?? 'pending' }));
    return {
      title: plural(seen.length, 'rule'),
      tone: seen.some(({ stopped }) => stopped !== null) ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Rule' },
            { label: 'On' },
            { label: 'Runs' },
            { label: 'Where' },
            { label: 'State' },
            { label: 'Lately', align: 'right' },
            { label: 'Newest' },
          ],
          rows: seen.map((one): Cell[] => [
            one.name,
            one.spec.on,
            one.spec.runbook,
            `${one.spec.project}/${one.spec.env}`,
            one.stopped !== null
              ? { tone: 'bad', text: `stopped: ${one.stopped.why}` }
              : one.mandate === 'accepted'
                ? { tone: 'good', text: 'accepted' }
                : { tone: 'warn', text: `${one.mandate}: reeve config accept` },
            `${one.runs}/${one.spec.max}`,
            one.latest === null ? 'never' : { time: one.latest },
          ]),
          empty: 'None. Add one under rules: in reeve.yaml.',
        },
      ],
      data: seen.map(({ name, spec, runs, latest, stopped, mandate }) => ({
        name,
        on: spec.on,
        if: spec.if ?? null,
        runbook: spec.runbook,
        project: spec.project,
        env: spec.env,
        runs,
        latest,
        stopped,
        mandate,
      })),
    };
  },
});

export const rulesExplain = readAction({
  name: 'rules explain',
  summary: 'What each rule makes of a delivery, and why',
  group,
  verb: 'administer',
  args: z.object({
    delivery: arg.string('its id, as `webhook list` shows it', { position: 0, max: 40 }),
  }),
  examples: ['rules explain dlv_3f2a91c0'],
  async run({ rules, webhooks }, args) {
    const { delivery, own, rules: explained } = await rules.explain(args.delivery);
    const command = webhooks.command(delivery.delivery);
    const matching = explained.filter((one) => one.matches).length;
    return {
      title: `${delivery.source} ${delivery.event}: ${matching} of ${plural(explained.length, 'rule')} ${matching === 1 ? 'matches' : 'match'}`,
      tone: 'info',
      blocks: [
        ...(own === null ? [] : [{ type: 'text' as const, text: `It is ${own}.` }]),
        ...(command === null ? [] : [{ type: 'text' as const, text: `It asked for ${askedOf(command)}` }]),
        {
          type: 'table',
          columns: [{ label: 'Rule' }, { label: 'Now' }, { label: 'When it came' }],
          rows: explained.map((one): Cell[] => [
            one.rule,
            one.matches ? { tone: 'good', text: `matches ${JSON.stringify(one.inputs)}` } : one.why,
            one.decided === null
              ? 'nothing was decided'
              : `${one.decided.decision}: ${one.decided.job ?? one.decided.why}`,
          ]),
          empty: 'There are no rules.',
        },
      ],
      data: {
        delivery: delivery.delivery,
        source: delivery.source,
        event: delivery.event,
        own,
        command,
        rules: explained.map((one) => ({ ...one })),
      },
    };
  },
});

export const rulesReset = adminAction({
  name: 'rules reset',
  type: 'reset_rule',
  summary: 'Let a rule that was stopped start things again',
  group,
  verb: 'administer',
  args: z.object({ rule: arg.string('its name', { position: 0, max: 64 }) }),
  examples: ['rules reset deploy-main'],
  async run({ rules, caller }, { rule }) {
    await rules.reset(rule, caller.person);
    return { title: `${rule} starts things again`, data: { rule }, targets: [{ kind: 'rule', id: rule }] };
  },
});
