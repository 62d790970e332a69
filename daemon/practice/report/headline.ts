import { plural } from '../../../contracts/units.ts';
import { inMarkdown } from '../../markdown.ts';
import type { WeeklyReport } from '../../ports/practice.ts';
import { budgetLeft, words } from '../../figures.ts';

const list = (names: readonly string[]): string =>
  names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');

/** The week in a few lines: what went wrong, with its name, before what went well. */
export function headlines(report: WeeklyReport): string[] {
  return [
    incidents(report),
    objectives(report),
    deployments(report),
    drills(report),
    schedules(report),
    reviews(report),
  ].flat();
}

function incidents({ incidents: all }: WeeklyReport): string[] {
  const open = all.filter(({ ended }) => ended === null);
  const unreviewed = all.filter(
    ({ ended, reviewed, severity }) => ended !== null && !reviewed && severity === 'page',
  );
  if (all.length === 0) return ['No incidents.'];
  const longest = Math.max(0, ...all.map(({ began, ended }) => (ended ?? began) - began));
  return [
    `${plural(all.length, 'incident')}${longest > 0 ? `, the longest of ${words(longest)}` : ''}.`,
    ...(open.length === 0 ? [] : [`**Open**: ${list(open.map(({ title }) => inMarkdown(title, 100)))}.`]),
    ...(unreviewed.length === 0 ? [] : [`${plural(unreviewed.length, 'incident')} without a review.`]),
  ];
}

function objectives({ slos }: WeeklyReport): string[] {
  if (slos.length === 0) return [];
  const named = (state: string): string[] =>
    slos.filter(({ slo }) => slo.state === state).map(({ slo }) => slo.name);
  const missed = slos.filter(({ slo }) => (slo.budget_left ?? 1) <= 0).map(({ slo }) => slo.name);
  const least = Math.min(...slos.map(({ slo }) => slo.budget_left ?? 1));
  return [
    ...(named('burning').length === 0 ? [] : [`**Burning now**: ${list(named('burning'))}.`]),
    ...(named('blind').length === 0 ? [] : [`**Without samples**: ${list(named('blind'))}.`]),
    missed.length > 0
      ? `**Error budget spent**: ${list(missed)}.`
      : `No error budget is spent; the least that is left of one is ${budgetLeft(least)}.`,
  ];
}

function deployments({ dora }: WeeklyReport): string[] {
  const total = dora.reduce((sum, { deployments: n }) => sum + n, 0);
  const failed = dora.reduce((sum, view) => sum + view.failed.length, 0);
  if (total + failed === 0) return ['No deployments.'];
  return [
    `${plural(total, 'deployment')}, ${failed === 0 ? 'none of which failed' : `**${failed} failed**`}.`,
  ];
}

function drills({ drills: all }: WeeklyReport): string[] {
  const bad = all.filter(({ last }) => last.verdict !== 'PASS').map(({ drill }) => drill);
  const idle = all.filter(({ runs }) => runs === 0).map(({ drill }) => drill);
  const over = all
    .filter(
      ({ rpo_ms, objective_rpo_ms, rto_ms, objective_rto_ms }) =>
        (rpo_ms ?? 0) > (objective_rpo_ms ?? Infinity) || (rto_ms ?? 0) > (objective_rto_ms ?? Infinity),
    )
    .map(({ drill }) => drill);
  if (all.length === 0) return ['**No restore drill has run.**'];
  return [
    ...(bad.length === 0 ? [] : [`**Drills that did not pass last**: ${list(bad)}.`]),
    ...(over.length === 0 ? [] : [`**Beyond their objective**: ${list(over)}.`]),
    ...(idle.length === 0 ? [] : [`Drills that did not run: ${list(idle)}.`]),
    ...(bad.length + over.length + idle.length === 0 ? [`Every drill ran and passed (${all.length}).`] : []),
  ];
}

function schedules({ schedules: all }: WeeklyReport): string[] {
  const old = all.filter(({ too_old }) => too_old).map(({ name }) => name);
  const missed = all.filter((row) => row.missed > 0);
  const slots = missed.reduce((sum, row) => sum + row.missed, 0);
  return [
    ...(old.length === 0 ? [] : [`**Not passed for too long**: ${list(old)}.`]),
    ...(slots === 0 ? [] : [`${plural(slots, 'slot')} missed: ${list(missed.map(({ name }) => name))}.`]),
  ];
}

function reviews({ reviews: of, made }: WeeklyReport): string[] {
  if (of === null || of.oldest === null) return [];
  return [`**${plural(of.open, 'break-glass review')} open**, the oldest for ${words(made - of.oldest)}.`];
}
