import { ReeveError } from '../../../contracts/errors.ts';
import { count, plural } from '../../../contracts/units.ts';
import { ok, warn, wrong, type Check } from '../check.ts';

export const ledger: Check = {
  name: 'ledger',
  part: 'here',
  needsHome: true,
  async run(look) {
    try {
      const { problems, torn } = await look.verify();
      const [first] = problems;
      if (first !== undefined) return [wrong(first.message, first.hint)];
      if (torn !== null)
        return [
          warn(
            `its last line was cut off by a crash (${plural(torn, 'byte')})`,
            'reeve up, which heals and records it',
          ),
        ];
      const { size } = await look.ledger();
      return [ok(size === 1 ? 'its one record verifies' : `all ${count(size)} records verify`)];
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      return [wrong(error.message, error.hint)];
    }
  },
};
