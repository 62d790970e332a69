import type { InputBlock, InputBlockElement, ModalView } from '@slack/types';
import { z } from 'zod';
import type { Catalogue } from '../../contracts/catalogue.ts';
import { fail } from '../../contracts/errors.ts';
import type { Suggestion } from '../../contracts/chat.ts';
import { askOf, type Filled } from '../dispatch/ask.ts';
import { suggestionsOf } from '../dispatch/help.ts';
import type { Line } from '../dispatch/line.ts';
import { ROOT, commandTree, type CommandTree, type Leaf, type Option } from '../dispatch/tree.ts';
import { plain } from './blocks.ts';
import { writeOrigin, type Origin } from './form.ts';
import type { ViewState } from './from.ts';

/** Callback id of the command form. */
export const FILL = 'reeve_fill';
/** Id of the menu in which the command is chosen. */
export const COMMAND = 'reeve_command';

/** A command alone, with the path under which the dispatcher knows it. Throws COMMAND_UNKNOWN. */
export function only(
  catalogue: Catalogue,
  command: string,
): { tree: CommandTree; leaf: Leaf; path: string[] } {
  const commands = catalogue.commands.filter((spec) => spec.name === command);
  const tree = commandTree({ ...catalogue, commands });
  const at = (leaf: Leaf, path: string[]) => ({ tree, leaf, path });
  for (const leaf of tree.own) if (leaf.command === command) return at(leaf, [leaf.name]);
  for (const leaf of tree.leaves) if (leaf.command === command) return at(leaf, [ROOT, leaf.name]);
  for (const group of tree.groups)
    for (const leaf of group.leaves)
      if (leaf.command === command) return at(leaf, [ROOT, group.name, leaf.name]);
  throw fail('COMMAND_UNKNOWN', { name: command.slice(0, 100), suggestion: 'See `/reeve help`.' });
}

/** The form of `/reeve` alone: which command, and then what it takes. */
export function fillView(origin: Origin, leaf?: Leaf): ModalView {
  return {
    type: 'modal',
    callback_id: FILL,
    private_metadata: writeOrigin(leaf === undefined ? origin : { ...origin, command: leaf.command }),
    title: plain('Reeve', 24),
    submit: plain(leaf === undefined ? 'Next' : 'Ask', 24),
    close: plain('Back', 24),
    blocks: [
      {
        type: 'input',
        block_id: COMMAND,
        dispatch_action: true,
        label: plain('Command', 2000),
        ...(leaf === undefined ? {} : { hint: plain(leaf.description, 2000) }),
        element: {
          type: 'external_select',
          action_id: COMMAND,
          min_query_length: 0,
          placeholder: plain('Type a few letters of it', 150),
        },
      },
      ...(leaf === undefined ? [] : leaf.options.map(inputOf)),
    ],
  };
}

function inputOf(option: Option): InputBlock {
  return {
    type: 'input',
    block_id: option.name,
    optional: !option.required,
    label: plain(option.name.replaceAll('_', ' '), 2000),
    hint: plain(option.description, 2000),
    element: elementOf(option),
  };
}

function elementOf({ name, type, choices, suggest, fills }: Option): InputBlockElement {
  const fixed = choices ?? (type === 'boolean' ? ['true', 'false'] : undefined);
  if (fixed !== undefined)
    return {
      type: 'static_select',
      action_id: name,
      options: fixed.map((choice) => ({ text: plain(choice, 75), value: choice })),
    };
  if (suggest) return { type: 'external_select', action_id: name, min_query_length: 0 };
  return { type: 'plain_text_input', action_id: name, multiline: fills === 'reason' };
}

const Input = z.object({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
});

/** What stands in a form's fields. Fields left empty are not there. */
export function filledIn({ state }: Pick<ViewState, 'state'>): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [block, fields] of Object.entries(state?.values ?? {}))
    for (const field of Object.values(fields)) {
      const input = Input.safeParse(field);
      const value = input.success ? (input.data.value ?? input.data.selected_option?.value) : undefined;
      if (value !== undefined && value !== '' && block !== COMMAND) filled[block] = value;
    }
  return filled;
}

/** What a filled-in form asks. Throws CHAT_TEXT, COMMAND_UNKNOWN. */
export function askIn(catalogue: Catalogue, command: string, filled: Filled): Line {
  const { tree, leaf, path } = only(catalogue, command);
  const known = Object.entries(filled).filter(([name]) =>
    leaf.options.some((option) => option.name === name),
  );
  const values = known.map(([name, value]): [string, string | boolean] => {
    const boolean = leaf.options.find((option) => option.name === name)?.type === 'boolean';
    return [name, boolean ? value === 'true' : String(value)];
  });
  // Fields of a command that was chosen before stay in the form's state.
  return askOf(catalogue, tree, path, Object.fromEntries(values));
}

/** Commands whose name or summary holds the text. */
export const commandsLike = (catalogue: Catalogue, text: string): Suggestion[] =>
  suggestionsOf(
    catalogue,
    { name: '', description: '', type: 'string', required: false, suggest: true, fills: 'topic' },
    text,
  );

/** Suggestions as a menu's options. What was typed can always be chosen: suggestions restrict nothing. */
export function optionsOf(
  suggestions: readonly Suggestion[],
  typed?: string,
): { text: ReturnType<typeof plain>; value: string }[] {
  const all = suggestions.map(({ label, value }) => ({ text: plain(label, 75), value }));
  const own = typed?.trim() ?? '';
  const free =
    own === '' || suggestions.some(({ value }) => value === own)
      ? []
      : [{ text: plain(own, 75), value: own }];
  return [...free, ...all].filter(({ value }) => value !== '' && value.length <= 150).slice(0, 100);
}

/** The command that is chosen in a form. */
export function chosenIn(view: ViewState): string | undefined {
  const field = view.state?.values[COMMAND]?.[COMMAND] as
    { selected_option?: { value?: unknown } } | undefined;
  const value = field?.selected_option?.value;
  return typeof value === 'string' ? value : undefined;
}
