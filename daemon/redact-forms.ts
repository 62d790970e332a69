/** One way a secret may appear. `wraps`: line breaks inside it do not hide it (encoders break lines at 64 or 76). */
export interface Form {
  text: string;
  wraps: boolean;
}

/** Lines of a secret of several lines that are worth hiding on their own. */
const MIN_LINE = 8;

/** Every form of a secret that is looked for. */
export function formsOf(secret: string): Form[] {
  const plain = new Set([secret, secret.trim()]);
  if (secret.includes('\n')) {
    for (const line of secret.split('\n')) if (line.trim().length >= MIN_LINE) plain.add(line.trim());
  }
  const forms: Form[] = [];
  const add = (text: string, wraps = false): void => {
    forms.push({ text, wraps });
  };
  for (const text of plain) {
    add(text);
    add(JSON.stringify(text).slice(1, -1));
    add(text.replaceAll("'", "'\\''"));
    for (const url of urlForms(text)) add(url);
    const bytes = Buffer.from(text);
    add(bytes.toString('hex'), true);
    add(bytes.toString('hex').toUpperCase(), true);
    for (const offset of [0, 1, 2]) {
      const std = base64At(bytes, offset);
      add(std, true);
      add(std.replaceAll('+', '-').replaceAll('/', '_'), true);
    }
  }
  return forms;
}

function urlForms(text: string): string[] {
  // encodeURIComponent throws on lone surrogates.
  const upper = encodeURIComponent(text.toWellFormed());
  const strict = upper.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = upper.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [upper, lower, strict, upper.replaceAll('%20', '+'), strict.replaceAll('%20', '+')];
}

/**
 * The base64 digits that depend on `bytes` alone when they stand `offset` bytes after a multiple of three: the digits
 * that share bits with what is before or after are left out.
 */
function base64At(bytes: Buffer, offset: number): string {
  const digits = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replaceAll('=', '');
  const first = Math.ceil((offset * 8) / 6);
  const whole = Math.floor(((offset + bytes.length) * 8) / 6);
  return digits.slice(first, whole);
}
