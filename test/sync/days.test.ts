import { expect, test } from 'vitest';
import { dayOf } from '../../daemon/calendar.ts';
import { tellDays } from '../../daemon/sync/activity/days.ts';
import type { DayLog } from '../../daemon/sync/activity/entries.ts';
import { dayHeadline, dayMarkdown } from '../../daemon/sync/activity/markdown.ts';
import { Book } from '../practice/book.ts';

const HOUR = 3_600_000;
const words = {
  timezone: 'Europe/Berlin',
  clean: (text: string) => text.replaceAll('hunter2*', '[redacted]'),
};
const bounds = (day: string): { from: number; to: number } =>
  dayOf(day, 'Europe/Berlin') ?? { from: 0, to: 0 };

async function told(book: Book, days: string[], project?: string): Promise<DayLog[]> {
  const logs: DayLog[] = [];
  for await (const log of tellDays(book.ledger.read(0), days.map(bounds), project)) logs.push(log);
  return logs;
}

/** 2026-06-01 10:00 in Berlin and the days after it. */
async function written(): Promise<Book> {
  const book = new Book();
  await book.job({ outputs: { url: 'https://shop', token: 'hunter2*' } });
  await book.job({ action: 'sync', runbook: 'activity-log' });
  await book.job({ ends: ['FAIL'], project: 'other', env: 'dev' });
  const incident = await book.incident({ title: 'The shop\n## is <!-- reeve:end --> down' });
  await book.ledger.append('halt.set', { scope: { project: 'shop' }, by: 'ana', reason: 'wait', since: 0 });
  book.wait(13 * HOUR + 30 * 60_000);
  // 23:5x in Berlin of the first, 21:5x UTC; then the second begins.
  await book.job({ ends: ['UNKNOWN'] });
  book.wait(HOUR);
  await book.ledger.append('halt.lifted', { scope: { project: 'shop' }, by: 'ana', reason: 'over' });
  await book.resolve(incident);
  await book.ledger.append('admin.event', {
    admin_event_id: `ae_${'1'.repeat(24)}`,
    action_type: 'note',
    actor: { person: 'ana', via: 'cli' },
    observed_at_utc: new Date(book.clock.now()).toISOString(),
    reason: 'so that it stands there',
    after: { text: 'we move to the new host' },
    result: { status: 'done' },
  });
  await book.ledger.append('incident.reviewed', {
    id: incident,
    by: 'ana',
    summary: 'The disk was full',
    actions: [{ text: 'watch the disk', owner: 'ben' }],
  });
  return book;
}

test('a day is what stands in the ledger between two midnights of the zone, with what was open when it was over', async () => {
  const book = await written();
  const [first, second] = await told(book, ['2026-06-01', '2026-06-02']);
  expect(first).toMatchObject({
    changed: { items: [{ what: 'deploy (deploy, shop/prod): PASS', by: 'ana', why: 'test' }], more: 0 },
    failed: {
      items: [
        { what: expect.stringMatching(/other\/dev\): FAIL/) },
        { what: expect.stringMatching(/UNKNOWN/) },
      ],
    },
    incidents: { items: [{ what: expect.stringMatching(/^Opened on shop\/prod/) }] },
    blockers: [
      expect.stringMatching(/^Incident, page, on shop\/prod/),
      'shop is halted by ana: wait',
      expect.stringMatching(/unknown outcome/),
    ],
  });
  expect(second).toMatchObject({
    changed: { items: [] },
    decisions: { items: [{ what: 'Note: we move to the new host', why: 'so that it stands there' }] },
    blockers: [expect.stringMatching(/unknown outcome/)],
    next: [
      { text: 'watch the disk (ben)', command: expect.stringMatching(/^reeve incidents show inc_/) },
      { command: expect.stringMatching(/^reeve jobs resolve job_/) },
    ],
  });
  // The second day alone is told the same: what is before it is read, too.
  expect(await told(book, ['2026-06-02'])).toEqual([second]);
  const [shop] = await told(book, ['2026-06-01'], 'shop');
  expect(shop?.failed.items.map(({ what }) => what)).toEqual([expect.stringMatching(/UNKNOWN/)]);
});

test('texts of records cannot become headings, marks or links, and secrets do not stand there', async () => {
  const [first] = await told(await written(), ['2026-06-01']);
  if (first === undefined) throw new Error('no day');
  for (const text of [dayMarkdown(first, words), dayHeadline(first, words)]) {
    expect(text).not.toContain('hunter2');
    expect(text).not.toMatch(/(?<!\\)<!--/);
    expect(text).not.toMatch(/^## /m);
  }
  expect(dayMarkdown(first, words)).toContain('token = \\[redacted\\]');
  expect(dayHeadline(first, words)).toMatch(/^\*\*Blockers\*\* \(3\):/);
});

test('slots that passed are told as a number, and a long day says how much it left out', async () => {
  const book = new Book();
  for (let n = 0; n < 205; n++) await book.job({ takes: 1000 });
  const [day] = await told(book, ['2026-06-01']);
  expect(day?.changed).toMatchObject({ more: 5 });
  expect(day && dayMarkdown(day, words)).toContain('- … and 5 more');
});
