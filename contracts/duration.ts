import { z } from 'zod';

/** `90s`, `15m`, `24h`, `7d`, `250ms` → milliseconds. */
export const Duration = z
  .string()
  .regex(/^[1-9][0-9]{0,8}(ms|s|m|h|d)$/, 'a duration such as 30s, 15m or 24h')
  .transform((text) => {
    const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
    const m = /^(\d+)(ms|s|m|h|d)$/.exec(text);
    return Number(m?.[1]) * unit[(m?.[2] ?? 'ms') as keyof typeof unit];
  });
