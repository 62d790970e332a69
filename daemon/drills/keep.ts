import { z } from 'zod';
import { Whole } from './options.ts';

const Count = Whole(1, 10_000).optional();

/** How many backups are kept: the newest, and the newest of each hour, day, ISO week, month and year (UTC). */
export const KeepPolicy = z
  .strictObject({ last: Count, hourly: Count, daily: Count, weekly: Count, monthly: Count, yearly: Count })
  .refine((policy) => Object.keys(policy).length > 0, 'say how many, or `all`');
export type KeepPolicy = z.infer<typeof KeepPolicy>;

/** Two years of one a month, three months of one a week, a month of one a day: bounded, and more than most restores need. */
export const KEEP: KeepPolicy = { last: 10, daily: 30, weekly: 12, monthly: 24 };

type Of = keyof KeepPolicy;

/** Which of these are kept, as restic's own policy has it: each rule keeps the newest of so many different periods. */
export function kept<T>(policy: KeepPolicy, backups: readonly T[], at: (backup: T) => number): Set<T> {
  const newest = backups.toSorted((a, b) => at(b) - at(a));
  const keep = new Set<T>();
  for (const [rule, count] of Object.entries(policy) as [Of, number | undefined][]) {
    const periods = new Set<string>();
    for (const [n, backup] of newest.entries()) {
      if (periods.size >= (count ?? 0)) break;
      const period = periodOf(rule, at(backup), n);
      if (!periods.has(period)) keep.add(backup);
      periods.add(period);
    }
  }
  return keep;
}

function periodOf(rule: Of, ms: number, n: number): string {
  const iso = new Date(ms).toISOString();
  switch (rule) {
    case 'last':
      return String(n);
    case 'hourly':
      return iso.slice(0, 13);
    case 'daily':
      return iso.slice(0, 10);
    case 'weekly':
      // Its Monday: 1970-01-01 was a Thursday.
      return String(Math.floor((ms / 86_400_000 + 3) / 7));
    case 'monthly':
      return iso.slice(0, 7);
    case 'yearly':
      return iso.slice(0, 4);
  }
}

/**
 * The newest of these backups that a drill has restored and proven: whatever the policy says, it stays, since all the newer
 * ones may be of damaged data.
 */
export function lastProven<T>(
  newestFirst: readonly T[],
  digest: (backup: T) => string | undefined,
  proven: ReadonlySet<string>,
): T | undefined {
  return newestFirst.find((backup) => proven.has(digest(backup) ?? ''));
}
