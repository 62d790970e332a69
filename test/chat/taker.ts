import { createInterface } from 'node:readline';
import { Daemon } from '../../bots/link/client.ts';
import { takeDeliveries } from '../../bots/link/deliveries.ts';

/* A process that takes deliveries as a bot does, once a line comes: `answer` and it answers each, else it only says so. */

const [url = '', token = '', how = ''] = process.argv.slice(2);
const daemon = new Daemon({ at: { url }, token });
process.stdout.write('ready\n');
createInterface({ input: process.stdin }).once('line', () => {
  void takeDeliveries(
    {
      daemon,
      sleep: () => new Promise((resolve) => setTimeout(resolve, 20)),
      signal: new AbortController().signal,
      failed: () => undefined,
    },
    (payload, answer) => {
      process.stdout.write(`took ${JSON.stringify(payload)}\n`);
      if (how === 'answer') void answer({ by: process.pid }).then(() => process.stdout.write('answered\n'));
    },
  );
});
