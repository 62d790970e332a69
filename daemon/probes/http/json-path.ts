import { JSONPathEnvironment, type JSONPathQuery } from 'json-p3';
import type { Json } from '../../../contracts/json.ts';
import { cut } from '../../text.ts';
import type { Expected } from './schema.ts';

const environment = new JSONPathEnvironment();
// They run regular expressions without a limit of time on what a stranger sent.
environment.functionRegister.delete('match');
environment.functionRegister.delete('search');
const queries = new Map<string, JSONPathQuery>();

/** A JSONPath query (RFC 9535). Nothing of it is run as code. Throws for what is none, in words for people. */
export function compile(path: string): JSONPathQuery {
  const known = queries.get(path);
  if (known !== undefined) return known;
  const query = environment.compile(path);
  if (queries.size >= 1000) queries.clear();
  queries.set(path, query);
  return query;
}

/** Why what a path finds is not what was expected; undefined when it is. */
export function atPath(path: string, document: Json, want: Expected): string | undefined {
  let found: unknown[];
  try {
    found = compile(path).query(document).values();
  } catch (error) {
    return `${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
  const must = typeof want === 'object' && want !== null ? want : undefined;
  if (must?.exists === false) return found.length === 0 ? undefined : `there is something at ${path}`;
  if (found.length === 0) return `there is nothing at ${path}`;
  for (const value of found) {
    const shown = cut(JSON.stringify(value), 80);
    if (must === undefined) {
      if (value !== want) return `${path} is ${shown}, not ${JSON.stringify(want)}`;
      continue;
    }
    if (must.min !== undefined && !(typeof value === 'number' && value >= must.min))
      return `${path} is ${shown}, not at least ${must.min}`;
    if (must.max !== undefined && !(typeof value === 'number' && value <= must.max))
      return `${path} is ${shown}, not at most ${must.max}`;
    if (must.contains !== undefined && !(typeof value === 'string' && value.includes(must.contains)))
      return `${path} is ${shown}, without "${must.contains}"`;
  }
  return undefined;
}
