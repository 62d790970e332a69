import { expect, test } from 'vitest';
import { daysIn } from '../../daemon/calendar.ts';
import { seekTime } from '../../daemon/seek.ts';
import { tellDays, toldJob, wholeOf, type Past } from '../../daemon/sync/activity/days.ts';
import type { DayLog } from '../../daemon/sync/activity/entries.ts';
import { openNow, openProjection } from '../../daemon/sync/activity/open.ts';
import { Book } from '../practice/book.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Six days of which each has what began before it. */
async function written(): Promise<Book> {
  const book = new Book([openProjection]);
  let incident = await book.incident({ title: 'first' });
  for (let n = 0; n < 6; n++) {
    await book.job({ takes: 7 * HOUR, ends: n % 2 === 0 ? ['PASS'] : ['FAIL', 'PASS'] });
    await book.job({ action: 'sync', runbook: 'todos', takes: 5 * HOUR });
    await book.job({ takes: 9 * HOUR, ends: ['UNKNOWN'], project: n === 3 ? 'other' : 'shop', env: 'dev' });
    await book.resolve(incident);
    await book.ledger.append('incident.reviewed', {
      id: incident,
      by: 'ana',
      summary: 'seen',
      actions: [{ text: `watch ${n}`, owner: 'ben' }],
    });
    incident = await book.incident({ title: `trouble ${n}` });
    await book.ledger.append('halt.set', {
      scope: { project: 'shop' },
      by: 'ana',
      reason: `r${n}`,
      since: 0,
    });
  }
  return book;
}
/** What the daemon looks up of what began earlier. */
async function pastOf(book: Book): Promise<Past> {
  const jobs = new Map<string, ReturnType<typeof toldJob>>();
  for await (const { type, body } of book.ledger.read(0))
    if (type === 'job.queued') jobs.set(body.job.job_id, toldJob(body.job, body.title ?? body.job.runbook));
  return { job: async (id) => jobs.get(id), incident: (id) => book.state.incidents[id] };
}
async function told(
  book: Book,
  from: number,
  spans: { from: number; to: number }[],
  past?: Past,
): Promise<DayLog[]> {
  const logs = [];
  for await (const log of tellDays(book.ledger.read(from), spans, undefined, past)) logs.push(log);
  return logs;
}
const happened = ({ blockers: _blockers, next: _next, ...log }: DayLog): object => log;

test('read from its own beginning, a day is told as read from the ledger’s; the more of it the ledger has before, the less is read', async () => {
  const book = await written();
  const past = await pastOf(book);
  const begin = Date.UTC(2026, 5, 1);
  const size = book.ledger.head().size;
  for (let n = 0; n < 8; n++) {
    const span = { from: begin + n * DAY, to: begin + (n + 1) * DAY };
    const from = await seekTime(book.ledger, span.from);
    const [whole] = await told(book, 0, [span]);
    const [part] = await told(book, from, [span], past);
    expect(part && happened(part)).toEqual(whole && happened(whole));
    if (n > 1) expect(from).toBeGreaterThan((n * size) / 20);
  }
});

test('a week is its days together, and so are its verdicts', async () => {
  const book = await written();
  const span = { from: Date.UTC(2026, 5, 1), to: Date.UTC(2026, 5, 8) };
  const days = await told(book, 0, daysIn(span.from, span.to, 'UTC'));
  const [whole] = await told(book, 0, [span]);
  expect(days).toHaveLength(7);
  expect(wholeOf(days, span)).toEqual(whole);
  // What failed and was tried again by a person ended twice.
  expect(whole?.verdicts).toEqual({ passed: 6, failed: 3, other: 6 });
});

test('what is open is in the state what the whole ledger tells', async () => {
  const book = await written();
  const [day] = await told(book, 0, [{ from: book.clock.now(), to: book.clock.now() + DAY }]);
  const past = await pastOf(book);
  const state = book.ledger.get(openProjection);
  const titles = new Map<string, NonNullable<ReturnType<typeof toldJob>>>();
  for await (const { type, body } of book.ledger.read(0))
    if (type === 'job.queued') {
      const job = await past.job(body.job.job_id);
      if (job !== undefined) titles.set(body.job.job_id, job);
    }
  const { blockers, next } = openNow(state, undefined, (id) => titles.get(id));
  expect(blockers).toEqual(day?.blockers);
  expect(next).toEqual(day?.next.slice(day.todo.length));
  expect(blockers.some((line) => line.includes('unknown outcome'))).toBe(true);
  // It survives being kept as JSON.
  expect(openNow(JSON.parse(JSON.stringify(state)), undefined, (id) => titles.get(id)).next).toEqual(next);
});

test('a clock that was set back by less than an hour hides nothing', async () => {
  const book = new Book();
  for (let n = 0; n < 50; n++) {
    await book.job({ takes: 60_000 });
    if (n === 25) book.clock.jump(-HOUR / 2);
  }
  const records = [];
  for await (const record of book.ledger.read(0)) records.push(record);
  for (const { ts } of records) {
    const from = await seekTime(book.ledger, ts);
    expect(records.findIndex((one) => one.ts >= ts)).toBeGreaterThanOrEqual(from);
  }
  expect(await seekTime(book.ledger, 0)).toBe(0);
  expect(await seekTime(book.ledger, book.clock.now() + DAY)).toBe(records.length);
});
