import { ButtonStyle, ComponentType as T, MessageFlags } from 'discord-api-types/v10';
import type { FormProblem } from './errors.ts';

type Body = Record<string, unknown>;
type Path = (string | number)[];

/** Discord counts code points, not UTF-16 code units. */
export const points = (text: string): number => Array.from(text).length;

/** Collects what is over a published limit (Discord's reference: Message, Embed, Component, Application Commands). */
export class Limits {
  readonly found: FormProblem[] = [];

  add(path: Path, code: string, message: string): void {
    this.found.push({ path, code, message });
  }

  text(value: unknown, path: Path, max: number, min = 0): void {
    if (value === undefined || value === null) {
      if (min > 0) this.add(path, 'BASE_TYPE_REQUIRED', 'This field is required');
      return;
    }
    if (typeof value !== 'string') return this.add(path, 'BASE_TYPE_BAD_TYPE', 'Must be a string');
    const length = points(value);
    if (length <= max && length >= min) return;
    if (length === 0) return this.add(path, 'BASE_TYPE_REQUIRED', 'This field is required');
    if (min > 0 && max < Infinity)
      this.add(path, 'BASE_TYPE_BAD_LENGTH', `Must be between ${min} and ${max} in length.`);
    else this.add(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${max} or fewer in length.`);
  }

  list(value: unknown, path: Path, max: number, min = 0): Body[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.add(path, 'LIST_TYPE_CONVERT', 'Only iterables may be used in a ListType');
      return [];
    }
    if (value.length > max || value.length < min)
      this.add(path, 'BASE_TYPE_BAD_LENGTH', `Must be between ${min} and ${max} in length.`);
    return value as Body[];
  }
}

/** Text of an embed that counts for the 6,000 characters of a message. */
function embedLength(embed: Body): number {
  const { title, description, footer, author, fields } = embed as Record<string, never>;
  const texts = [
    title,
    description,
    (footer as Body | undefined)?.['text'],
    (author as Body | undefined)?.['name'],
  ];
  for (const field of (fields ?? []) as Body[]) texts.push(field['name'], field['value']);
  return texts.reduce((sum: number, text) => sum + (typeof text === 'string' ? points(text) : 0), 0);
}

function embeds(limits: Limits, value: unknown): void {
  const all = limits.list(value, ['embeds'], 10);
  all.forEach((embed, index) => {
    const at = ['embeds', index];
    limits.text(embed['title'], [...at, 'title'], 256);
    limits.text(embed['description'], [...at, 'description'], 4_096);
    const { footer, author } = embed as { footer?: Body; author?: Body };
    if (footer) limits.text(footer['text'], [...at, 'footer', 'text'], 2_048, 1);
    if (author) limits.text(author['name'], [...at, 'author', 'name'], 256, 1);
    limits.list(embed['fields'], [...at, 'fields'], 25).forEach((field, number) => {
      limits.text(field['name'], [...at, 'fields', number, 'name'], 256, 1);
      limits.text(field['value'], [...at, 'fields', number, 'value'], 1_024, 1);
    });
    for (const key of ['url', 'image', 'thumbnail'])
      link(limits, key === 'url' ? embed['url'] : (embed[key] as Body | undefined)?.['url'], [...at, key]);
  });
  if (all.reduce((sum, embed) => sum + embedLength(embed), 0) > 6_000)
    limits.add(['embeds'], 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000');
}

function link(limits: Limits, value: unknown, path: Path): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'string' && /^(https?|attachment):\/\/\S+$/u.test(value) && value.length <= 2_048)
    return;
  limits.add(path, 'URL_TYPE_INVALID_URL', 'Not a well formed URL.');
}

function emojiOrText(limits: Limits, button: Body, path: Path): void {
  limits.text(button['label'], [...path, 'label'], 80);
  const style = button['style'];
  if (style === ButtonStyle.Premium) return;
  if (button['label'] === undefined && button['emoji'] === undefined)
    limits.add(path, 'BUTTON_COMPONENT_MISSING_LABEL_OR_EMOJI', 'A button must have a label or an emoji');
  if (style === ButtonStyle.Link) return link(limits, button['url'] ?? '', [...path, 'url']);
  limits.text(button['custom_id'], [...path, 'custom_id'], 100, 1);
}

function select(limits: Limits, menu: Body, path: Path): void {
  limits.text(menu['custom_id'], [...path, 'custom_id'], 100, 1);
  limits.text(menu['placeholder'], [...path, 'placeholder'], 150);
  if (menu['type'] !== T.StringSelect) return;
  const options = limits.list(menu['options'] ?? [], [...path, 'options'], 25, 1);
  const values = new Set<unknown>();
  options.forEach((option, index) => {
    const at = [...path, 'options', index];
    limits.text(option['label'], [...at, 'label'], 100, 1);
    limits.text(option['value'], [...at, 'value'], 100, 1);
    limits.text(option['description'], [...at, 'description'], 100);
    if (values.has(option['value']))
      limits.add(
        [...at, 'value'],
        'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
        'The specified option value is already used',
      );
    values.add(option['value']);
  });
  const max = (menu['max_values'] ?? 1) as number;
  if (max > Math.max(1, options.length) || max > 25)
    limits.add(
      [...path, 'max_values'],
      'NUMBER_TYPE_MAX',
      'int value should be less than or equal to the number of options.',
    );
}

/** Every component under `value`, with its path. */
export function* walk(value: unknown, path: Path): Generator<[component: Body, path: Path]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* walk(item, [...path, index]);
  } else if (typeof value === 'object' && value !== null && typeof (value as Body)['type'] === 'number') {
    yield [value as Body, path];
    for (const key of ['components', 'component', 'accessory'])
      if ((value as Body)[key] !== undefined) yield* walk((value as Body)[key], [...path, key]);
  }
}

export function components(limits: Limits, value: unknown, { v2 = false, modal = false } = {}): void {
  const at = modal ? ['data', 'components'] : ['components'];
  const top = limits.list(value, at, v2 ? 40 : 5, modal ? 1 : 0);
  const ids = new Set<unknown>();
  let count = 0;
  let text = 0;
  for (const [component, path] of walk(top, at)) {
    count += 1;
    const type = component['type'] as T;
    if (type === T.ActionRow) {
      const inner = limits.list(component['components'], [...path, 'components'], 5, 1);
      const wide = inner.some((item) => item['type'] !== T.Button);
      if (wide && inner.length > 1)
        limits.add(
          [...path, 'components'],
          'COMPONENT_LAYOUT_WIDTH_EXCEEDED',
          'The specified component exceeds the maximum width',
        );
    } else if (!v2 && !modal && path.length === 2) {
      limits.add([...path, 'type'], 'UNION_TYPE_CHOICES', 'Value of field "type" must be one of (1,).');
    }
    if (type === T.Button) emojiOrText(limits, component, path);
    else if (type === T.TextInput) textInput(limits, component, path, modal);
    else if (type === T.TextDisplay) text += points(String(component['content']));
    else if (type === T.Label) limits.text(component['label'], [...path, 'label'], 45, 1);
    else if (type === T.StringSelect || (type >= T.UserSelect && type <= T.ChannelSelect))
      select(limits, component, path);
    const id = component['custom_id'];
    if (id !== undefined && ids.has(id))
      limits.add(
        [...path, 'custom_id'],
        'COMPONENT_CUSTOM_ID_DUPLICATED',
        'Component custom id cannot be duplicated',
      );
    if (id !== undefined) ids.add(id);
  }
  if (v2 && count > 40) limits.add(at, 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 40 in length.');
  if (v2 && text > 4_000)
    limits.add(
      at,
      'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
      'Displayable text exceeds maximum size of 4000',
    );
}

function textInput(limits: Limits, input: Body, path: Path, modal: boolean): void {
  if (!modal) return limits.add([...path, 'type'], 'UNION_TYPE_CHOICES', 'Text inputs stand in modals only');
  limits.text(input['custom_id'], [...path, 'custom_id'], 100, 1);
  limits.text(input['label'], [...path, 'label'], 45);
  limits.text(input['placeholder'], [...path, 'placeholder'], 100);
  limits.text(input['value'], [...path, 'value'], 4_000);
  for (const key of ['min_length', 'max_length'])
    if (((input[key] ?? 1) as number) > 4_000)
      limits.add([...path, key], 'NUMBER_TYPE_MAX', 'int value should be less than or equal to 4000.');
}

/** A message that is sent or edited. */
export function messageProblems(body: Body): FormProblem[] {
  const limits = new Limits();
  const v2 = (((body['flags'] ?? 0) as number) & MessageFlags.IsComponentsV2) !== 0;
  limits.text(body['content'], ['content'], 2_000);
  embeds(limits, body['embeds']);
  components(limits, body['components'], { v2 });
  limits.list(body['attachments'], ['attachments'], 10);
  if (v2)
    for (const key of ['content', 'embeds'])
      if (body[key] !== undefined && body[key] !== null && (body[key] as string).length > 0)
        limits.add(
          [key],
          'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
          `The '${key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
        );
  const { users, roles, parse } = (body['allowed_mentions'] ?? {}) as Record<string, string[] | undefined>;
  limits.list(users, ['allowed_mentions', 'users'], 100);
  limits.list(roles, ['allowed_mentions', 'roles'], 100);
  for (const kind of ['users', 'roles'])
    if (parse?.includes(kind) && ((kind === 'users' ? users : roles)?.length ?? 0) > 0)
      limits.add(
        ['allowed_mentions'],
        'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
        `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`,
      );
  return limits.found;
}

/** A modal in a callback. */
export function modalProblems(body: Body): FormProblem[] {
  const limits = new Limits();
  limits.text(body['title'], ['data', 'title'], 45, 1);
  limits.text(body['custom_id'], ['data', 'custom_id'], 100, 1);
  components(limits, body['components'] ?? [], { modal: true });
  return limits.found;
}

/** Choices of an autocomplete answer. */
export function choiceProblems(choices: unknown, path: Path): FormProblem[] {
  const limits = new Limits();
  limits.list(choices, path, 25).forEach((choice, index) => {
    limits.text(choice['name'], [...path, index, 'name'], 100, 1);
    if (typeof choice['value'] === 'string') limits.text(choice['value'], [...path, index, 'value'], 100, 1);
  });
  return limits.found;
}
