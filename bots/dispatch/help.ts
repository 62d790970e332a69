import type { ArgSpec, Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import { MAX_SUGGESTIONS, type Platform, type Suggestion } from '../../contracts/chat.ts';
import type { Block } from '../../contracts/reply.ts';
import { commandAt, parseLine, tokensOf } from './line.ts';
import type { Option } from './tree.ts';
import { written } from './typed.ts';
import type { Shown } from './view.ts';

/** How a platform takes what has no form of its own there. */
const LINES: Record<Platform, string> = {
  discord: '`/reeve do` takes any as one line',
  slack: '`/reeve` alone opens a form',
};

/** Help from the catalogue of one person: all of it, or one command. */
export function helpOf(catalogue: Catalogue, topic: string, platform: Platform): Shown {
  const words = topic.trim().split(/\s+/).filter(Boolean);
  const found = words.length === 0 ? undefined : commandAt(catalogue, words);
  if (found !== undefined) return aboutOne(found.spec, catalogue, platform);
  const groups = Map.groupBy(catalogue.commands, (spec) => spec.group);
  const lists = [...groups].map(([group, specs]): Block => ({
    type: 'text',
    text: `${group}\n${specs.map((spec) => `  ${spec.name}: ${spec.summary}`).join('\n')}`,
  }));
  const unknown: Block[] =
    words.length === 0 ? [] : [{ type: 'text', text: `There is no command ${topic.slice(0, 80)} for you.` }];
  return {
    tone: 'info',
    title: 'What you may do here',
    blocks: [
      ...unknown,
      { type: 'hint', text: `\`/reeve help\` with a command explains it; ${LINES[platform]}.` },
      ...lists,
    ],
  };
}

function aboutOne(spec: CommandSpec, catalogue: Catalogue, platform: Platform): Shown {
  const rows = spec.args.map((arg) => [
    usage(arg, platform),
    arg.required ? 'required' : '',
    arg.description,
  ]);
  const examples = spec.examples.flatMap((line) => inChat(line, catalogue, platform));
  return {
    tone: 'info',
    title: `/reeve ${spec.name}`,
    blocks: [
      { type: 'text', text: spec.summary },
      ...(spec.description === undefined
        ? []
        : [{ type: 'text' as const, text: spec.description.replaceAll('`', '') }]),
      {
        type: 'table',
        columns: [{ label: 'Argument' }, { label: '' }, { label: 'What it is' }],
        rows,
        empty: 'It takes no arguments.',
      },
      ...(examples.length === 0
        ? []
        : [{ type: 'code' as const, language: 'Examples', text: examples.join('\n') }]),
    ],
  };
}

/** As the platform's own forms name it; a line of Slack's is like one in a terminal. */
const usage = (arg: ArgSpec, platform: Platform): string =>
  platform === 'discord' ? arg.name : arg.position === undefined ? `--${arg.flag}` : arg.flag.toUpperCase();

/** An example as it is typed there, without the confirmation that in chat is a button; none of what chat does not take. */
function inChat(line: string, catalogue: Catalogue, platform: Platform): string[] {
  const example = line.replaceAll(/ --(?:force|yes|(?:confirm|typed) \S+)(?= |$)/gu, '');
  try {
    const asked = parseLine(catalogue, example);
    if (asked.kind !== 'command') return [];
    return [platform === 'discord' ? written(asked) : `/reeve ${example}`];
  } catch {
    return [];
  }
}

/** Suggestions the catalogue itself can make: names of commands, the choices of a long list. */
export function suggestionsOf(catalogue: Catalogue, option: Option, text: string): Suggestion[] {
  const { fills } = option;
  const wanted = text.trim().toLowerCase();
  const all: Suggestion[] =
    fills === 'line' || fills === 'topic'
      ? catalogue.commands.map(({ name, summary }) => suggestion(name, `${name}: ${summary}`))
      : typeof fills === 'object'
        ? (fills.arg.choices ?? []).map((choice) => suggestion(choice, choice))
        : [];
  const fitting = all.filter(
    ({ value, label }) => value.startsWith(wanted) || label.toLowerCase().includes(wanted),
  );
  // Whoever has typed past the name of a command keeps what is typed.
  const typed =
    fills === 'line' && safeTokens(text) > 0 && text.length <= 100 ? [suggestion(text, text)] : [];
  const others = typed.length === 0 ? fitting : fitting.filter(({ value }) => value !== text);
  return [...typed, ...others].slice(0, MAX_SUGGESTIONS);
}

const suggestion = (value: string, label: string): Suggestion => ({
  value: value.slice(0, 100),
  label: label.length > 100 ? `${label.slice(0, 99)}…` : label,
});

function safeTokens(text: string): number {
  try {
    return tokensOf(text).length;
  } catch {
    return 0;
  }
}
