/** A length of time for people, in the largest two units: `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function words(ms: number): string {
  if (ms < 0) return `-${words(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const two = (big: number, unit: string, small: number, part: string): string =>
  small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${part}`;

/** Never rounded up: 99.99 % is not 100 %. */
export const percent = (share: number, digits = 1): string =>
  `${(Math.floor(share * 100 * 10 ** digits + 1e-6) / 10 ** digits).toFixed(digits)} %`;

/** What is left of an error budget: `62.1 %`; overspent by more than itself: `spent 14 times`. */
export const budgetLeft = (left: number | null): string =>
  left === null ? '–' : left < -1 ? `spent ${Math.floor(1 - left)} times` : percent(left);
