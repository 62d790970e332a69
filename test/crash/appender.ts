import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { writeSync } from 'node:fs';
import { nodeFs } from '../../daemon/fs.ts';
import { systemClock } from '../../daemon/clock.ts';
import { openLedger } from '../../daemon/ledger/index.ts';
import { StateHost } from '../../daemon/state/host.ts';
import { lowdbSnapshots } from '../../daemon/state/snapshots.ts';
import { counts, stopped } from '../helpers/ledger-basics.ts';

/*
 * A process that appends until it is killed and says on stdout, line by line, what was acknowledged: `<seq> <why>`, and
 * `! <code>` for a refusal. Arguments: folder, PKCS #8 key in base64, clients, segment bytes.
 */
const [home = '', pkcs8 = '', clients = '1', segmentBytes = '4000'] = process.argv.slice(2);
// A file-size limit must come as an error of write(2), as a full disk does.
process.on('SIGXFSZ', () => {});
const key = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' });
const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);
const say = (line: string): void => void writeSync(1, `${line}\n`);
const ledger = await openLedger({
  dir: `${home}/ledger`,
  fs: nodeFs,
  clock: systemClock,
  signer: {
    origin: 'killed.example/ledger',
    keyId: `key_${'0'.repeat(16)}`,
    publicKey: raw,
    sign: (bytes) => sign(null, bytes, key),
  },
  fold: new StateHost([counts]),
  snapshots: lowdbSnapshots(`${home}/state.json`),
  snapshotEvery: 50,
  fullCheckBytes: 0,
  segmentBytes: Number(segmentBytes),
  version: 'test',
});
say('ready');
let n = 0;
await Promise.all(
  Array.from({ length: Number(clients) }, async () => {
    for (;;) {
      const why = `${process.pid} ${++n}`;
      try {
        const { record } = await ledger.append('daemon.stopped', stopped(why));
        say(`${record.seq} ${why}`);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        say(`! ${code}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }),
);
