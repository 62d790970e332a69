import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EstateConfig } from '../../contracts/estate.ts';
import { systemClock } from '../../daemon/clock.ts';
import { lastEnvironments } from '../../daemon/estate-places.ts';
import type { Config } from '../../daemon/ports/config.ts';
import type { DoraView } from '../../daemon/ports/practice.ts';
import { openCommits } from '../../daemon/practice/commits.ts';
import { dora, type CommitTime } from '../../daemon/practice/dora.ts';
import { changesWithCommit } from '../../daemon/practice/fold/changes.ts';
import { practiceProjection } from '../../daemon/practice/fold/projection.ts';
import { MAX_CHANGES, MAX_INCIDENTS, MAX_TRAIL } from '../../daemon/practice/fold/state.ts';
import { tempDir } from '../helpers/ledger.ts';
import { MemoryLedger } from '../helpers/memory-ledger.ts';
import { Book } from './book.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PROD = { project: 'shop', env: 'prod' };

const view = (book: Book, span = 28 * DAY, commit: CommitTime = () => undefined): DoraView =>
  dora(book.state, PROD, [book.clock.now() - span, book.clock.now() + 1], commit);

test('deployments and promotions that passed are counted, where they went', async () => {
  const book = new Book();
  await book.job();
  await book.job({ action: 'promote' });
  await book.job({ ends: ['FAIL', 'PASS'] });
  await book.job({ ends: ['FAIL'] });
  await book.job({ ends: ['CANCELLED'] });
  await book.job({ env: 'dev' });
  await book.job({ project: 'other' });
  await book.job({ action: 'patch' });
  expect(view(book)).toMatchObject({
    deployments: 3,
    per_week: expect.closeTo(0.75, 6),
    not_passed: 2,
    failed: [],
    change_failure_rate: 0,
    recovery: { count: 0, median: null, open: 0 },
    complete: true,
  });
  book.wait(29 * DAY);
  expect(view(book)).toMatchObject({ deployments: 0, change_failure_rate: null });
});

test('one deployment made of others in the same place is one; one that a pipeline calls counts', async () => {
  const book = new Book();
  const whole = await book.job();
  await book.job({ action: 'promote', parent: whole });
  await book.job({ env: 'dev', parent: whole });
  const pipeline = await book.job({ action: 'run' });
  await book.job({ parent: pipeline });
  expect(view(book).deployments).toBe(2);
  expect(dora(book.state, { project: 'shop', env: 'dev' }, [0, Infinity], () => undefined).deployments).toBe(
    1,
  );
});

test('an outcome that a person settled counts as they said, from when it ended', async () => {
  const book = new Book();
  const job = await book.job({ ends: ['UNKNOWN'] });
  expect(view(book)).toMatchObject({ deployments: 0, not_passed: 1 });
  await book.ledger.append('job.resolved', { job_id: job, as: 'PASS', by: 'ana', reason: 'it is there' });
  expect(view(book)).toMatchObject({ deployments: 1, not_passed: 0 });
});

test('a deployment failed only when somebody said so: an incident right after it is no evidence', async () => {
  const book = new Book();
  const good = await book.job();
  const bad = await book.job();
  const incident = await book.incident({ job: bad }, MINUTE);
  await book.ledger.append('incident.linked', { id: incident, kind: 'related', job: bad, by: 'ana' });
  await book.ledger.append('incident.linked', { id: incident, kind: 'fixed_by', job: good, by: 'ana' });
  expect(view(book)).toMatchObject({
    failed: [],
    change_failure_rate: 0,
    incidents: 1,
    restore: { open: 1 },
  });
  await book.caused(incident, bad);
  await book.caused(incident, bad);
  expect(view(book)).toMatchObject({
    failed: [bad],
    change_failure_rate: 0.5,
    recovery: { count: 0, open: 1 },
  });
  book.wait(40 * MINUTE);
  await book.resolve(incident);
  const spent = { count: 1, median: 41 * MINUTE, longest: 41 * MINUTE, open: 0 };
  expect(view(book)).toMatchObject({ recovery: spent, restore: spent });
  expect(book.state.totals).toEqual({ 'shop/prod': { passed: 2, failed: 1 } });
});

test('recovery goes on with an incident that came back, and to the end of the last of several', async () => {
  const book = new Book();
  const job = await book.job();
  const one = await book.incident();
  const two = await book.incident({}, 5 * MINUTE);
  await book.caused(one, job);
  await book.caused(two, job);
  book.wait(10 * MINUTE);
  await book.resolve(two);
  expect(view(book).recovery).toMatchObject({ count: 0, open: 1 });
  await book.resolve(one);
  await book.ledger.append('incident.reopened', { id: one, why: 'again', by: 'daemon' });
  expect(view(book).recovery).toMatchObject({ count: 0, open: 1 });
  book.wait(10 * MINUTE);
  await book.resolve(one);
  expect(view(book).recovery).toMatchObject({ count: 1, median: 25 * MINUTE });
});

test('a deployment that was rolled back failed; going back and forth afterwards blames no other', async () => {
  const book = new Book();
  const first = await book.job();
  const second = await book.job();
  await book.job({ env: 'dev' });
  book.wait(9 * MINUTE);
  await book.job({ action: 'rollback', ends: ['FAIL'] });
  expect(view(book).failed).toEqual([]);
  await book.job({ action: 'rollback', takes: MINUTE });
  // Nine minutes, the rollback that failed, and the one that did not.
  expect(view(book)).toMatchObject({
    deployments: 2,
    failed: [second],
    change_failure_rate: 0.5,
    recovery: { count: 1, median: 12 * MINUTE },
  });
  await book.job({ action: 'rollback' });
  expect(view(book).failed).toEqual([second]);
  expect(book.state.changes[first]?.undone).toBeNull();
  const third = await book.job();
  await book.job({ action: 'rollback' });
  expect(view(book).failed).toEqual([second, third]);
  expect(book.state.totals['shop/prod']).toEqual({ passed: 3, failed: 2 });
});

test('a deployment that did not pass and did harm is a change that failed; a rollback is never one', async () => {
  const book = new Book();
  await book.job();
  const bad = await book.job({ ends: ['FAIL'] });
  const back = await book.job({ action: 'rollback', ends: ['FAIL'] });
  const incident = await book.incident();
  await book.caused(incident, bad);
  await book.caused(incident, back);
  expect(view(book)).toMatchObject({ deployments: 1, failed: [bad], change_failure_rate: 0.5 });
});

test('lead time is known where a commit is, in whichever form; else it is unknown, never guessed', async () => {
  const book = new Book();
  const at = book.clock.now() - 2 * HOUR;
  const iso = new Date(at).toISOString();
  const seconds = Math.floor(at / 1000);
  for (const commit_time of [
    iso,
    `${iso.slice(0, 19)}+00:00`,
    `${iso.slice(0, 10)} ${iso.slice(11, 19)} +0000`.replace(' +', '+'),
    String(seconds),
    String(at),
    at,
  ])
    await book.job({ inputs: { commit_time }, takes: 0 });
  await book.job({ outputs: { commit_time: iso }, takes: 0 });
  expect(view(book).lead).toEqual({ count: 7, median: 2 * HOUR, longest: 2 * HOUR, unknown: 0 });
  for (const commit_time of ['yesterday', '2026-06-01', '12', true, new Date(at + DAY).toISOString()])
    await book.job({ inputs: { commit_time }, takes: 0 });
  await book.job({ inputs: { commit: '--help' } });
  await book.job();
  expect(view(book).lead).toMatchObject({ count: 7, unknown: 7 });
});

test('a commit is asked of the repository of the project, by its whole or short name', async () => {
  const root = await tempDir();
  const git = (...argv: string[]): string =>
    execFileSync('git', argv, {
      cwd: root,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@b',
        GIT_COMMITTER_NAME: 'c <committer 1 +0000>',
        GIT_COMMITTER_EMAIL: 'c@d',
        GIT_AUTHOR_DATE: '2026-05-30T00:00:00+02:00',
        GIT_COMMITTER_DATE: '2026-05-31T08:00:00+02:00',
      },
    }).trim();
  git('init', '-q', '-b', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'subject\n\ncommitter x <x@y> 1 +0000');
  const commit = git('rev-parse', 'HEAD');
  const config = {
    current: () => ({
      root,
      config: EstateConfig.parse({
        version: 1,
        estate: { name: 't' },
        projects: {
          shop: { environments: { prod: {} } },
          gone: { path: 'gone', environments: { prod: {} } },
        },
      }),
    }),
  } as unknown as Config;
  const book = new Book();
  const long = await book.job({ outputs: { commit }, takes: 0 });
  const short = await book.job({ inputs: { commit: commit.slice(0, 10) }, takes: 0 });
  await book.job({ inputs: { commit: 'f'.repeat(40) }, takes: 0 });
  await book.job({ project: 'gone', inputs: { commit }, takes: 0 });
  await book.job({ project: 'nowhere', inputs: { commit }, takes: 0 });
  const commits = openCommits({ clock: systemClock, config });
  await commits.learn(changesWithCommit(book.state, 0, Infinity));
  const made = Date.UTC(2026, 4, 31, 6);
  const known = Object.values(book.state.changes).map((change) => commits.time(change));
  expect(known).toEqual([made, made, undefined, undefined, undefined]);
  const lead = view(book, 28 * DAY, commits.time).lead;
  expect(lead).toEqual({ count: 2, median: 26 * HOUR, longest: 26 * HOUR, unknown: 1 });
  expect(Object.keys(book.state.changes).slice(0, 2)).toEqual([long, short]);
});

test('the fold stays small whatever happens, keeps what is open, and says what it no longer knows', async () => {
  const book = new Book();
  const open = await book.incident();
  await book.resolve(await book.incident());
  await book.job();
  await book.ledger.append('alert.raised', {
    key: 'a',
    severity: 'warn',
    source: 'daemon',
    title: 'x',
    text: '',
  });
  await book.ledger.append('alert.resolved', { key: 'a', why: '' });
  // Further ones are made of these: the ledger in memory is slow when it is long.
  const [, ...pattern] = book.ledger.lines;
  let { state } = book;
  let ts = book.clock.now();
  for (let i = 0; i < MAX_TRAIL + 5; i++) {
    ts += 1000;
    for (const line of pattern) {
      const other = line
        .replaceAll(
          /(inc_|job_)[0-9]+/g,
          (_, kind: string) => kind + String(i).padStart(kind === 'inc_' ? 16 : 32, '7'),
        )
        .replaceAll('"key":"a"', `"key":"a:${i}"`);
      state = practiceProjection.apply(state, { ...JSON.parse(other), ts });
    }
  }
  expect(Object.keys(state.incidents)).toHaveLength(MAX_INCIDENTS);
  expect(state.incidents[open]?.ended).toBeNull();
  expect(Object.keys(state.changes)).toHaveLength(MAX_CHANGES);
  expect(state.alerts.items).toHaveLength(MAX_TRAIL);
  expect(state.alerts.cut).toBeGreaterThan(0);
  expect(state.totals['shop/prod']?.passed).toBe(MAX_TRAIL + 6);
  const figures = (span: number): DoraView => dora(state, PROD, [ts - span, ts + 1], () => undefined);
  expect(figures(28 * DAY).complete).toBe(false);
  expect(figures(5 * MINUTE)).toMatchObject({ complete: true, deployments: 301 });
  // A snapshot of it is plain JSON.
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(JSON.stringify(state).length).toBeLessThan(1_500_000);
});

test('an alert that changed while it was open is one, and one that came back is two', async () => {
  const { ledger } = new Book();
  const raise = (severity: 'page' | 'warn') =>
    ledger.append('alert.raised', { key: 'probe:web', severity, source: 'probe', title: 'x', text: '' });
  await raise('warn');
  await raise('page');
  await ledger.append('alert.resolved', { key: 'probe:web', why: '' });
  await raise('warn');
  const { items } = ledger.get(practiceProjection).alerts;
  expect(items.map(({ severity, resolved }) => [severity, resolved === null])).toEqual([
    ['page', false],
    ['warn', true],
  ]);
});

test('slots that were paused, made up for, or ran are not missed', async () => {
  const { ledger } = new Book();
  const slot = (outcome: 'ran' | 'skipped' | 'refused', more: { why?: string; backfill?: true } = {}) =>
    ledger.append('schedule.slot', { schedule: 'nightly', slot: 1, outcome, late_ms: 0, ...more });
  await slot('ran');
  await slot('skipped', { why: 'paused by ana: holiday' });
  await slot('skipped', { why: 'already ran', backfill: true });
  await slot('skipped', { why: 'the last run is not over' });
  await slot('refused', { why: 'MANDATE_SUSPENDED' });
  const state = ledger.get(practiceProjection);
  expect(state.missed.items.map(({ why }) => why)).toEqual(['the last run is not over', 'MANDATE_SUSPENDED']);
  expect(state.missed_totals).toEqual({ nightly: 2 });
});

test('the fold is the same however the ledger is read: at once, or in two sittings with a snapshot between', async () => {
  const step = fc.record({
    what: fc.constantFrom('deploy', 'promote', 'rollback', 'incident', 'link', 'resolve'),
    env: fc.constantFrom('prod', 'dev'),
    end: fc.constantFrom('PASS' as const, 'FAIL' as const, 'UNKNOWN' as const),
    pick: fc.nat(20),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(100), async (steps, at) => {
      const book = new Book();
      const jobs: string[] = [];
      const incidents: string[] = [];
      for (const { what, env, end, pick } of steps) {
        const [job, incident] = [jobs[pick % jobs.length], incidents[pick % incidents.length]];
        if (what === 'incident') incidents.push(await book.incident({ env }));
        else if (what === 'link') {
          if (job !== undefined && incident !== undefined) await book.caused(incident, job);
        } else if (what === 'resolve') {
          if (incident !== undefined) await book.resolve(incident);
        } else jobs.push(await book.job({ action: what, env, ends: [end] }));
      }
      const figures = view(book);
      const failed = Object.values(book.state.totals).reduce((sum, place) => sum + place.failed, 0);
      expect(
        Object.values(book.state.changes).filter((c) => c.incidents.length > 0 || c.undone !== null),
      ).toHaveLength(failed);
      expect(figures.change_failure_rate ?? 0).toBeGreaterThanOrEqual(0);
      expect(figures.change_failure_rate ?? 0).toBeLessThanOrEqual(1);
      expect(figures.recovery.count + figures.recovery.open).toBe(figures.failed.length);

      const { lines } = book.ledger;
      let state = practiceProjection.initial();
      for (const [i, line] of lines.entries()) {
        if (i === at % (lines.length + 1)) state = JSON.parse(JSON.stringify(state));
        state = practiceProjection.apply(state, JSON.parse(line));
      }
      expect(state).toEqual(
        new MemoryLedger(book.clock, [practiceProjection as never], lines).get(practiceProjection),
      );
    }),
    { numRuns: 40 },
  );
});

test('without a name the last environment of each project is meant', () => {
  const config = EstateConfig.parse({
    version: 1,
    estate: { name: 't' },
    projects: { shop: { environments: { dev: {}, prod: {} } }, site: { environments: { live: {} } } },
  });
  expect(lastEnvironments(config)).toEqual([
    { project: 'shop', env: 'prod' },
    { project: 'site', env: 'live' },
  ]);
  expect(lastEnvironments(config, { env: 'dev' })).toEqual([{ project: 'shop', env: 'dev' }]);
  expect(lastEnvironments(config, { project: 'shop', env: 'dev' })).toHaveLength(1);
  expect(() => lastEnvironments(config, { project: 'shp' })).toThrow(/shp/);
  expect(() => lastEnvironments(config, { project: 'site', env: 'dev' })).toThrow(/dev/);
});
