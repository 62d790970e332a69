import { z } from 'zod';

const UNITS = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
} as const;

/** A share of a whole, or so many bytes. */
export type Amount = { percent: number } | { bytes: number };

/** `10%`, `20GiB`, `500MB` */
export const Amount = z
  .string()
  .regex(/^\d{1,12}(?:\.\d{1,3})?(?:%|B|[KMGT]iB|[kMGT]B)$/, 'an amount such as 10%, 20GiB or 500MB')
  .transform((text, context): Amount => {
    const [, number = '', unit = ''] = /^([\d.]+)(.+)$/.exec(text) ?? [];
    if (unit !== '%') return { bytes: Number(number) * UNITS[unit as keyof typeof UNITS] };
    if (Number(number) <= 100) return { percent: Number(number) };
    context.addIssue({ code: 'custom', message: 'at most 100%' });
    return z.NEVER;
  });

/** The amount in bytes of a whole. */
export const bytesOf = (amount: Amount, whole: number): number =>
  'bytes' in amount ? amount.bytes : (whole * amount.percent) / 100;

/** `12.3 GiB` */
export function shownBytes(bytes: number): string {
  const unit = (['TiB', 'GiB', 'MiB', 'KiB'] as const).find((name) => bytes >= UNITS[name]);
  return unit === undefined ? `${Math.round(bytes)} B` : `${(bytes / UNITS[unit]).toFixed(1)} ${unit}`;
}

/** A time in the unit that fits: `850 ms`, `12 s`, `3 min`, `5.2 h`, `8.1 days`. */
export function shownTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 2 * 86_400_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${(ms / 86_400_000).toFixed(1)} days`;
}
