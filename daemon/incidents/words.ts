const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

/** A duration in ms for people, its two largest units: `1 h 5 min`; below a second `250 ms`. */
export function shown(ms: number): string {
  let left = Math.max(0, Math.round(ms));
  if (left < 1000) return `${left} ms`;
  const parts: string[] = [];
  for (const [size, unit] of UNITS) {
    const count = Math.floor(left / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    left -= count * size;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
