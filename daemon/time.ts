/** RFC 3339 UTC with milliseconds of an epoch time in ms. */
export const iso = (ms: number): string => new Date(ms).toISOString();
