import { expect, test } from 'vitest';
import { EstateConfig } from '../../contracts/estate.ts';
import { dayOf } from '../../daemon/calendar.ts';
import { activityLog } from '../../daemon/sync/activity/index.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { GithubMirror } from '../../daemon/sync/github/mirror.ts';
import type { SyncRun } from '../../daemon/sync/sync.ts';
import { Book } from '../practice/book.ts';

const none = (): Promise<never> => Promise.reject(new Error('no Linear'));

const MINUTE = 60_000;
const estate = EstateConfig.parse({
  version: 1,
  estate: { name: 'test', timezone: 'Europe/Berlin' },
  projects: { shop: { environments: { prod: {} } } },
});

/** One file that people and the sync job write. */
function desk(book: Book) {
  const files = { text: undefined as string | undefined, cursor: undefined as string | undefined };
  const run = async (over: Partial<SyncRun> = {}) =>
    activityLog.run(
      {
        job: `job_${'0'.repeat(32)}`,
        project: undefined,
        files: ['log.md'],
        since: undefined,
        dryRun: false,
        cursor: files.cursor,
        signal: new AbortController().signal,
        log: async () => undefined,
        advance: async (cursor) => void (files.cursor = cursor),
        ...over,
      },
      {
        clock: book.clock,
        ledger: book.ledger,
        state: book.ledger,
        source: () => Promise.reject(new Error('no source')),
        github: { client: none, trouble: none },
        mirror: new GithubMirror({ fs: nodeFs, folder: '/nowhere/mirror', clock: book.clock }),
        linear: { reconcile: none, todos: none, tellTodo: none },
        estate,
        root: '/nowhere',
        clean: (text) => text,
        read: async () => files.text,
        write: async (_, text, before) => {
          expect(before).toBe(files.text);
          files.text = text;
        },
      },
    );
  const days = (): string[] => [...(files.text ?? '').matchAll(/^## (\S+)$/gm)].map(([, day]) => day ?? '');
  return { files, run, days };
}

test('it goes on where it was: the day that was not over is written anew, those that are over once', async () => {
  const book = new Book();
  const { files, run, days } = desk(book);
  // 2026-06-01, 10:00 in Berlin.
  await book.job();
  expect(await run()).toMatchObject({ title: 'test: 2026-06-01', counts: { written: 1 } });
  expect(files.cursor).toBe('2026-05-31');
  await book.job();
  book.wait(14 * 60 * MINUTE + 5 * MINUTE);
  // Just after midnight: yesterday is complete, today says nothing yet, and the digest is of yesterday.
  expect(await run()).toMatchObject({
    title: 'test: 2026-06-01',
    headline: expect.stringMatching(/^2 changes/),
  });
  expect(days()).toEqual(['2026-06-01']);
  expect(files.cursor).toBe('2026-06-01');
  // The daemon was away for days: each is told, the quiet ones too.
  book.wait(3 * 24 * 60 * MINUTE);
  await book.job();
  await run();
  expect(days()).toEqual(['2026-06-05', '2026-06-04', '2026-06-03', '2026-06-02', '2026-06-01']);
  const before = files.text;
  expect(await run({ since: '2026-06-01' })).toMatchObject({ counts: { written: 0, unchanged: 5 } });
  expect(files.text).toBe(before);
  expect(files.cursor).toBe('2026-06-04');
});

test('a dry run tells what it would write and moves nothing', async () => {
  const book = new Book();
  const { files, run } = desk(book);
  await book.job();
  const shown = await run({ dryRun: true });
  expect(shown.document.text).toContain('deploy (deploy, shop/prod): PASS');
  expect(files).toEqual({ text: undefined, cursor: undefined });
});

test('a run that was ended before it could say so is done again without a second section', async () => {
  const book = new Book();
  const { files, run, days } = desk(book);
  await book.job();
  await expect(run({ advance: () => Promise.reject(new Error('killed')) })).rejects.toThrow('killed');
  expect(days()).toEqual(['2026-06-01']);
  const before = files.text;
  expect(await run()).toMatchObject({ counts: { written: 0, unchanged: 1 } });
  expect(files.text).toBe(before);
  const ended = new AbortController();
  ended.abort(new Error('halted'));
  await expect(run({ signal: ended.signal })).rejects.toThrow('halted');
});

test('days of 23 and 25 hours begin and end where the clocks say', () => {
  const hours = (day: string): number => {
    const { from, to } = dayOf(day, 'Europe/Berlin') ?? { from: 0, to: 0 };
    return (to - from) / 3_600_000;
  };
  expect(['2026-03-28', '2026-03-29', '2026-10-25', '2026-10-26'].map(hours)).toEqual([24, 23, 25, 24]);
});
