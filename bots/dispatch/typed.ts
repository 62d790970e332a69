import type { Catalogue } from '../../contracts/catalogue.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Block, Reply } from '../../contracts/reply.ts';
import { commandAt, parseLine, type CommandAsk } from './line.ts';

/**
 * `reeve resume --project shop` → `/reeve resume project:shop`, wherever a text of the daemon names a command that chat has:
 * Discord's client makes the options of it when it is pasted, and Slack's line takes it as well. What chat has not, such as
 * `reeve approve` with a key, stays a command of the terminal.
 */
export const typedInChat = (text: string, catalogue: Catalogue, { code }: { code: boolean }): string =>
  text
    .split('\n')
    .map((line) => {
      const parts = line.split('`');
      // What is never closed is no code.
      const codes = parts.length % 2 === 1 ? parts.length : parts.length - 1;
      return parts
        .map((part, i) =>
          i % 2 === 1 && i < codes
            ? (whole(part, catalogue) ?? part)
            : among(part, catalogue, code ? '`' : ''),
        )
        .join('`');
    })
    .join('\n');

/** The blocks with their commands as they are typed in chat. */
export const blocksInChat = (blocks: readonly Block[], catalogue: Catalogue): Block[] =>
  blocks.map((block) =>
    block.type === 'hint'
      ? { ...block, text: typedInChat(block.text, catalogue, { code: true }) }
      : block.type === 'text'
        ? { ...block, text: typedInChat(block.text, catalogue, { code: false }) }
        : block,
  );

export const replyInChat = (reply: Reply, catalogue: Catalogue): Reply => ({
  ...reply,
  blocks: blocksInChat(reply.blocks, catalogue),
  ...(reply.error === undefined
    ? {}
    : { error: { ...reply.error, hint: typedInChat(reply.error.hint, catalogue, { code: true }) } }),
});

/** A command and nothing else; undefined: it is none of chat's. */
function whole(text: string, catalogue: Catalogue): string | undefined {
  const [, line] = /^\/?reeve (.+)$/su.exec(text) ?? [];
  if (line === undefined) return undefined;
  try {
    const asked = parseLine(catalogue, line);
    return asked.kind === 'command' && named(line, asked) ? written(asked) : undefined;
  } catch {
    return undefined;
  }
}

/** Every command among words. */
const among = (text: string, catalogue: Catalogue, mark: string): string =>
  text.replace(/(?<![\w/.-])\/?reeve (?=[a-z]).*/u, (rest) => first(rest, catalogue, mark));

/** A command with words behind it: as much of it as is surely meant. */
function first(text: string, catalogue: Catalogue, mark: string): string {
  const [, sentence = '', rest = ''] = /^(.*?)((?:[.,;:)]+(?: .*)?)?)$/u.exec(text) ?? [];
  const all = whole(sentence, catalogue);
  // A word of the sentence would be taken for a value; values have something that words have not.
  const values = all?.includes(':') === true && !/[\d_…"-]/u.test(sentence);
  if (all !== undefined && !values) return `${mark}${all}${mark}${among(rest, catalogue, mark)}`;
  const words = text.replace(/^\/?reeve /u, '').split(' ');
  const found = commandAt(catalogue, words);
  const name = words.slice(0, found?.length ?? 1).join(' ');
  const behind = among(words.slice(found?.length ?? 1).join(' '), catalogue, mark);
  return `${found?.spec.name === name ? `${mark}/reeve ${name}${mark}` : `reeve ${name}`} ${behind}`.trimEnd();
}

/** By its own name: an alias may be that of a command of the terminal, which does something else. */
const named = (line: string, { command }: CommandAsk): boolean =>
  line === command || line.startsWith(`${command} `);

/** As one types it, options by name. */
export function written({ command, args, reason, grant }: CommandAsk): string {
  const options: JsonObject = {
    ...(args as JsonObject),
    ...(grant === undefined ? {} : { preauth_grant: grant }),
  };
  return [
    `/reeve ${command}`,
    ...Object.entries(options).map(([name, value]) => `${name}:${plain(value)}`),
    ...(reason === undefined ? [] : [`reason:${quoted(reason)}`]),
  ].join(' ');
}

const plain = (value: Json): string => quoted(Array.isArray(value) ? value.map(word).join(',') : word(value));
const word = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
const quoted = (text: string): string => (/\s|^$/u.test(text) ? `"${text}"` : text);
