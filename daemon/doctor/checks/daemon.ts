import { ReeveError } from '../../../contracts/errors.ts';
import { ok, warn, wrong, type Check, type Finding } from '../check.ts';

export const daemon: Check = {
  name: 'daemon',
  part: 'here',
  async run(look) {
    let status;
    try {
      status = await look.status();
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      return [wrong(error.message, error.hint)];
    }
    const { reeve, address, ledger, halted, paused } = status;
    const found: Finding[] = [ok(`version ${reeve} answers at ${address}`)];
    if (!ledger.writable)
      found.push(wrong(`it takes no records: ${ledger.why ?? 'unknown'}`, 'Free the disk; then reeve up.'));
    for (const { scope, reason } of halted)
      found.push(warn(`halted (${scope}): ${reason}`, 'reeve resume, once that is settled'));
    if (paused !== null) found.push(warn(`paused: ${paused.reason}`, 'reeve resume, once that is settled'));
    return found;
  },
};
