import { duration } from '../../../contracts/units.ts';
import { ok, warn, wrong, type Check } from '../check.ts';
import { NAME } from '../words.ts';

/** Discord and Slack refuse signatures that are five minutes off; grants live for minutes. ms. */
const OFF = 30_000;
const NEXT = 'Set the clock: timedatectl set-ntp true (or the machine’s own way of keeping time).';

export const clock: Check = {
  name: 'clock',
  part: 'here',
  async run(look) {
    const now = look.clock.now();
    const { lastTs } = await look.ledger();
    if (lastTs !== null && lastTs > now + 1000)
      return [
        wrong(
          `it is ${duration(lastTs - now)} behind the ledger’s newest record, so nothing privileged runs`,
          NEXT,
        ),
      ];
    // The smallest one: an answer that took long looks late.
    const skew = look.skews.toSorted((a, b) => Math.abs(a.ms) - Math.abs(b.ms))[0];
    if (skew === undefined) return [ok('not behind the ledger')];
    const off = Math.abs(skew.ms);
    const whose = `${NAME[skew.platform]}’s`;
    return off > OFF
      ? [warn(`it differs from ${whose} by ${duration(off)}`, NEXT)]
      : [ok(`within ${Math.round(off / 1000) + 1} s of ${whose}, not behind the ledger`)];
  },
};
