import { z } from 'zod';
import type { GithubClient } from '../../ports/github.ts';
import type { MirrorItem, MirrorKind, MirrorRepository } from '../../ports/mirror.ts';
import { whole } from '../../text.ts';
import { KINDS } from './kinds.ts';
import { fetchPage, PAGE } from './page.ts';
import { withStates } from './states.ts';
import type { GithubMirror } from './mirror.ts';
import type { Cursor, Put } from './shelf.ts';

const Node = z.object({ node_id: z.string().max(200) });
/** Of a kind in one run: a million items. GitHub may not keep a daemon busy for ever. */
const MAX_PAGES = 10_000;
/** A page that is the one before it, so often in a row: that is not what has moved on. */
const MAX_REPEATED = 3;

export interface Walk {
  client: GithubClient;
  mirror: GithubMirror;
  repository: MirrorRepository;
  kind: MirrorKind;
  label: string;
  /** From here on, whatever the cursor says, ms. */
  since: number | undefined;
  dryRun: boolean;
  signal: AbortSignal;
  /** Where GitHub does not say its own time, ms. */
  now(): number;
  clean(text: string): string;
  /** After each page, when it is durable. `pages`: of them, as far as GitHub says. */
  paged(puts: Record<Put, number>, page: number, pages: number): Promise<void>;
  /** What GitHub lists is older than what a delivery told; that one stays. */
  conflict(text: string): void;
  /** An item that no schema knows. */
  odd(text: string): void;
}

/**
 * Reads a kind of a repository from the newest to the oldest that may have changed, page by page. New things push others to
 * later pages, so that what moves is seen twice and never missed. A page's items are durable before its number is, in one
 * write; a walk that was cut off goes on at the page it was at, and the newest are looked at after it. Rejects what the
 * client rejects, NoList and CutOff.
 */
export async function walk(ask: Walk): Promise<void> {
  const { kind, mirror, repository, dryRun } = ask;
  const there = await mirror.with(repository.id, kind, async (shelf) => shelf.cursor);
  // Of another label nothing has been read; an older mirror has no states of deployments.
  const same = kind === 'deployments' ? there.states === true : (there.label ?? ask.label) === ask.label;
  const cursor = same ? there : {};
  const resumed = ask.since === undefined && !dryRun ? cursor.walk : undefined;
  await descend(ask, cursor, resumed ?? { page: 1, top: cursor.top ?? 0, until: untilOf(ask, cursor) });
  if (resumed === undefined) return;
  const behind = await mirror.with(repository.id, kind, async (shelf) => shelf.cursor);
  if (behind.walk === undefined) await walk(ask);
}

/** How far down it must go so that nothing is left out between what was read before and what is read now, ms. */
function untilOf({ kind, since }: Walk, { top, from }: Cursor): number {
  if (top === undefined) return since ?? 0;
  const known = Math.max(0, top - (KINDS[kind].again ?? 0));
  if (since !== undefined) return Math.min(since, known);
  // A run with --since has left out what is older: it is fetched now.
  return from === undefined ? known : 0;
}

async function descend(ask: Walk, cursor: Cursor, begun: NonNullable<Cursor['walk']>): Promise<void> {
  const { kind, mirror, repository, dryRun, client, signal } = ask;
  const { again } = KINDS[kind];
  const { until } = begun;
  const stamp = ({ at, created }: MirrorItem): number => (again === undefined ? at : created);
  const of = urlOf(ask, until);
  const odd = (why: string): void => ask.odd(`${repository.full_name} ${kind}: ${why}`);
  let { page, top } = begun;
  let { etag } = cursor;
  let before = '';
  let repeated = 0;
  for (let pages = 1; ; pages++, page++) {
    signal.throwIfAborted();
    const nodes = new Map<number, string>();
    const asks = page === 1 && ask.since === undefined && KINDS[kind].also === undefined;
    const got = await fetchPage({
      client,
      kind,
      signal,
      of,
      page,
      etag: asks && etag?.of === of ? etag.value : undefined,
      read(raw) {
        const item = read(ask, raw);
        const node = Node.safeParse(raw);
        if (item !== undefined && node.success) nodes.set(item.id, node.data.node_id);
        return item;
      },
      odd,
    });
    if (got === undefined) return;
    const { last } = got;
    const items =
      kind === 'deployments' ? await withStates(got.items, { client, signal, nodes, odd }) : got.items;
    if (page === 1) {
      // What claims to be of tomorrow would hide everything until then.
      const now = got.date ?? ask.now();
      top = Math.max(top, ...items.map((item) => Math.min(stamp(item), now)));
      etag = got.etag === undefined || !asks ? undefined : { of, value: got.etag };
    }
    const ids = items.map(({ id }) => id).join(' ');
    repeated = ids === before && ids !== '' ? repeated + 1 : 0;
    before = ids;
    if (repeated === MAX_REPEATED) {
      ask.odd(`${repository.full_name} ${kind}: GitHub gives the same page again and again; left at ${page}`);
      // The next run begins anew.
      const { walk: _, ...rest } = cursor;
      if (!dryRun) await mirror.with(repository.id, kind, (shelf) => shelf.put([], rest));
      return;
    }
    const over = last <= page || items.some((item) => stamp(item) < until);
    // A release of an old commit is as old as that, and new all the same: what was read is kept, unless a day was asked for.
    const fresh = ask.since === undefined ? items : items.filter((item) => stamp(item) >= until);
    const from = fromOf(cursor, until);
    const next: Cursor = {
      ...(over
        ? { top, ...(from === undefined ? {} : { from }) }
        : {
            ...(cursor.top === undefined ? {} : { top: cursor.top }),
            ...(cursor.from === undefined ? {} : { from: cursor.from }),
            walk: { page: page + 1, top, until },
          }),
      ...(etag === undefined ? {} : { etag }),
      ...(again === undefined ? { label: ask.label } : {}),
      ...(kind === 'deployments' ? { states: true } : {}),
    };
    const puts = await mirror.with(repository.id, kind, (shelf) =>
      dryRun ? shelf.judge(fresh) : shelf.put(fresh, next),
    );
    await ask.paged(countsOf(ask, puts, fresh), page, last);
    if (over) {
      if (!dryRun) await mirror.with(repository.id, kind, (shelf) => shelf.compact());
      return;
    }
    if (pages === MAX_PAGES) {
      ask.odd(`${repository.full_name} ${kind}: ${MAX_PAGES} pages in one run; the next goes on there`);
      return;
    }
  }
}

/** From when on everything is there once a walk has come down to `until`; undefined: from the beginning on. */
function fromOf({ top, from }: Cursor, until: number): number | undefined {
  if (until === 0 || (top !== undefined && from === undefined)) return undefined;
  return from === undefined ? until : Math.min(from, until);
}

function countsOf(ask: Walk, puts: readonly Put[], items: readonly MirrorItem[]): Record<Put, number> {
  const counts: Record<Put, number> = { new: 0, changed: 0, same: 0, older: 0 };
  puts.forEach((put, n) => {
    counts[put]++;
    const item = items[n];
    if (put === 'older' && item !== undefined && item.state !== 'unknown')
      ask.conflict(
        `${ask.repository.full_name}: ${ask.kind} ${item.id} (${whole(item.title, 60)}) is newer here than GitHub lists it; left as it is`,
      );
  });
  return counts;
}

function read({ kind, clean, repository }: Walk, raw: unknown): MirrorItem | undefined {
  const of = KINDS[kind].of?.(raw) ?? repository.id;
  if (of !== repository.id) throw new TypeError(`it is of repository ${of}`);
  const item = KINDS[kind].read(raw);
  return item && { ...item, title: clean(item.title), ref: clean(item.ref) };
}

function urlOf({ kind, label, repository }: Walk, until: number): string {
  const { path, again } = KINDS[kind];
  const query = new URLSearchParams({ per_page: String(PAGE) });
  if (again === undefined) {
    query.set('labels', label);
    query.set('state', 'all');
    query.set('sort', 'updated');
    query.set('direction', 'desc');
    if (until > 0) query.set('since', `${new Date(until).toISOString().slice(0, 19)}Z`);
  }
  return `/repositories/${repository.id}${path}?${query.toString()}`;
}
