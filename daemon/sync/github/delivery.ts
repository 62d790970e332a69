import { z } from 'zod';
import { parseJsonBody } from '../../json-body.ts';
import { MIRROR_KINDS, type MirrorItem, type MirrorKind } from '../../ports/mirror.ts';
import { KINDS } from './kinds.ts';

const Envelope = z.looseObject({
  action: z.string().optional(),
  repository: z.object({ id: z.int().min(1), full_name: z.string().max(150) }),
});

/** The kind that an event is about. */
export const kindOfEvent = (event: string): MirrorKind | undefined =>
  MIRROR_KINDS.find((kind) => KINDS[kind].event === event || KINDS[kind].also?.event === event);

/** What a delivery tells; undefined where it tells nothing that is known. `now`: when it came, ms. */
export function itemIn(
  kind: MirrorKind,
  event: string,
  body: Buffer,
  now: number,
  clean: (text: string) => string,
): { repository: { id: number; full_name: string }; item: MirrorItem } | undefined {
  const read = Envelope.safeParse(parseJsonBody(body));
  if (!read.success) return undefined;
  const { action, repository } = read.data;
  try {
    const found = KINDS[kind].read(read.data[KINDS[kind].field]);
    if (found === undefined) return undefined;
    const plain: MirrorItem = { ...found, title: clean(found.title), ref: clean(found.ref) };
    const { also } = KINDS[kind];
    const item = also?.event === event ? also.fold(plain, read.data[also.field]) : plain;
    // GitHub does not say when it was deleted; nothing that was so before may bring it back.
    if (action === 'deleted' || action === 'transferred')
      return { repository, item: { ...item, at: Math.max(item.at, now), deleted: true } };
    return { repository, item };
  } catch {
    return undefined;
  }
}
