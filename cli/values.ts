import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { ArgSpec } from '../contracts/catalogue.ts';
import type { Json } from '../contracts/json.ts';
import { usage } from './io/problem.ts';
import { nearest } from './suggest.ts';

const DURATION = /^[1-9][0-9]{0,8}(ms|s|m|h|d)$/;

/** A word of the command line as the value its argument takes. Throws USAGE. */
export function parseValue(command: string, spec: ArgSpec, text: string): Json {
  const wrong = (wants: string): Error =>
    usage(`${nameOf(spec)} takes ${wants}, not "${text.slice(0, 80)}"`, `See \`reeve ${command} --help\`.`);
  switch (spec.type) {
    case 'integer': {
      const value = Number(text);
      if (!/^[+-]?\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw wrong('a whole number');
      return value;
    }
    case 'boolean':
      if (!/^(true|false|yes|no)$/.test(text)) throw wrong('true or false');
      return text === 'true' || text === 'yes';
    case 'duration':
      if (!DURATION.test(text)) throw wrong('a duration such as 30s, 15m or 24h');
      return text;
    case 'enum': {
      const choices = spec.choices ?? [];
      if (choices.includes(text)) return text;
      const near = nearest(text, choices);
      throw usage(
        `${nameOf(spec)} is one of ${choices.join(', ')}, not "${text.slice(0, 80)}"`,
        near === undefined ? `See \`reeve ${command} --help\`.` : `Did you mean ${near}?`,
      );
    }
    case 'json':
      return parseJson(text, wrong);
    case 'list':
      return splitList(text);
    default:
      return text;
  }
}

/** A secret from standard input, without the line end that a file or `echo` puts behind it. Throws USAGE. */
export function piped(spec: ArgSpec): string {
  const how = `Pipe it in: … ${nameOf(spec)} - < file`;
  if (isatty(0)) throw usage(`${nameOf(spec)} - reads standard input, which is a terminal`, how);
  let text: string;
  try {
    text = readFileSync(0, 'utf8').replace(/\r?\n$/, '');
  } catch {
    text = '';
  }
  if (text === '') throw usage(`${nameOf(spec)} - reads standard input, which is empty`, how);
  return text;
}

/** `a,b` → both; a part may hold `\,`. In `name=value` pairs only a comma before the next name divides. */
export function splitList(text: string): string[] {
  const comma = /^\s*\w+=/.test(text) ? /(?<!\\),(?=\s*\w+=)/ : /(?<!\\),/;
  return text
    .split(comma)
    .map((part) => part.replaceAll('\\,', ',').trim())
    .filter((part) => part !== '');
}

export const nameOf = (spec: ArgSpec): string =>
  spec.position === undefined ? `--${spec.flag}` : spec.flag.toUpperCase();

/** JSON text, or `@file`. */
function parseJson(text: string, wrong: (wants: string) => Error): Json {
  try {
    return JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text) as Json;
  } catch (error) {
    throw wrong(`JSON or @file (${error instanceof Error ? error.message : String(error)})`);
  }
}
