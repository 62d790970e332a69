import { ok, warn, wrong, type Check } from '../check.ts';

const MiB = 1024 * 1024;
/** Below this a backup or a long log may not fit any more. */
const SCARCE = 1024 * MiB;
/** Below this records themselves are in danger; the daemon then only lets itself be read and halted. */
const NONE = 64 * MiB;

export const disk: Check = {
  name: 'disk',
  part: 'here',
  needsHome: true,
  async run(look) {
    const { free, all } = await look.disk();
    const said = `${Math.floor(free / MiB)} MiB of ${Math.floor(all / MiB)} MiB free at ${look.home}`;
    const next = `Free some space: du -sh ${look.home}/* shows what takes it.`;
    if (free < NONE) return [wrong(said, next)];
    return [free < SCARCE || free < all * 0.03 ? warn(said, next) : ok(said)];
  },
};
