import { expect, test } from 'vitest';
import { crashesAt, errorsAt, explore } from './explore.ts';
import { checkLedger, ledgerWorkload, told } from './workload.ts';

const ledger = { log: told, workload: ledgerWorkload, check: checkLedger };

test('a crash at every single operation, with and without a power cut, loses nothing acknowledged', async () => {
  expect(await explore(ledger, crashesAt, 7)).toBeGreaterThan(500);
}, 120_000);

test('an error at every single operation loses nothing acknowledged and never leaves state ahead of the ledger', async () => {
  expect(await explore(ledger, (at) => errorsAt(at, ['EIO', 'ENOSPC', 'EMFILE']), 8)).toBeGreaterThan(200);
}, 120_000);

test('a disk that stays full for a while refuses, forgets what it refused, and goes on when there is room', async () => {
  const ops = ['write', 'open', 'mkdir'] as const;
  expect(await explore(ledger, (at) => errorsAt(at, ['ENOSPC'], ops, at + 25), 9)).toBeGreaterThan(50);
}, 120_000);
