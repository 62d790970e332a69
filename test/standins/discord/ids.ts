const DISCORD_EPOCH = 1_420_070_400_000n;
let step = 0n;

/** A snowflake of this moment: 42 bits of time, 22 bits that tell those of one millisecond apart. */
export function snowflake(now: number): string {
  step = (step + 1n) & 0x3f_ffffn;
  return (((BigInt(now) - DISCORD_EPOCH) << 22n) | step).toString();
}
