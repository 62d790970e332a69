/** Arguments of a call, as they came. */
export type Args = Record<string, unknown>;

/** An argument as text; what is neither text nor a number counts as not given. */
export function word(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : otherwise;
}
