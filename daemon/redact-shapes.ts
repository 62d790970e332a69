import { REDACTED } from './redact-match.ts';

/** Tokens that are secret whoever they belong to. A group named `keep` stays in front. */
const SHAPES = new RegExp(
  [
    String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
    String.raw`(?<keep1>(?i:aws_secret_access_key)["']?\s{0,3}[=:]\s{0,3}["']?)[A-Za-z0-9/+]{40}`,
    String.raw`\bgh[opusr]_[A-Za-z0-9]{36,}`,
    String.raw`\bgithub_pat_[A-Za-z0-9_]{22,}`,
    String.raw`\bglpat-[A-Za-z0-9_-]{20,}`,
    String.raw`\bxox[a-z]-[A-Za-z0-9-]{10,}`,
    String.raw`\bxapp-[A-Za-z0-9-]{10,}`,
    String.raw`\blin_(?:api|oauth|wh)_[A-Za-z0-9]{20,}`,
    String.raw`\bsk-[A-Za-z0-9_-]{20,}`,
    String.raw`\breeve1\.[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]*)?`,
    String.raw`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`,
    String.raw`\b[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{27,}`,
    String.raw`(?<keep2>\b(?i:bearer)[ \t]{1,4})[A-Za-z0-9\-._~+/]{16,}=*`,
    String.raw`(?<keep3>\b(?i:authorization)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?i:basic|bearer|token)[ \t]{1,4})[^\s"'\[]{4,}`,
    String.raw`(?<keep4>\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@"']{1,100}:)[^\s@/"'\[]{1,200}(?=@)`,
  ].join('|'),
  'g',
);
const PEM_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const PEM_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;

/** Longest unfinished line held back. */
const MAX_LINE = 4096;
/** Of a longer one, this much stays back: more than the shortest token of every shape. */
const TAIL = 256;
/** A private key without an end is taken to end here. */
const MAX_PEM = 16_384;

/** Replaces token shapes line by line, and private keys over several lines. */
export class ShapeStream {
  #held = '';
  /** Characters dropped since the beginning of a private key. */
  #pem: number | undefined;
  /** Inside a token too long to hold. */
  #swallow = false;

  push(chunk: string): string {
    const text = this.#held + chunk;
    const lineEnd = text.lastIndexOf('\n') + 1;
    if (text.length - lineEnd <= MAX_LINE) {
      this.#held = text.slice(lineEnd);
      return this.#pass(text.slice(0, lineEnd));
    }
    let safe = text.length - TAIL;
    for (const match of text.slice(lineEnd).matchAll(SHAPES)) {
      const from = lineEnd + match.index;
      const to = from + match[0].length;
      if (from >= safe || to <= safe) continue;
      if (to < text.length) safe = to;
      else if (text.length - from <= MAX_LINE) safe = from;
      else {
        this.#held = '';
        const out = this.#pass(text.slice(0, from)) + this.#pass(match[0]);
        this.#swallow = true;
        return out;
      }
    }
    this.#held = text.slice(safe);
    return this.#pass(text.slice(0, safe));
  }

  end(): string {
    const out = this.#pass(this.#held);
    this.#held = '';
    this.#pem = undefined;
    this.#swallow = false;
    return out;
  }

  #pass(text: string): string {
    let rest = text;
    if (this.#swallow) {
      rest = rest.replace(/^[A-Za-z0-9\-._~+/=]*/, '');
      if (rest !== '') this.#swallow = false;
    }
    let out = '';
    while (rest !== '') {
      if (this.#pem === undefined) {
        const begin = PEM_BEGIN.exec(rest);
        if (begin === null) return out + tokens(rest);
        out += tokens(rest.slice(0, begin.index)) + REDACTED;
        rest = rest.slice(begin.index + begin[0].length);
        this.#pem = 0;
      }
      const end = PEM_END.exec(rest);
      const length = end === null ? rest.length : end.index + end[0].length;
      const room = MAX_PEM - this.#pem;
      this.#pem = end === null && length <= room ? this.#pem + length : undefined;
      rest = rest.slice(Math.min(length, Math.max(room, 0)));
    }
    return out;
  }
}

function tokens(text: string): string {
  return text.replace(SHAPES, (...args: unknown[]) => {
    const groups = args.at(-1) as Record<string, string | undefined>;
    const kept = Object.values(groups).find((value) => value !== undefined);
    return `${kept ?? ''}${REDACTED}`;
  });
}
