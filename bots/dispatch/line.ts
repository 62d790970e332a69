import type { Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import type { ChatAsk } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { valueOf } from './values.ts';

export type CommandAsk = Extract<ChatAsk, { kind: 'command' }>;
/** What a line of text asks for. `help` is answered from the catalogue. */
export type Line = CommandAsk | { kind: 'help'; topic: string };

/** Confirmations come from buttons, never from a word that can be pasted. */
const REFUSED = new Set(['force', 'confirm', 'typed', 'yes']);

/** A command line as in a terminal, with or without `reeve` in front. Throws CHAT_TEXT, CHAT_FORCE, COMMAND_UNKNOWN. */
export function parseLine(catalogue: Catalogue, text: string): Line {
  const tokens = tokensOf(text);
  if (/^\/?reeve$/i.test(tokens[0]?.text ?? '')) tokens.shift();
  const words = tokens.map((token) => token.text);
  if (words.length === 0 || words[0] === 'help' || words.includes('--help'))
    return { kind: 'help', topic: words.filter((word) => word !== 'help' && word !== '--help').join(' ') };
  const found = commandAt(catalogue, words);
  if (found === undefined)
    throw fail('COMMAND_UNKNOWN', {
      name: words.slice(0, 2).join(' ').slice(0, 100),
      suggestion: suggestion(catalogue, words),
    });
  return fill(found.spec, tokens.slice(found.length));
}

/** The command that the first words name; the longest name wins. */
export function commandAt(
  catalogue: Catalogue,
  words: readonly string[],
): { spec: CommandSpec; length: number } | undefined {
  let best: { spec: CommandSpec; length: number } | undefined;
  for (const spec of catalogue.commands)
    for (const name of [spec.name, ...spec.aliases]) {
      const parts = name.split(' ');
      const named = parts.every((part, i) => part === words[i]?.toLowerCase());
      if (named && parts.length > (best?.length ?? 0)) best = { spec, length: parts.length };
    }
  return best;
}

function fill(spec: CommandSpec, tokens: readonly Token[]): CommandAsk {
  const args: JsonObject = {};
  const ask: CommandAsk = { kind: 'command', command: spec.name, args };
  const places = spec.args
    .filter((a) => a.position !== undefined)
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? { text: '', quoted: false };
    const flag = token.quoted ? null : /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/i.exec(token.text);
    const pair = token.quoted ? null : /^([a-z][a-z0-9_]*):(.+)$/is.exec(token.text);
    const named = pair === null ? undefined : spec.args.find((arg) => arg.name === pair[1]);
    if (named !== undefined) {
      // As Discord writes an option, and as the hints of messages do.
      put(args, named.name, valueOf(named, pair?.[2] ?? ''));
      continue;
    }
    if (spec.kind !== 'read' && pair?.[1] === 'reason') {
      ask.reason = pair[2] ?? '';
      continue;
    }
    if (spec.kind === 'privileged' && pair?.[1] === 'preauth_grant') {
      ask.grant = pair[2] ?? '';
      continue;
    }
    if (flag === null) {
      const place = places.shift();
      if (place === undefined)
        throw fail('CHAT_TEXT', { why: `${spec.name} has no place for "${token.text.slice(0, 80)}".` });
      // A list in the last place takes all that is left.
      if (place.type === 'list') places.unshift(place);
      put(args, place.name, valueOf(place, token.text));
      continue;
    }
    const name = (flag[1] ?? '').toLowerCase();
    const next = (): string => {
      const value = flag[2] ?? tokens[++i]?.text;
      if (value === undefined) throw fail('CHAT_TEXT', { why: `--${name} needs a value.` });
      return value;
    };
    if (name === 'reason') ask.reason = next();
    else if (name === 'preauth-grant') ask.grant = next();
    else if (REFUSED.has(name)) throw fail('CHAT_FORCE');
    else {
      const off = name.startsWith('no-')
        ? spec.args.find((a) => a.flag === name.slice(3) && a.type === 'boolean')
        : undefined;
      const arg = spec.args.find((a) => a.flag === name) ?? off;
      if (arg === undefined) throw fail('CHAT_TEXT', { why: `${spec.name} has no --${name.slice(0, 60)}.` });
      if (arg.type === 'boolean')
        put(args, arg.name, flag[2] === undefined ? off === undefined : valueOf(arg, flag[2]));
      else put(args, arg.name, valueOf(arg, next()));
    }
  }
  return ask;
}

/** A list may be given in several parts. */
function put(args: JsonObject, name: string, value: Json): void {
  const before = Object.hasOwn(args, name) ? args[name] : undefined;
  args[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
}

interface Token {
  text: string;
  /** It was in quotes, so it is no flag. */
  quoted: boolean;
}

const QUOTES: Record<string, string> = { '"': '"', "'": "'", '“': '”', '„': '“', '‘': '’', '«': '»' };

/** Words and quoted texts. Phones write `--` as a dash and quotes as typographic ones. Throws CHAT_TEXT for an open quote. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let word = '';
  let quoted = false;
  let close: string | undefined;
  const end = (): void => {
    if (word !== '' || quoted)
      tokens.push({ text: quoted ? word : word.replace(/^[—–](?=\p{L})/u, '--'), quoted });
    word = '';
    quoted = false;
  };
  for (const char of text) {
    if (close !== undefined) {
      if (char === close || (close === '”' && char === '"')) close = undefined;
      else word += char;
    } else if (/\s/u.test(char)) end();
    else if (Object.hasOwn(QUOTES, char) && (word === '' || /(?:=|^[a-z][a-z0-9_]*:)$/i.test(word))) {
      close = QUOTES[char];
      quoted ||= word === '';
    } else word += char;
  }
  if (close !== undefined) throw fail('CHAT_TEXT', { why: `A quote is not closed: ${close}` });
  end();
  return tokens;
}

function suggestion(catalogue: Catalogue, words: readonly string[]): string {
  const [first = ''] = words;
  const near = catalogue.commands.find((spec) =>
    [spec.name, ...spec.aliases].some((name) => name.startsWith(`${first} `) || name.includes(first)),
  );
  return near === undefined || first === ''
    ? 'See `/reeve help`.'
    : `Did you mean \`${near.name}\`? See \`/reeve help ${near.name}\`.`;
}
