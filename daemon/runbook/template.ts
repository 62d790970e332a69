/** What `${…}` may name. */
export type Ref =
  | { of: 'project' }
  | { of: 'env' }
  | { of: 'input'; name: string }
  | { of: 'output'; step: string; name: string }
  | { of: 'secret'; name: string };

/** Makes a value fit the place it is put into. @throws {UnfitValue} when it cannot. */
export type Encode = (value: string) => string;

/** A value that must not stand where the template puts it. */
export class UnfitValue extends Error {}

export interface TemplatePart {
  /** Literal text; `$${` already stands for `${`. */
  text?: string;
  ref?: Ref;
  /** The placeholder as written. */
  raw?: string;
}

const PLACE = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;
const SLUG = '[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*';
const NAME = '[a-z][a-z0-9_]{0,40}';
const REF = new RegExp(
  `^(?:(?<scope>project|env)|inputs\\.(?<input>${NAME})|secrets\\.(?<secret>${SLUG})|steps\\.(?<step>${SLUG})\\.outputs\\.(?<output>${NAME}))$`,
);

/** Reads the inside of `${…}`; undefined when it names nothing that exists in this language. */
export function parseRef(text: string): Ref | undefined {
  const groups = REF.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { scope, input, secret, step, output } = groups;
  if (scope === 'project' || scope === 'env') return { of: scope };
  if (input !== undefined) return { of: 'input', name: input };
  if (secret !== undefined) return { of: 'secret', name: secret };
  if (step !== undefined && output !== undefined) return { of: 'output', step, name: output };
  return undefined;
}

/**
 * Splits a text at its placeholders: `${project}`, `${env}`, `${inputs.x}`, `${secrets.x}`, `${steps.s.outputs.x}`.
 * `$${` stands for `${` itself. What is none of these comes back in `wrong`, with its index.
 */
export function parseTemplate(text: string): {
  parts: TemplatePart[];
  wrong: { index: number; raw: string }[];
} {
  const parts: TemplatePart[] = [];
  const wrong: { index: number; raw: string }[] = [];
  let at = 0;
  for (const match of text.matchAll(PLACE)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index) });
    at = match.index + match[0].length;
    const ref = match[1] === undefined ? undefined : parseRef(match[1]);
    if (match[0] === '$${') parts.push({ text: '${' });
    else if (ref === undefined) wrong.push({ index: match.index, raw: match[0] });
    else parts.push({ ref, raw: match[0] });
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return { parts, wrong };
}

/**
 * Puts in what `look` knows, encoded. What it does not know stays as written, and the result is a template again: a value
 * never becomes a placeholder, not even together with what stands beside it.
 */
export function fillSome(text: string, look: (ref: Ref) => string | undefined, encode: Encode): string {
  let out = '';
  const add = (piece: string): void => {
    // As a function: in a replacement text `$$` would stand for one `$`.
    const escaped = piece.replaceAll('${', () => '$${');
    out += out.endsWith('$') && escaped.startsWith('{') ? `$${escaped}` : escaped;
  };
  for (const { text: literal, ref, raw } of parseTemplate(text).parts) {
    const value = ref === undefined ? literal : look(ref);
    if (value === undefined) out += raw ?? '';
    else add(ref === undefined ? value : encode(value));
  }
  return out;
}

/** Puts in everything. @throws {UnfitValue} naming what has no value. */
export function fillAll(text: string, look: (ref: Ref) => string | undefined, encode: Encode): string {
  return parseTemplate(text)
    .parts.map(({ text: literal, ref, raw }) => {
      if (ref === undefined) return literal ?? '';
      const value = look(ref);
      if (value === undefined) throw new UnfitValue(`${raw ?? '?'} has no value`);
      return encode(value);
    })
    .join('');
}

export const asIs: Encode = (value) => value;
/** One component of a URL: path segment, query key or value (RFC 3986). `.` and `..` would change the path. */
export const inUrl: Encode = (value) => {
  if (value === '.' || value === '..') throw new UnfitValue(`"${value}" cannot stand in a URL`);
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
};
/** An HTTP field value (RFC 9110 §5.5): visible ASCII, blanks and tabs. */
export const inHeader: Encode = (value) => {
  if (!/^[\t\x20-\x7e]*$/.test(value)) throw new UnfitValue('a header takes printable ASCII only');
  return value;
};
/** Between the quotes of a JSON string. */
export const inJson: Encode = (value) => JSON.stringify(value).slice(1, -1);
