/** `deploy staging`: words without a flag are the command's environments, where it has no places of its own. */
export function placed(
  words: readonly string[],
  length: number,
  args: readonly { flag: string; type: string; position?: number | undefined }[],
): string {
  if (args.some(({ position }) => position !== undefined)) return words.join(' ');
  const places = args.filter(({ type }) => type === 'environment').map(({ flag }) => flag);
  const rest = [...words.slice(length)];
  const filled: string[] = [];
  while (places.length > 0 && /^[a-z][a-z0-9_-]*$/.test(rest[0] ?? ''))
    filled.push(`--${places.shift()}=${rest.shift()}`);
  return [...words.slice(0, length), ...filled, ...rest].join(' ');
}
