const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n: number): string => String(n).padStart(2, '0');

/** Milliseconds as `850 ms`, `1.2 s`, `1m 20s`, `2h 05m`, `3d 4h`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '?';
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${two(Math.floor((ms % MINUTE) / SECOND))}s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${two(Math.floor((ms % HOUR) / MINUTE))}m`;
  return `${Math.floor(ms / DAY)}d ${Math.floor((ms % DAY) / HOUR)}h`;
}

/** `512 B`, `1.2 MiB`. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = n;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `1,204`. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 job`, `2 jobs`. `many`: where more than one is no `s` at its end. */
export const plural = (n: number, noun: string, many = `${noun}s`): string =>
  `${count(n)} ${n === 1 ? noun : many}`;

/** Ids short enough to read; a job's is still accepted by every command. */
export function shortId(id: string): string {
  const job = /^(job_[0-9a-f]{8})[0-9a-f]{24}(\.\d+)?$/.exec(id);
  if (job !== null) return `${job[1] ?? ''}${job[2] ?? ''}`;
  const digest = /^(sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/.exec(id);
  return digest === null ? id : `${digest[1] ?? ''}${digest[2] ?? ''}…`;
}
