import type { Conversation, Spoken } from '../../ports/door.ts';

/** What stands in place of a message that is part of a secret with another one. Nothing in it is looked at again. */
export const PART_HIDDEN = '[hidden: together with a message next to it this reads as a secret]';
/** As somebody sends one text in parts: cut anywhere, or at the end of a line. */
const SEAMS = ['', '\n'] as const;
/** Where that much was said, characters, it is not looked for which messages they are: all of them are hidden. */
const MOST = 128 * 1024;

/**
 * A conversation without the messages that are secret together and not alone: a key that was pasted in two messages, also
 * where others spoke between its parts. Each is hidden whole, since where in it the part stands is not known.
 *
 * @param clean Hides what is secret in one text.
 */
export function withoutParts(conversation: Conversation, clean: (text: string) => string): Conversation {
  const { chosen, before } = conversation;
  const all = [...before, ...(chosen === undefined ? [] : [chosen])].toSorted((a, b) => a.at - b.at);
  const hidden = new Set<Spoken>();
  for (const said of [all, ...Map.groupBy(all, ({ place, account }) => `${place}/${account}`).values()])
    for (const seam of SEAMS) for (const one of partsIn(said, seam, clean)) hidden.add(one);
  if (hidden.size === 0) return conversation;
  const shown = (one: Spoken): Spoken => (hidden.has(one) ? { ...one, text: PART_HIDDEN } : one);
  return {
    ...conversation,
    ...(chosen === undefined ? {} : { chosen: shown(chosen) }),
    before: before.map(shown),
  };
}

/** Messages of which something secret reaches into the next one or out of the one before. */
function partsIn(said: readonly Spoken[], seam: string, clean: (text: string) => string): Iterable<Spoken> {
  const texts = said.map(({ text }) => text);
  const whole = texts.join(seam);
  const cleaned = clean(whole);
  if (cleaned === texts.map(clean).join(seam)) return [];
  if (whole.length > MOST) return said;
  const parts = new Set<Spoken>();
  for (let n = 1; n < said.length; n++) {
    const [left, right] = [texts.slice(0, n), texts.slice(n)].map((half) => clean(half.join(seam)));
    if (cleaned === `${left}${seam}${right}`) continue;
    for (const one of said.slice(n - 1, n + 1)) parts.add(one);
  }
  return parts;
}
