/** RFC 3339 UTC with milliseconds of an epoch time in ms. */
export const iso = (ms: number): string => new Date(ms).toISOString();

/** `2026-01-02 14:03 UTC`: for people. */
export const toMinute = (ms: number): string => `${iso(ms).slice(0, 16).replace('T', ' ')} UTC`;
