import { expect, test } from 'vitest';
import type { LedgerRecord } from '../contracts/record.ts';
import { readBack } from '../daemon/read-back.ts';
import { MemoryLedger } from './helpers/memory-ledger.ts';
import { ManualClock } from './helpers/manual-clock.ts';

const named =
  (rule: string) =>
  (one: LedgerRecord): one is LedgerRecord<'rule.reset'> =>
    one.type === 'rule.reset' && one.body.rule === rule;

test('it looks from the newest back, finds the newest, and stops at what is too old', async () => {
  const clock = new ManualClock();
  const ledger = new MemoryLedger(clock, []);
  const reset = (rule: string) => ledger.append('rule.reset', { rule, by: 'ana' });
  await reset('old');
  for (let n = 0; n < 1500; n++) await reset('older');
  await clock.advance(10_000);
  const since = clock.now();
  for (let n = 0; n < 3500; n++) await reset(n === 10 || n === 1200 ? 'twice' : 'other');
  const read: number[] = [];
  const counting = {
    read(from: number, options?: { limit?: number }) {
      read.push(from);
      return ledger.read(from, options);
    },
  };
  const before = ledger.head().size;
  const find = (rule: string, at = before, from = since) =>
    readBack(counting, { before: at, since: from }, named(rule));
  expect((await find('twice'))?.seq).toBe(2701);
  expect((await find('twice', 2701))?.seq).toBe(1511);
  read.length = 0;
  expect((await find('other'))?.seq).toBe(5000);
  expect(read).toEqual([4001]);
  expect(await find('old', before, since)).toBeUndefined();
  expect((await find('old', before, 0))?.seq).toBe(0);
});
