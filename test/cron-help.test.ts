import { expect, test } from 'vitest';
import { cronHelp } from '../daemon/cron-help.ts';

test.each([
  ['15 3 * *', 'it has 4 fields'],
  ['0 25 * * *', '25 is no hour (0–23); is 25 the day of month?'],
  ['61 * * * *', '61 is no minute (0–59)'],
  ['0 0 31 2 *', 'month 2 has no day 31'],
  ['0 0 31 11 *', 'month 11 has no day 31'],
  ['@dayly', 'did you mean @daily?'],
  ['0 0 * 13 *', '13 is no month (1–12); is 13 the day of month?'],
  ['30 2 * * mnday', 'did you mean MON?'],
  ['30 2 * * MON-Friday', 'did you mean FRI?'],
  ['0 0 1 Febuary *', 'did you mean FEB?'],
  ['', 'it has 1 field'],
])('%s: %s', (line, help) => {
  expect(cronHelp(line)).toContain(help);
});

test('nothing is said of a line that is right', () => {
  for (const line of ['*/5 * * * *', '0 3 29 2 *', '0 0 L * *', '0 30 9 * * MON-FRI', '0 0 1 jan,Jul *'])
    expect(cronHelp(line)).toBeUndefined();
});
