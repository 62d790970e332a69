import { z } from 'zod';
import type { Json } from '../../contracts/json.ts';
import type { Cell, Tone } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { budgetLeft, percent } from '../figures.ts';
import { readAction } from '../ports/actions.ts';
import type { SloView } from '../ports/practice.ts';

const group = 'Practice';

const WORDS: Record<SloView['state'], { tone: Tone; text: string }> = {
  loading: { tone: 'info', text: 'counting' },
  blind: { tone: 'warn', text: 'no samples' },
  ok: { tone: 'good', text: 'ok' },
  burning: { tone: 'bad', text: 'burning' },
  spent: { tone: 'warn', text: 'spent' },
};
const rate = (value: number | null): Cell => (value === null ? '–' : `${value.toFixed(1)}×`);
const left = ({ budget_left }: SloView): Cell =>
  budget_left === null
    ? '–'
    : {
        tone: budget_left <= 0 ? 'bad' : budget_left < 0.25 ? 'warn' : 'good',
        text: budgetLeft(budget_left),
      };
const reached = ({ good, bad }: SloView): Cell => (good + bad === 0 ? '–' : percent(good / (good + bad), 4));
const days = (ms: number): string =>
  ms % 86_400_000 === 0 ? `${ms / 86_400_000}d` : `${Math.round(ms / 3_600_000)}h`;

/** A slower window burns on after an outage that a faster one has told: then it stays quiet for a while. */
function burnState({ min_bad }: SloView, burn: SloView['burns'][number]): Cell {
  if (burn.open) return { tone: 'bad', text: 'burning' };
  const above = Math.min(burn.long_rate ?? 0, burn.short_rate ?? 0) > burn.threshold && burn.bad >= min_bad;
  return above ? { tone: 'warn', text: 'told by a faster one' } : { tone: 'good', text: 'quiet' };
}

export const sloList = readAction({
  name: 'slo list',
  aliases: ['slo', 'slos'],
  summary: 'Service level objectives, what is left of their error budgets, and how fast it is spent',
  group,
  verb: 'view',
  args: z.object({ project: arg.project('only this project').optional() }),
  examples: ['slo list', 'slo list --project my-project --json'],
  run({ practice, people, caller }, args) {
    const all = practice.slos
      .list()
      .filter(({ project, env }) => people.allows(caller.person, 'view', project, env))
      .filter(({ project }) => args.project === undefined || project === args.project);
    const burning = all.filter(({ state }) => state === 'burning').length;
    return {
      title: all.length === 0 ? 'No objectives' : `${plural(all.length, 'objective')}, ${burning} burning`,
      tone: burning > 0 ? 'bad' : all.some(({ state }) => state === 'spent') ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Objective' },
            { label: 'Where' },
            { label: 'Goal', align: 'right' },
            { label: 'Reached', align: 'right' },
            { label: 'Window', align: 'right' },
            { label: 'Budget left', align: 'right' },
            { label: 'Burn 1h', align: 'right' },
            { label: 'Burn 6h', align: 'right' },
            { label: 'State' },
          ],
          rows: all.map((slo): Cell[] => [
            slo.name,
            `${slo.project}/${slo.env}`,
            `${slo.objective} %`,
            reached(slo),
            days(slo.window),
            left(slo),
            rate(slo.burns.find(({ window }) => window === '1h')?.long_rate ?? null),
            rate(slo.burns.find(({ window }) => window === '6h')?.long_rate ?? null),
            WORDS[slo.state],
          ]),
          empty: 'No objectives are set. They stand in reeve.yaml under `slos`.',
        },
      ],
      data: all as unknown as Json,
    };
  },
});

export const sloShow = readAction({
  name: 'slo show',
  summary: 'One objective: its samples, its error budget, its burn rates',
  group,
  verb: 'view',
  args: z.object({ slo: arg.string('name of the objective', { position: 0 }) }),
  examples: ['slo show shop'],
  run({ practice, people, caller }, args) {
    const slo = practice.slos.get(args.slo);
    people.require(caller.person, 'view', slo.project, slo.env);
    return {
      title: `${slo.title ?? slo.name}: ${WORDS[slo.state].text}`,
      tone: WORDS[slo.state].tone,
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'Objective', value: slo.name },
            { label: 'Where', value: `${slo.project}/${slo.env}` },
            {
              label: 'Goal',
              value: `${slo.objective} % of samples in ${days(slo.window)}${slo.latency === null ? '' : `, each within ${slo.latency} ms`}`,
            },
            { label: 'Reached', value: reached(slo) },
            { label: 'Samples', value: `${slo.good} good, ${slo.bad} bad` },
            { label: 'Allowed', value: `${Math.floor(slo.allowed)} bad` },
            { label: 'Budget left', value: left(slo) },
            { label: 'Probes', value: slo.probes.join(', ') },
          ],
        },
        {
          type: 'table',
          columns: [
            { label: 'Alert' },
            { label: 'Severity' },
            { label: 'Above', align: 'right' },
            { label: 'Long', align: 'right' },
            { label: 'Short', align: 'right' },
            { label: 'Bad', align: 'right' },
            { label: 'State' },
          ],
          rows: slo.burns.map((burn): Cell[] => [
            `${burn.window} and ${burn.short}`,
            burn.severity,
            rate(burn.threshold),
            rate(burn.long_rate),
            rate(burn.short_rate),
            burn.bad,
            burnState(slo, burn),
          ]),
          empty: 'Its window is shorter than that of any alert.',
        },
        {
          type: 'hint',
          text: `Both windows must burn faster than that, with at least ${slo.min_bad} bad samples in the long one.`,
        },
      ],
      data: slo as unknown as Json,
    };
  },
});
