import { ApplicationCommandOptionType as O, ApplicationCommandType } from 'discord-api-types/v10';
import type { FormProblem } from './errors.ts';
import { choiceProblems, Limits, points } from './limits.ts';

type Body = Record<string, unknown>;
type Path = (string | number)[];

/** Discord's own pattern for chat-input names; no upper case where a lower case exists. */
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

/** A set of commands as a bulk overwrite sends it. */
export function commandProblems(commands: Body[]): FormProblem[] {
  const limits = new Limits();
  const seen = new Set<string>();
  commands.forEach((command, index) => {
    const type = (command['type'] ?? ApplicationCommandType.ChatInput) as ApplicationCommandType;
    const key = `${type} ${String(command['name'])}`;
    if (seen.has(key))
      limits.add(
        [index, 'name'],
        'APPLICATION_COMMANDS_DUPLICATE_NAME',
        'Application command names must be unique',
      );
    seen.add(key);
    one(limits, command, [index], type === ApplicationCommandType.ChatInput);
  });
  return limits.found;
}

function one(limits: Limits, command: Body, at: Path, chatInput: boolean): void {
  if (!chatInput) return limits.text(command['name'], [...at, 'name'], 32, 1);
  name(limits, command['name'], [...at, 'name']);
  limits.text(command['description'], [...at, 'description'], 100, 1);
  options(limits, command['options'], [...at, 'options'], 0);
  if (size(command) > 8_000)
    limits.add(at, 'APPLICATION_COMMAND_TOO_LARGE', 'Command exceeds maximum size (8000)');
}

function name(limits: Limits, value: unknown, path: Path): void {
  if (typeof value !== 'string' || !NAME.test(value) || value !== value.toLowerCase())
    limits.add(path, 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid');
}

function options(limits: Limits, value: unknown, path: Path, depth: number): void {
  const all = limits.list(value, path, 25);
  const names = new Set<unknown>();
  let optional = false;
  const nested = all.filter(({ type }) => type === O.Subcommand || type === O.SubcommandGroup);
  if (nested.length > 0 && nested.length < all.length)
    limits.add(
      path,
      'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
      'Sub-command and sub-command group option types are mutually exclusive to all other types',
    );
  all.forEach((option, index) => {
    const at = [...path, index];
    name(limits, option['name'], [...at, 'name']);
    limits.text(option['description'], [...at, 'description'], 100, 1);
    if (names.has(option['name']))
      limits.add(at, 'APPLICATION_COMMAND_OPTIONS_NAME_INVALID', 'Option names must be unique');
    names.add(option['name']);
    if (option['required'] !== true) optional = true;
    else if (optional)
      limits.add(
        at,
        'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
        'Required options must be placed before non-required options',
      );
    const type = option['type'] as O;
    if (type === O.SubcommandGroup && depth > 0)
      limits.add([...at, 'type'], 'BASE_TYPE_CHOICES', 'Groups cannot be nested');
    if (type === O.Subcommand || type === O.SubcommandGroup)
      options(limits, option['options'], [...at, 'options'], depth + 1);
    limits.found.push(...choiceProblems(option['choices'], [...at, 'choices']));
    if (option['autocomplete'] === true && ((option['choices'] ?? []) as object[]).length > 0)
      limits.add(
        [...at, 'autocomplete'],
        'APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES',
        'Autocomplete and choices are mutually exclusive',
      );
    if (((option['max_length'] ?? 1) as number) > 6_000)
      limits.add([...at, 'max_length'], 'NUMBER_TYPE_MAX', 'int value should be less than or equal to 6000.');
  });
}

/** Name, description and values of a command, its options and choices, together at most 8,000. */
function size(node: Body): number {
  let sum = 0;
  for (const key of ['name', 'description', 'value'])
    if (typeof node[key] === 'string') sum += points(node[key]);
  for (const key of ['options', 'choices'])
    for (const child of (node[key] ?? []) as Body[]) sum += size(child);
  return sum;
}
