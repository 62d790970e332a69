import { ok, warn, wrong, type Check } from '../check.ts';

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
          `it is ${Math.ceil((lastTs - now) / 1000)} s behind the ledger’s newest record, so nothing privileged runs`,
          NEXT,
        ),
      ];
    // The smallest one: an answer that took long looks late.
    const skew = look.skews.toSorted((a, b) => Math.abs(a.ms) - Math.abs(b.ms))[0];
    if (skew === undefined) return [ok('not behind the ledger')];
    const seconds = Math.round(Math.abs(skew.ms) / 1000);
    return Math.abs(skew.ms) > OFF
      ? [warn(`it differs from ${skew.platform}’s by ${seconds} s`, NEXT)]
      : [ok(`within ${seconds + 1} s of ${skew.platform}’s, not behind the ledger`)];
  },
};
