import { ok, wrong, type Check } from '../check.ts';

/** What runs unattended does so only as a person has accepted it. */
export const schedules: Check = {
  name: 'schedules',
  part: 'here',
  needsHome: true,
  async run(look) {
    const mandates = await look.mandates();
    const waiting = mandates.filter(({ state }) => state !== 'accepted');
    if (waiting.length === 0)
      return [ok(`all ${mandates.length} unattended entries are accepted as they are`)];
    return waiting.map(({ id, why }) =>
      wrong(
        `${id} does not run: ${why ?? 'it is not accepted'}`,
        `reeve config accept ${id} (shows first what changed)`,
      ),
    );
  },
};
