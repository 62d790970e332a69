import type { Message, Modal } from './world.ts';

export type Element = Record<string, unknown>;

export interface Found {
  element: Element;
  block: Element;
}

/** Every element of blocks, with its block. */
export function* elements(blocks: readonly object[]): Generator<Found> {
  for (const block of blocks as Element[]) {
    for (const key of ['elements', 'accessory', 'element'])
      for (const element of [block[key] ?? []].flat() as Element[])
        if (typeof element['type'] === 'string') yield { element, block };
  }
}

/** The element that a person means by its text, placeholder, label, action_id or block_id. */
export function meant(on: Pick<Message, 'blocks'> | Modal, name: string): Found | undefined {
  const blocks = 'view' in on ? on.view.blocks : on.blocks;
  return [...elements(blocks)].find(({ element, block }) =>
    [
      element['action_id'],
      block['block_id'],
      say(element['text']),
      say(element['placeholder']),
      say(block['label']),
    ].includes(name),
  );
}

export const say = (text: unknown): string | undefined => (text as { text?: string } | undefined)?.text;

/** What `state.values` says of a field. */
export function stateOf({ element }: Found, value: unknown): object {
  const type = String(element['type']);
  const option = (one: unknown): object => ({
    text: { type: 'plain_text', text: String(one) },
    value: String(one),
  });
  const known = (one: unknown): unknown =>
    [
      ...((element['options'] ?? []) as Element[]),
      ...((element['option_groups'] ?? []) as { options: Element[] }[]).flatMap(({ options }) => options),
    ].find((each) => each['value'] === one || say(each['text']) === one) ?? option(one);
  if (/^(static_select|external_select|radio_buttons|overflow)$/u.test(type))
    return { type, selected_option: value === undefined || value === null ? null : known(value) };
  if (/^(multi_(static|external)_select|checkboxes)$/u.test(type))
    return { type, selected_options: [value ?? []].flat().map(known) };
  const kind = /^(users|channels|conversations)_select$/u.exec(type)?.[1];
  if (kind !== undefined) return { type, [`selected_${kind.slice(0, -1)}`]: value ?? null };
  const many = /^multi_(users|channels|conversations)_select$/u.exec(type)?.[1];
  if (many !== undefined) return { type, [`selected_${many}`]: [value ?? []].flat() };
  if (type === 'datepicker') return { type, selected_date: value ?? null };
  return { type, value: value === undefined || value === '' ? null : value };
}
