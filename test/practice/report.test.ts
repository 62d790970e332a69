import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { DrillRow } from '../../daemon/ports/actions.ts';
import { stamp, weekOf } from '../../daemon/calendar.ts';
import type { WeeklyReport } from '../../daemon/ports/practice.ts';
import { dora } from '../../daemon/practice/dora.ts';
import { headlines } from '../../daemon/practice/report/headline.ts';
import { weeklyMarkdown } from '../../daemon/practice/report/markdown.ts';
import { drillTrends, trendOf } from '../../daemon/practice/report/trend.ts';
import { weekly, type Asked } from '../../daemon/practice/report/weekly.ts';
import { ESTATE, openWorld } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';
import { Book } from './book.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const everything: Asked['may'] = () => true;

const drill = (at: number, over: Partial<DrillRow> = {}): DrillRow => ({
  drill: 'restore-pg',
  at,
  verdict: 'PASS',
  rpo_ms: MINUTE,
  rto_ms: 3 * MINUTE,
  objective_rpo_ms: 15 * MINUTE,
  objective_rto_ms: 10 * MINUTE,
  job_id: `job_${'1'.repeat(32)}`,
  project: 'shop',
  env: 'prod',
  ...over,
});

/** A bad week, as the ledger tells it. */
async function badWeek(): Promise<{ book: Book; report(asked?: Partial<Asked>): WeeklyReport }> {
  const book = new Book();
  const from = book.clock.now();
  await book.job({ inputs: { commit_time: new Date(from - 5 * HOUR).toISOString() }, takes: 0 });
  const bad = await book.job();
  const outage = await book.incident({ title: 'The shop | is *down*\n# now', job: bad }, 2 * MINUTE);
  await book.caused(outage, bad);
  const other = await book.incident({ title: 'Taken by its alert', severity: 'warn' });
  book.wait(3 * MINUTE);
  await book.ledger.append('alert.acknowledged', { key: `incident:${other}`, by: 'ana', note: '' });
  await book.ledger.append('alert.acknowledged', { key: 'incident:inc_0123', by: 'ana', note: '' });
  await book.ledger.append('incident.acknowledged', { id: outage, by: 'ana', note: '' });
  book.wait(40 * MINUTE);
  await book.resolve(outage);
  await book.ledger.append('heal.ended', {
    incident: outage,
    rule: 'restart',
    job: bad,
    outcome: 'failed',
    why: 'still down',
    rolled_back: 'done',
  });
  await book.incident({ title: 'Elsewhere', project: 'other', env: 'dev', severity: 'warn' });
  const slot = { schedule: 'nightly', late_ms: 0, outcome: 'refused' as const };
  await book.ledger.append('schedule.slot', { ...slot, slot: from + HOUR, why: 'MANDATE_SUSPENDED' });
  await book.ledger.append('schedule.slot', { ...slot, slot: from - HOUR, why: 'of the week before' });
  // One record for many: all of them count, of those that began in the week before the share that was in this one.
  const many = { ...slot, outcome: 'skipped' as const, why: 'more than 500 slots were missed' };
  await book.ledger.append('schedule.slot', {
    ...many,
    slot: from + 2 * HOUR,
    until: from + 12 * HOUR,
    count: 601,
  });
  await book.ledger.append('schedule.slot', {
    ...many,
    slot: from - 3 * HOUR,
    until: from + HOUR,
    count: 240,
  });
  const alert = { severity: 'page' as const, source: 'probe' as const, title: 'x', text: '' };
  await book.ledger.append('alert.raised', { ...alert, key: 'probe:web', project: 'shop', env: 'prod' });
  await book.ledger.append('alert.raised', { ...alert, key: 'daemon:crash', severity: 'warn' });
  await book.ledger.append('alert.resolved', { key: 'probe:web', why: '' });
  const delivered = {
    message: `msg_${'0'.repeat(24)}`,
    channel: 'hook',
    event: 'raised' as const,
    keys: [],
    tries: 1,
  };
  await book.ledger.append('alert.delivered', { ...delivered, outcome: 'sent' });
  await book.ledger.append('alert.delivered', { ...delivered, outcome: 'given_up' });
  await book.ledger.append('review.opened', {
    id: `rev_${'0'.repeat(24)}`,
    gid: `gr_${'0'.repeat(24)}`,
    skipped: [],
    reason: 'the site was down',
  });
  book.wait(6 * DAY);
  const to = book.clock.now();
  return {
    book,
    report(asked = {}) {
      const week = { from, to, may: everything, ...asked };
      const places = [
        { project: 'shop', env: 'prod' },
        { project: 'other', env: 'dev' },
      ].filter((place) => week.may(place) && (week.project ?? place.project) === place.project);
      return weekly(
        {
          estate: 'The estate',
          timezone: 'Europe/Berlin',
          state: book.state,
          slos: [
            {
              name: 'shop',
              title: 'The shop answers',
              project: 'shop',
              env: 'prod',
              probes: ['web'],
              objective: '99.9',
              window: 30 * DAY,
              latency: null,
              min_bad: 5,
              state: 'spent',
              good: 129_400,
              bad: 200,
              allowed: 129.6,
              budget_left: 1 - 200 / 129.6,
              burns: [],
            },
          ],
          between: () => ({ good: 30_000, bad: 120 }),
          dora: places.map((place) => dora(book.state, place, [week.from, week.to], () => undefined)),
          drills: [
            drill(to - DAY, { rpo_ms: 20 * MINUTE, verdict: 'FAIL', why: 'too much was lost' }),
            ...[2, 3, 4, 5].map((n) => drill(to - n * DAY, { rto_ms: (10 - n) * MINUTE })),
            drill(from - DAY, {
              drill: 'restore-files',
              rpo_ms: null,
              objective_rpo_ms: null,
              project: 'other',
              env: 'dev',
            }),
          ],
          schedules: [
            {
              name: 'nightly',
              project: 'shop',
              env: 'prod',
              passed: from,
              ever: false,
              max_age: 26 * HOUR,
              paused: false,
            },
          ],
          now: to,
        },
        week,
      );
    },
  };
}

test('the report says what happened, bad things first and by their names', async () => {
  const { report } = await badWeek();
  const made = report();
  expect(headlines(made)).toEqual([
    '3 incidents, the longest of 45 min.',
    '**Open**: Taken by its alert, Elsewhere.',
    '1 incident without a review.',
    '**Error budget spent**: shop.',
    '2 deployments, **1 failed**.',
    '**Drills that did not pass last**: restore-pg.',
    '**Beyond their objective**: restore-pg.',
    'Drills that did not run: restore-files.',
    '**Not passed for too long**: nightly.',
    '662 slots missed: nightly.',
    '**1 break-glass review open**, the oldest for 6 d.',
  ]);
  const text = weeklyMarkdown(made);
  for (const line of [
    '# The estate: week of 2026-06-01 to 2026-06-07',
    '| The shop answers | shop/prod | 99.9 % | 99.601 % | 99.845 % | -54.4 % | spent |',
    '| shop/prod | 2 | 0 | 5 h | 1 | 50.0 % | 45 min | 45 min |',
    '| restore-pg | shop/prod | 4 of 5 passed | **FAIL** 2026-06-06 10:44 | 20 min **>** 15 min | 3 min ≤ 10 min | too few to tell |',
    '| restore-files | other/dev | did not run | PASS 2026-05-31 10:00 | not measured | 3 min ≤ 10 min | too few to tell |',
    '| The shop \\| is \\*down\\* \\# now (page) | shop/prod | 2026-06-01 09:59 | 2 min | 3 min | 45 min | `job_00000000` | no |',
    '| Taken by its alert (warn) | shop/prod | 2026-06-01 10:01 | at once | 3 min | **goes on** | not linked | no |',
    '| Elsewhere (warn) | other/dev | 2026-06-01 10:44 | at once | – | **goes on** | not linked | no |',
    'Heals: 1 did not.',
    '| nightly | shop/prod | never | 662 | **too long ago** (at most 26 h) |',
    '1 page, 1 warning and 0 notices were raised. 1 message reached a channel, 1 was given up.',
    '- `daemon:crash` (warn) since 2026-06-01 10:44',
  ])
    expect(text.split('\n'), line).toContain(line);
  expect(text).not.toMatch(/^# now/m);
});

test('nobody is shown what they may not see', async () => {
  const { report } = await badWeek();
  const limited = report({ may: (place) => place?.project === 'other' });
  expect(limited).toMatchObject({
    slos: [],
    schedules: [],
    alerts: { page: 0, warn: 0, open: [] },
    messages: null,
    reviews: null,
    heals: { failed: 0 },
  });
  expect(limited.incidents.map(({ title }) => title)).toEqual(['Elsewhere']);
  expect(limited.drills.map((row) => row.drill)).toEqual(['restore-files']);
  expect(weeklyMarkdown(limited)).not.toMatch(/shop|nightly|daemon:crash/);
  const one = report({ project: 'shop' });
  expect(one).toMatchObject({ project: 'shop', messages: null, reviews: null });
  expect(JSON.stringify(one)).not.toContain('Elsewhere');
});

test('an empty week is a report, too', () => {
  const { state } = new Book();
  const made = weekly(
    {
      estate: 'e',
      timezone: 'UTC',
      state,
      slos: [],
      between: () => null,
      dora: [],
      drills: [],
      schedules: [],
      now: DAY * 8,
    },
    { from: DAY, to: 8 * DAY, may: everything },
  );
  expect(headlines(made)).toEqual(['No incidents.', 'No deployments.', '**No restore drill has run.**']);
  expect(weeklyMarkdown(made)).toContain('No objectives are set');
  expect(made.incomplete).toEqual([]);
});

test('a direction is told from six results on, and a tenth is no difference', () => {
  expect(trendOf([1, 2, 3, 4, 5])).toBe('unknown');
  expect(trendOf([null, 1, null, 2, 3, 4, 5])).toBe('unknown');
  expect(trendOf([100, 100, 100, 105, 109, 110])).toBe('steady');
  expect(trendOf([100, 100, 100, 300, 300, 300])).toBe('worse');
  expect(trendOf([300, 310, 290, 100, 90, 80])).toBe('better');
  expect(trendOf([0, 0, 0, 0, 0, 0])).toBe('steady');
  // One odd result makes no direction.
  expect(trendOf([100, 100, 100, 100, 9000, 100])).toBe('steady');
  expect(drillTrends([drill(5 * DAY), drill(2 * DAY)], 0, 3 * DAY)).toMatchObject([
    { runs: 1, last: { at: 2 * DAY } },
  ]);
});

test('a week ends with the whole of its last day where the estate is, also when the clocks change', () => {
  expect(weekOf('2026-11-25', 'UTC')).toEqual({ from: Date.UTC(2026, 10, 19), to: Date.UTC(2026, 10, 26) });
  expect(weekOf('2026-10-25', 'Europe/Berlin')).toEqual({
    from: Date.UTC(2026, 9, 18, 22),
    to: Date.UTC(2026, 9, 25, 23),
  });
  expect(weekOf('2026-03-29', 'America/New_York')).toEqual({
    from: Date.UTC(2026, 2, 23, 4),
    to: Date.UTC(2026, 2, 30, 4),
  });
  expect(weekOf('2026-01-03', 'Asia/Kolkata')?.from).toBe(Date.UTC(2025, 11, 27, 18, 30));
  for (const date of ['2026-02-30', '2026-13-01', 'today', '2026-1-1'])
    expect(weekOf(date, 'UTC'), date).toBeUndefined();
  expect(stamp(Date.UTC(2026, 6, 1, 22, 5), 'Europe/Berlin')).toBe('2026-07-02 00:05');
});

test('the shipped runbook keeps the report, writes it for people and tells a channel; the commands show the same', async () => {
  const shipped = await readFile(path.join(REPO, 'runbooks/weekly-report.md'), 'utf8');
  const world = await openWorld({
    estate: ESTATE + 'alerts: { channels: { ops: { kind: log } } }\n',
    runbooks: { 'weekly-report.md': shipped },
  });
  const run = (person: string, inputs: string[]) =>
    world.as(person, {
      command: 'run',
      args: { runbook: 'weekly-report', project: 'shop', env: 'dev', input: inputs },
      force: true,
    });
  expect(await world.end(await run('root', ['scope=estate']))).toBe('PASS');
  const folder = path.join(world.root, 'grimoires/loa/deployment/reports');
  const [file = ''] = await readdir(folder);
  expect(file).toMatch(/^weekly-\d{4}-\d\d-\d\d\.md$/);
  const text = await readFile(path.join(folder, file), 'utf8');
  expect(text).toMatch(/^# test: week of /);
  const [message] = await world.records('message.queued');
  expect(message?.body).toMatchObject({ channel: 'ops', title: expect.stringMatching(/^test: week of /) });
  expect(message?.body.text).toContain('No incidents.');
  expect(message?.body.text).toContain(`grimoires/loa/deployment/reports/${file}`);
  const attempt = (await world.records('job.attempt')).at(-1)?.body;
  const [kept] = attempt?.artifacts ?? [];
  expect(Buffer.from(await world.app.store.artifacts.get(kept?.digest ?? '')).toString()).toBe(text);

  // Who may not see everything is not shown it by way of a runbook.
  await world.write(
    'reeve.yaml',
    ESTATE.replace('ana: { roles: [operator]', 'ana: { roles: [crew]') +
      'roles: { crew: { verbs: [view, run, read], projects: [shop] } }\n',
  );
  await world.as('root', { command: 'config reload' });
  expect(await world.end(await run('ana', ['scope=estate']))).toBe('FAIL');
  expect((await world.records('job.attempt')).at(-1)?.body.attempt.error_code).toBe('FORBIDDEN');
  expect(await world.end(await run('ana', ['scope=project']))).toBe('PASS');

  const shown = await world.as('root', { command: 'report weekly', args: { project: 'shop' } });
  expect(shown).toMatchObject({ ok: true, data: { project: 'shop', dora: [{ env: 'vault' }] } });
  const dated = await world.as('root', { command: 'report weekly', args: { to: '2026-02-30' } });
  expect(dated.error?.code).toBe('ARGUMENTS_INVALID');
  expect((await world.as('root', { command: 'report weekly', args: { project: 'shp' } })).error?.code).toBe(
    'PROJECT_UNKNOWN',
  );
  const figures = await world.as('root', { command: 'dora', args: { env: 'dev', days: 7 } });
  expect(figures.data).toMatchObject([
    { project: 'shop', env: 'dev', deployments: 0 },
    { project: 'other', env: 'dev', deployments: 0 },
  ]);
  expect((await world.as('ana', { command: 'dora' })).data).toMatchObject([{ project: 'shop' }]);
  expect((await world.as('ana', { command: 'slo show', args: { slo: 'x' } })).error?.code).toBe(
    'SLO_UNKNOWN',
  );
  expect((await world.as('ana', { command: 'slo list' })).data).toEqual([]);
});
