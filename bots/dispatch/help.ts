import type { ArgSpec, Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import { MAX_SUGGESTIONS, type Suggestion } from '../../contracts/chat.ts';
import type { Block } from '../../contracts/reply.ts';
import { commandAt, tokensOf } from './line.ts';
import type { Option } from './tree.ts';
import type { Shown } from './view.ts';

/** Help from the catalogue of one person: all of it, or one command. */
export function helpOf(catalogue: Catalogue, topic: string): Shown {
  const words = topic.trim().split(/\s+/).filter(Boolean);
  const found = words.length === 0 ? undefined : commandAt(catalogue, words);
  if (found !== undefined) return aboutOne(found.spec);
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
      { type: 'hint', text: '/reeve help <command> explains one; /reeve do <line> takes any as one line.' },
      ...lists,
    ],
  };
}

function aboutOne(spec: CommandSpec): Shown {
  const rows = spec.args.map((arg) => [usage(arg), arg.required ? 'required' : '', arg.description]);
  return {
    tone: 'info',
    title: `/reeve ${spec.name}`,
    blocks: [
      { type: 'text', text: spec.summary },
      ...(spec.description === undefined ? [] : [{ type: 'text' as const, text: spec.description }]),
      {
        type: 'table',
        columns: [{ label: 'Argument' }, { label: '' }, { label: 'What it is' }],
        rows,
        empty: 'It takes no arguments.',
      },
      { type: 'code', language: 'Examples', text: spec.examples.map((line) => `/reeve ${line}`).join('\n') },
    ],
  };
}

const usage = (arg: ArgSpec): string =>
  arg.position === undefined ? `--${arg.flag}` : arg.flag.toUpperCase();

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
