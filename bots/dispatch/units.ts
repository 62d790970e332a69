/** `2026-01-02 14:03 UTC`: where a platform cannot show the reader's own zone. */
export function stamp(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '?' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
