const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
let count = 0;
let lastMicros = 0;

/** `C0…`: a letter for the kind and ten characters, as Slack's ids look. */
export function slackId(kind: string): string {
  count += 1;
  let rest = '';
  for (let left = count * 7_919; rest.length < 9; left = Math.floor(left / 36))
    rest = ALPHABET[left % 36] + rest;
  return `${kind}0${rest}`;
}

/** A message's time stamp, which is its id: seconds with six digits, never twice. */
export function timestamp(now: number): string {
  lastMicros = Math.max(lastMicros + 1, now * 1_000);
  return `${Math.floor(lastMicros / 1_000_000)}.${String(lastMicros % 1_000_000).padStart(6, '0')}`;
}
