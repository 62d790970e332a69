import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sectionOf } from '../../daemon/sync/activity/index.ts';
import { place as placeSection } from '../../daemon/sync/sections.ts';

const HEADER = '# Mine\n';
const place = (file: string, day: string, project: string | undefined, body: string) =>
  placeSection(file, sectionOf(day, project, body));

/** The text after it was placed. @throws when it is a conflict. */
function put(file: string, day: string, body: string, project?: string): string {
  const placed = place(file, day, project, body);
  if (placed.outcome === 'conflict') throw new Error(placed.why);
  return placed.text;
}

test('a day is replaced in its place, the newest comes first, and what people wrote stays', () => {
  let file = put(`${HEADER}\nMine, above.\n`, '2026-11-24', 'old');
  file = `${file}\nMine, below.\n`;
  file = put(file, '2026-11-26', 'newest');
  file = put(file, '2026-11-25', 'between');
  expect([...file.matchAll(/^## (\S+)/gm)].map(([, day]) => day)).toEqual([
    '2026-11-26',
    '2026-11-25',
    '2026-11-24',
  ]);
  const again = put(file, '2026-11-25', 'changed');
  const mark = /(?<=reeve:day 2026-11-25 )[0-9a-f]{16}/;
  const [digest = ''] = mark.exec(again) ?? [];
  expect(again).toBe(file.replace('between', 'changed').replace(mark, digest));
  expect(place(again, '2026-11-25', undefined, 'changed')).toEqual({ outcome: 'unchanged', text: again });
  expect(again).toContain('Mine, above.');
  expect(again).toContain('Mine, below.');
});

test('what somebody changed between the marks is not overwritten, nor is anything where the marks are broken', () => {
  const file = put(HEADER, '2026-11-25', '- one\n- two');
  const conflict = (text: string): string => {
    const placed = place(text, '2026-11-25', undefined, '- three');
    return placed.outcome === 'conflict' ? placed.why : placed.outcome;
  };
  expect(conflict(file)).toBe('written');
  expect(conflict(file.replace('- two', '- two, and what I think of it'))).toMatch(/somebody changed it/);
  expect(conflict(file.replace('<!-- reeve:end -->', ''))).toMatch(/no end mark/);
  expect(conflict(file.replace(/<!-- reeve:day .*-->/, ''))).toMatch(/does not begin/);
  expect(conflict(file + file)).toMatch(/twice/);
  // A day that nobody touched goes on beside one that somebody did.
  const touched = file.replace('- two', '- mine');
  expect(place(touched, '2026-11-26', undefined, 'x').outcome).toBe('written');
});

test('the estate and a project may have their days in one file; CRLF stays CRLF', () => {
  let file = put(HEADER.replaceAll('\n', '\r\n'), '2026-11-25', 'all\nof it');
  file = put(file, '2026-11-25', 'the shop', 'shop');
  expect(file.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(place(file, '2026-11-25', undefined, 'all\nof it').outcome).toBe('unchanged');
  expect(place(file, '2026-11-25', 'shop', 'the shop').outcome).toBe('unchanged');
});

test('whatever people wrote around them, a second time changes nothing and their lines are all there', () => {
  const line = fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .filter((text) => !/[\r\n]/.test(text) && !text.includes('<!-- reeve:'));
  const days = fc.uniqueArray(
    fc.integer({ min: 1, max: 28 }).map((n) => `2026-02-${String(n).padStart(2, '0')}`),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(fc.array(line), days, fc.array(line), (mine, order, body) => {
      let file = mine.join('\n');
      for (const day of order) file = put(file, day, body.join('\n'));
      for (const day of order) expect(place(file, day, undefined, body.join('\n')).outcome).toBe('unchanged');
      const rest = file.replaceAll(/<!-- reeve:day [^]*?<!-- reeve:end -->/g, '').split('\n');
      expect(rest.filter((text) => text !== '')).toEqual(mine.filter((text) => text !== ''));
    }),
  );
});
