import type { ArgSpec } from '../../contracts/catalogue.ts';
import { fail } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';

/** A text as the value its argument takes; what it means is for the daemon to judge. Throws CHAT_TEXT. */
export function valueOf(spec: ArgSpec, text: string): Json {
  const wrong = (wants: string): Error =>
    fail('CHAT_TEXT', { why: `--${spec.flag} takes ${wants}, not "${text.slice(0, 80)}".` });
  switch (spec.type) {
    case 'integer':
      if (!/^[+-]?\d{1,15}$/.test(text)) throw wrong('a whole number');
      return Number(text);
    case 'boolean':
      if (!/^(true|false|yes|no)$/.test(text)) throw wrong('true or false');
      return text === 'true' || text === 'yes';
    case 'enum':
      if (spec.choices !== undefined && !spec.choices.includes(text))
        throw wrong(`one of ${spec.choices.join(', ')}`);
      return text;
    case 'list':
      return splitList(text);
    case 'json':
      try {
        return JSON.parse(text) as Json;
      } catch {
        throw wrong('JSON');
      }
    default:
      return text;
  }
}

/** `a,b` → both; a part may hold `\,`. In `name=value` pairs only a comma before the next name divides. */
function splitList(text: string): string[] {
  const comma = /^\s*\w+=/.test(text) ? /(?<!\\),(?=\s*\w+=)/ : /(?<!\\),/;
  return text
    .split(comma)
    .map((part) => part.replaceAll('\\,', ',').trim())
    .filter((part) => part !== '');
}
