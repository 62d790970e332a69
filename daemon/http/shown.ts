/** Text from outside as printable ASCII, shortened: what may stand in a message, a log line or a record. */
export function shown(text: string | undefined, max = 120): string {
  if (text === undefined || text === '') return '(none)';
  const safe = text.slice(0, max).replace(/[^\x20-\x7e]/g, '?');
  return text.length > max ? `${safe}…` : safe;
}
