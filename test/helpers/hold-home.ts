/* Takes the lock of the home named first, says so, and holds it until it is killed: what the lock tests start. */
import { openHome } from '../../daemon/home.ts';
import { lockHome } from '../../daemon/lock.ts';

try {
  await lockHome(openHome(process.argv[2] ?? ''), 0);
  process.stdout.write('held\n');
  setInterval(() => {}, 1e6);
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`);
}
