import { matchesPattern } from '../../daemon/pattern.ts';

/* Matches over and over, some milliseconds each, until it is told to stop; says what was refused. */

const stop = new AbortController();
process.stdin.on('data', () => stop.abort());
const text = `${'a'.repeat(17)}!`;
let [matches, refused] = [0, 0];
process.stdout.write('ready\n');
while (!stop.signal.aborted) {
  try {
    matchesPattern('(a+)+', text, 'whole');
    matches++;
  } catch {
    refused++;
  }
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(`${JSON.stringify({ matches, refused })}\n`);
process.exit(0);
