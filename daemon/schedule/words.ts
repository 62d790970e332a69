/** Lateness for people, in the largest fitting unit: `3 s`, `12 min`, `5 h`, `2 d`. */
export function words(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** Why a slot of a paused schedule is skipped. */
export const pausedWords = ({ by, reason }: { by: string; reason: string }): string =>
  `paused by ${by}: ${reason}`.slice(0, 500);
