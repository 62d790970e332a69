import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../daemon/clock.ts';
import { nodeFs } from '../daemon/fs.ts';
import { openLedger } from '../daemon/ledger/index.ts';
import { StateHost } from '../daemon/state/host.ts';
import { lowdbSnapshots } from '../daemon/state/snapshots.ts';
import { tally } from './ledger-records.ts';

/* Opens one ledger and prints {ms, rssMiB}: from the call to ready, and the peak memory of the process. */

const [home = '', pkcs8 = ''] = process.argv.slice(2);
const key = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' });
const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);
const start = performance.now();
const ledger = await openLedger({
  dir: join(home, 'ledger'),
  fs: nodeFs,
  clock: systemClock,
  signer: {
    origin: 'bench',
    keyId: `key_${'0'.repeat(16)}`,
    publicKey,
    sign: (bytes) => sign(null, bytes, key),
  },
  fold: new StateHost([tally]),
  snapshots: lowdbSnapshots(join(home, 'state.json')),
  version: 'bench',
  warn: (what, error) => process.stderr.write(`${what}: ${String(error)}\n`),
});
const ms = performance.now() - start;
process.stdout.write(
  JSON.stringify({ ms, rssMiB: process.resourceUsage().maxRSS / 1024, size: ledger.head().size }),
);
await ledger.close();
