import path from 'node:path';

/** A file that cannot be given another version without a risk for the rest of it. */
export class Unversionable extends Error {}

/** npm's lock files name the version of their own package twice (docs.npmjs.com, "package-lock.json"). */
const LOCKS = new Set(['package-lock.json', 'npm-shrinkwrap.json']);

/**
 * A JSON or YAML file with another `version` of its own, everything else character for character as it was; undefined where
 * it has none. Throws Unversionable for what cannot be read, or would not be the same otherwise. Pure.
 */
export async function withVersionField(
  name: string,
  text: string,
  version: string,
): Promise<string | undefined> {
  const places = [
    ['version'],
    ...(LOCKS.has(path.posix.basename(name)) ? [['packages', '', 'version']] : []),
  ];
  const format = name.endsWith('.json') ? JSON_FORMAT : await yaml();
  const before = format.read(text);
  const found = places
    .filter((place) => typeof at(before, place) === 'string')
    .map((place) => ({ place, range: format.rangeOf(text, place) }));
  if (found.length === 0) return undefined;
  let after = text;
  // From the end, so that the places before stay where they are.
  for (const { range } of found.toSorted((a, b) => (b.range?.[0] ?? 0) - (a.range?.[0] ?? 0))) {
    if (range === undefined) throw new Unversionable('its version is not written plainly');
    const [from, to] = range;
    after = after.slice(0, from) + quoted(text.slice(from, to), version) + after.slice(to);
  }
  for (const { place } of found) put(before, place, version);
  // Whatever the file is like: nothing but these fields may have changed.
  if (JSON.stringify(format.read(after)) !== JSON.stringify(before))
    throw new Unversionable('its version is not written plainly');
  return after;
}

type Range = [from: number, to: number];
interface Format {
  /** Throws Unversionable. */
  read(text: string): unknown;
  rangeOf(text: string, place: readonly string[]): Range | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function at(value: unknown, place: readonly string[]): unknown {
  return place.reduce<unknown>(
    (here, key) => (isObject(here) && Object.hasOwn(here, key) ? here[key] : undefined),
    value,
  );
}

function put(value: unknown, place: readonly string[], version: string): void {
  const owner = at(value, place.slice(0, -1));
  if (isObject(owner)) owner[place.at(-1) ?? ''] = version;
}

/** In the quotes it stood in. */
const quoted = (before: string, version: string): string =>
  before.startsWith('"') ? `"${version}"` : before.startsWith("'") ? `'${version}'` : version;

const JSON_FORMAT: Format = {
  read(text) {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw new Unversionable('it is no JSON', { cause: error });
    }
  },
  rangeOf: jsonRange,
};

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** Where the string at this place stands in a text that is JSON. */
function jsonRange(text: string, place: readonly string[]): Range | undefined {
  /** Containers around the token: the key that an object is at, or null in an array. */
  const open: (string | null)[] = [];
  let isKey = false;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? '' : null);
      isKey = token === '{';
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ',') {
      isKey = open.at(-1) !== null;
    } else if (token === ':') {
      isKey = false;
    } else if (isKey) {
      open[open.length - 1] = JSON.parse(token) as string;
    } else if (
      token.startsWith('"') &&
      open.length === place.length &&
      place.every((key, n) => open[n] === key)
    ) {
      return [index, index + token.length];
    }
  }
  return undefined;
}

async function yaml(): Promise<Format> {
  const { isScalar, parseDocument } = await import('yaml');
  const parse = (text: string) => {
    const document = parseDocument(text);
    const [first] = document.errors;
    if (first !== undefined) throw new Unversionable(`it is no YAML: ${first.code}`);
    return document;
  };
  return {
    read(text) {
      try {
        return parse(text).toJS({ maxAliasCount: 100 }) as unknown;
      } catch (error) {
        if (error instanceof Unversionable) throw error;
        throw new Unversionable('it is no YAML that can be read', { cause: error });
      }
    },
    rangeOf(text, place) {
      const node = parse(text).getIn(place, true);
      return isScalar(node) && node.range != null && node.anchor === undefined
        ? [node.range[0], node.range[1]]
        : undefined;
    },
  };
}
