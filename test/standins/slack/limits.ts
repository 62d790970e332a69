import { word } from './args.ts';
import type { BlockProblem } from './errors.ts';

type Node = Record<string, unknown>;
type Path = (string | number)[];

/** Longest text by where it stands, characters (Slack's Block Kit reference). */
const PLAIN: Record<string, number> = {
  title: 24,
  submit: 24,
  close: 24,
  label: 2_000,
  placeholder: 150,
  hint: 2_000,
};
/** How many items, by block type and field. */
const ITEMS: Record<string, [field: string, max: number][]> = {
  actions: [['elements', 25]],
  context: [['elements', 10]],
  section: [['fields', 10]],
  static_select: [
    ['options', 100],
    ['option_groups', 100],
  ],
  multi_static_select: [
    ['options', 100],
    ['option_groups', 100],
  ],
  overflow: [['options', 5]],
  radio_buttons: [['options', 10]],
  checkboxes: [['options', 10]],
};
/** Elements that are no use without one. */
const WITH_ACTION =
  /^(button|.*_select|overflow|radio_buttons|checkboxes|datepicker|timepicker|plain_text_input|.*_text_input)$/u;
/** All text of a message's blocks together. */
const ALL_TEXT = 12_000;

export interface Judgement {
  problems: BlockProblem[];
  /** All text together is too long: `msg_blocks_too_long`. */
  tooLong: boolean;
}

/** Judges blocks by Slack's published limits; `max` is 50 in a message and 100 in a view. */
export function judgeBlocks(blocks: unknown, max: number, at: Path = ['blocks']): Judgement {
  const problems: BlockProblem[] = [];
  if (!Array.isArray(blocks))
    return { problems: [{ path: at, why: 'must provide an array' }], tooLong: false };
  if (blocks.length > max) problems.push({ path: at, why: `no more than ${max} items allowed` });
  const seen: Seen = { ids: new Set(), actions: new Set(), text: 0 };
  blocks.forEach((block: Node, index) => {
    const path = [...at, index];
    const id = block['block_id'];
    if (typeof id === 'string') {
      if (seen.ids.has(id)) problems.push({ path: [...path, 'block_id'], why: `block_id already exists` });
      if (id.length > 255) problems.push({ path: [...path, 'block_id'], why: less(255) });
      seen.ids.add(id);
    }
    seen.actions.clear();
    visit(block, path, '', problems, seen);
  });
  return { problems, tooLong: max === 50 && seen.text > ALL_TEXT };
}

interface Seen {
  ids: Set<string>;
  actions: Set<unknown>;
  text: number;
}

const less = (max: number): string => `must be less than ${max + 1} characters`;

function visit(node: Node, path: Path, field: string, problems: BlockProblem[], seen: Seen): void {
  const type = node['type'];
  if (type === 'plain_text' || type === 'mrkdwn') return text(node, path, field, problems, seen);
  if (type === 'markdown' && typeof node['text'] === 'string') {
    seen.text += node['text'].length;
    if (node['text'].length > ALL_TEXT) problems.push({ path: [...path, 'text'], why: less(ALL_TEXT) });
  }
  for (const [name, max] of ITEMS[String(type)] ?? []) {
    const list = node[name];
    if (!Array.isArray(list)) continue;
    if (list.length > max) problems.push({ path: [...path, name], why: `no more than ${max} items allowed` });
    if (list.length === 0) problems.push({ path: [...path, name], why: 'no fewer than 1 items allowed' });
  }
  if (type === 'section' && node['text'] === undefined && node['fields'] === undefined)
    problems.push({ path, why: 'missing required field: text or fields' });
  if (type === 'button') limit(node, 'value', 2_000, path, problems);
  if (type === 'button' || type === 'image')
    limit(node, type === 'image' ? 'alt_text' : 'url', type === 'image' ? 2_000 : 3_000, path, problems);
  if (type === undefined && field === 'options') limit(node, 'value', 150, path, problems);
  if (type === 'plain_text_input') limit(node, 'initial_value', 3_000, path, problems);
  if (typeof type === 'string' && WITH_ACTION.test(type)) {
    limit(node, 'action_id', 255, path, problems);
    const action = node['action_id'];
    if (action !== undefined && seen.actions.has(action))
      problems.push({ path: [...path, 'action_id'], why: `action_id "${word(action)}" already exists` });
    seen.actions.add(action);
  }
  for (const [name, value] of Object.entries(node)) {
    if (Array.isArray(value)) {
      value.forEach((item, index) => {
        if (typeof item === 'object' && item !== null)
          visit(item as Node, [...path, name, index], name, problems, seen);
      });
    } else if (typeof value === 'object' && value !== null)
      visit(value as Node, [...path, name], `${String(type)}.${name}`, problems, seen);
  }
}

/** A text object; `field` is the block or element type and the field it stands in. */
function text(node: Node, path: Path, field: string, problems: BlockProblem[], seen: Seen): void {
  const value = node['text'];
  if (typeof value !== 'string') return void problems.push({ path, why: 'missing required field: text' });
  seen.text += value.length;
  const [owner = '', name = owner] = field.split('.');
  const max =
    owner === 'header'
      ? 150
      : owner === 'section' || owner === 'context' || owner === 'elements'
        ? 3_000
        : owner === 'fields'
          ? 2_000
          : owner === 'button' || owner === 'undefined'
            ? 75
            : owner === 'confirm'
              ? name === 'title'
                ? 100
                : name === 'text'
                  ? 300
                  : 30
              : (PLAIN[name] ?? 3_000);
  if (value.length > max) problems.push({ path: [...path, 'text'], why: less(max) });
  if (value.length === 0) problems.push({ path: [...path, 'text'], why: 'must be more than 0 characters' });
}

function limit(node: Node, field: string, max: number, path: Path, problems: BlockProblem[]): void {
  const value = node[field];
  if (typeof value === 'string' && value.length > max)
    problems.push({ path: [...path, field], why: less(max) });
}

/** Judges a modal. */
export function judgeModal(view: Node): BlockProblem[] {
  const { problems } = judgeBlocks(view['blocks'], 100, ['view', 'blocks']);
  for (const [field, max] of [
    ['title', 24],
    ['submit', 24],
    ['close', 24],
  ] as const) {
    const object = view[field] as Node | undefined;
    if (typeof object?.['text'] !== 'string') continue;
    if (object['text'].length > max)
      problems.push({ path: ['view', field, 'text'], why: `must be less than ${max + 1} characters` });
  }
  limit(view, 'private_metadata', 3_000, ['view'], problems);
  limit(view, 'callback_id', 255, ['view'], problems);
  const inputs = (view['blocks'] as Node[] | undefined)?.some?.(({ type }) => type === 'input') ?? false;
  if (inputs && view['submit'] === undefined)
    problems.push({ path: ['view'], why: 'submit element is required when an input element is present' });
  return problems;
}
