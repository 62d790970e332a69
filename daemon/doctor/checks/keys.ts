import { ReeveError } from '../../../contracts/errors.ts';
import { ok, wrong, type Check } from '../check.ts';

/** Each purpose has one key in use, and the master key opens them. */
export const keys: Check = {
  name: 'keys',
  part: 'here',
  needsHome: true,
  async run(look) {
    try {
      const all = await look.keys();
      const current = all.filter(({ retired }) => retired === null);
      return [
        ok(`${current.length} in use, ${all.length - current.length} retired; the master key opens them`),
      ];
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      return [wrong(error.message, error.hint)];
    }
  },
};
