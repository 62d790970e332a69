import { fail } from '../../contracts/errors.ts';
import type { EstateConfig } from '../../contracts/estate.ts';
import { lastEnvironments } from '../estate-places.ts';
import type { Releasers } from '../lifecycle.ts';
import { plainOf } from '../markdown.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { Practice, Slos } from '../ports/practice.ts';
import type { Probes } from '../ports/probes.ts';
import { practiceMetrics, type ScheduleFigures } from '../practice/metrics.ts';
import { sloMetrics } from '../practice/slo/metrics.ts';
import type { Commits } from '../practice/commits.ts';
import { changesWithCommit } from '../practice/fold/changes.ts';
import { dora, type CommitTime } from '../practice/dora.ts';
import { practiceProjection } from '../practice/fold/projection.ts';
import type { PracticeState } from '../practice/fold/state.ts';
import type { OpenedSlos } from '../practice/slo/index.ts';
import { schedules, scheduleState, type SchedulesState } from '../schedule/projection.ts';
import { suggest } from '../suggest.ts';
import type { FeatureContext } from './features.ts';
import { drillReader } from './readers.ts';

/** How far back the gauges of deployments look, ms. */
const MONTH_MS = 30 * 86_400_000;

export interface PracticeFeature {
  practice: Practice;
  metrics: readonly MetricFamily[];
  start(releasers: Releasers): void;
}

/** An opening that failed is tried again after this, ms. */
const AGAIN_MS = 60_000;

/** The numbers of the practice. The code of objectives is loaded with the first of them, the others when somebody asks. */
export function composePractice(
  { store, config, runbooks, jobs, clean, warn }: FeatureContext,
  alerts: Alerts,
  probes: Probes,
): PracticeFeature {
  let opened: OpenedSlos | undefined;
  let opening: Promise<void> | undefined;
  let cancel = (): void => {};

  const needed = (): boolean =>
    Object.keys(config.current().config.slos).length > 0 ||
    // The alert of an objective that is no more has to be closed.
    alerts.list().some(({ key, state }) => state === 'open' && key.startsWith('slo:'));
  async function open(): Promise<void> {
    const { openSlos } = await import('../practice/slo/index.ts');
    opened = openSlos({
      clock: store.clock,
      config: () => config.current().config,
      probes,
      alerts,
      maintenance,
      warn,
    });
  }
  async function maintenance(): Promise<(probe: string, at: number) => boolean> {
    const { maintenance: specs, probes: known } = config.current().config;
    if (Object.keys(specs).length === 0) return () => false;
    const { readWindow, windowOf } = await import('../probes/maintenance.ts');
    const windows = await Promise.all(Object.entries(specs).map(([name, spec]) => readWindow(name, spec)));
    return (probe, at) => {
      const spec = known[probe];
      return spec !== undefined && windowOf(windows, probe, spec, at) !== null;
    };
  }
  const changed = (): void => {
    if (opened !== undefined) opened.reload();
    else if (needed())
      opening ??= open().catch((error: unknown) => {
        warn('the objectives', error);
        cancel = store.clock.after(AGAIN_MS, () => {
          opening = undefined;
          changed();
        });
      });
  };

  const slos: Slos = {
    list: () => opened?.list() ?? [],
    get(name) {
      const found = opened?.book.view(name);
      if (found !== undefined) return found;
      const near = suggest(name, opened?.book.names() ?? []);
      const help = near === undefined ? '`reeve slo list`' : `\`reeve slo show ${near}\``;
      throw fail('SLO_UNKNOWN', { name, help });
    },
    between: (name, from, to) => opened?.book.between(name, from, to) ?? null,
  };

  const state = (): PracticeState => store.state.get(practiceProjection);
  const estate = (): EstateConfig => config.current().config;
  let commits: Commits | undefined;
  /** Asks Git for the commits of the deployments that ended in [from, to). */
  async function learn(from: number, to: number): Promise<void> {
    const changes = changesWithCommit(state(), from, to);
    if (changes.length === 0) return;
    const { openCommits } = await import('../practice/commits.ts');
    commits ??= openCommits({ clock: store.clock, config });
    await commits.learn(changes);
  }
  const commitTime: CommitTime = (change) => commits?.time(change);
  const practice: Practice = {
    slos,
    async dora(places, from, to) {
      await learn(from, to);
      return places.map((place) => dora(state(), place, [from, to], commitTime));
    },
    async weekly(asked) {
      const { weekly } = await import('../practice/report/weekly.ts');
      const { config: estate } = config.current();
      const places = lastEnvironments(estate, { project: asked.project }).filter(asked.may);
      return weekly(
        {
          estate: estate.estate.title ?? estate.estate.name,
          timezone: estate.estate.timezone,
          state: state(),
          slos: slos.list(),
          between: (name, from, to) => slos.between(name, from, to),
          dora: await practice.dora(places, asked.from, asked.to),
          drills: drillReader(store.state).history(),
          schedules: scheduleFigures(estate, store.state.get(schedules)),
          now: store.clock.now(),
        },
        asked,
      );
    },
    async digest(asked) {
      const { makeDigest } = await import('./digest.ts');
      return makeDigest({ store, config, runbooks, jobs, clean, weekly: practice.weekly }, asked);
    },
    async written(report) {
      const { titleOf, weeklyMarkdown } = await import('../practice/report/markdown.ts');
      const { headlines } = await import('../practice/report/headline.ts');
      return {
        title: titleOf(report),
        headline: headlines(report).map(plainOf).join('\n'),
        markdown: weeklyMarkdown(report),
      };
    },
  };

  return {
    practice,
    metrics: [
      ...sloMetrics(() => slos.list()),
      ...practiceMetrics({
        state,
        commitTime,
        places: () => lastEnvironments(estate()),
        drills: () => drillReader(store.state).history(),
        schedules: () => scheduleFigures(estate(), store.state.get(schedules)),
        now: () => store.clock.now(),
      }),
    ],
    start(releasers) {
      const unsubscribe = config.onChange(changed);
      changed();
      const learnt = (at: number): void =>
        void learn(at, Infinity).catch((error: unknown) => warn('the commits of deployments', error));
      const unsubscribeLedger = store.ledger.subscribe(({ type, body, ts }) => {
        if (type === 'job.attempt' && body.attempt.status === 'PASS') learnt(ts);
      });
      learnt(store.clock.now() - MONTH_MS);
      releasers.push('objectives', async () => {
        unsubscribe();
        unsubscribeLedger();
        cancel();
        await opening;
        await opened?.stop();
      });
    },
  };
}

function scheduleFigures(estate: EstateConfig, known: SchedulesState): ScheduleFigures[] {
  return Object.entries(estate.schedules).flatMap(([name, { project, env, max_age = null }]) => {
    const found = scheduleState(known, name);
    if (found === undefined) return [];
    const { passed, since, paused } = found;
    return [
      {
        name,
        project,
        env,
        max_age,
        passed: passed ?? since,
        ever: passed !== null,
        paused: paused !== null,
      },
    ];
  });
}
