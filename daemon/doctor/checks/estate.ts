import { ReeveError } from '../../../contracts/errors.ts';
import { ok, warn, wrong, type Check } from '../check.ts';

export const estate: Check = {
  name: 'estate',
  part: 'here',
  async run(look) {
    try {
      const { file, warnings } = await look.estate();
      return [
        ok(`${file} is valid`),
        ...warnings.slice(0, 10).map((why) => warn(why, `Look at that line of ${file}.`)),
      ];
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      return [wrong(error.message, error.hint)];
    }
  },
};
