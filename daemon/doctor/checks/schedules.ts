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
      return [
        ok(
          mandates.length === 0
            ? 'nothing runs unattended'
            : mandates.length === 1
              ? 'the one entry that runs unattended is accepted as it is'
              : `all ${mandates.length} entries that run unattended are accepted as they are`,
        ),
      ];
    return waiting.map(({ id, why }) =>
      wrong(
        `${id} does not run: ${why ?? 'it is not accepted'}`,
        `reeve config accept ${id} (shows first what changed)`,
      ),
    );
  },
};
