import type { Redactor } from './ports/steps.ts';
import { formsOf } from './redact-forms.ts';
import { NeedleMatcher, NeedleStream, REDACTED } from './redact-match.ts';
import { ShapeStream } from './redact-shapes.ts';

export { REDACTED };

/** Shorter values are left alone: replacing three letters everywhere would hide more than it protects. */
export const MIN_SECRET = 4;

/**
 * Replaces `secrets` in any text by `[redacted]`: as they are, one line of them, JSON- and shell-quoted, URL-encoded, in
 * hex and in base64 at every alignment (also with line breaks in it), whole or split across chunks. Well-known token
 * shapes (GitHub, Slack, AWS, grants, PEM private keys, bearer tokens …) go too, whoever's they are.
 *
 * A stream holds back what may be the beginning of something: at most the longest form of a secret and one unfinished
 * line of 4 KiB. `end()` returns it. Values of fewer than four characters are ignored.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = new Map<string, boolean>();
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET) continue;
    for (const { text, wraps } of formsOf(secret)) {
      if (text.length >= MIN_SECRET) forms.set(text, wraps || (forms.get(text) ?? false));
    }
  }
  const matcher = forms.size === 0 ? undefined : new NeedleMatcher(forms);
  const stream = (): { push(chunk: string): string; end(): string } => {
    const needles = matcher === undefined ? undefined : new NeedleStream(matcher);
    const shapes = new ShapeStream();
    return {
      push: (chunk) => shapes.push(needles === undefined ? chunk : needles.push(chunk)),
      end: () => (needles === undefined ? '' : shapes.push(needles.end())) + shapes.end(),
    };
  };
  return {
    stream,
    text(value) {
      const one = stream();
      return one.push(value) + one.end();
    },
  };
}
