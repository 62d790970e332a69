import type { GithubClient } from '../../ports/github.ts';
import type { MirrorItem, MirrorKind, MirrorRepository } from '../../ports/mirror.ts';
import { KINDS } from './kinds.ts';
import type { GithubMirror } from './mirror.ts';
import type { Cursor, Put } from './shelf.ts';

const PAGE = 100;

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
 * write; a walk that was cut off goes on at the page it was at. Rejects what the client rejects.
 */
export async function walk(ask: Walk): Promise<void> {
  const { kind, mirror, repository, dryRun } = ask;
  const { again } = KINDS[kind];
  const cursor = await mirror.with(repository.id, kind, async (shelf) => shelf.cursor);
  const resumed = ask.since === undefined && !dryRun ? cursor.walk : undefined;
  const until =
    resumed?.until ?? ask.since ?? (cursor.top === undefined ? 0 : Math.max(0, cursor.top - (again ?? 0)));
  const of = urlOf(ask, until);
  let page = resumed?.page ?? 1;
  let top = resumed?.top ?? cursor.top ?? 0;
  let etag = cursor.etag;
  for (;;) {
    ask.signal.throwIfAborted();
    const known = page === 1 && ask.since === undefined && etag?.of === of ? etag.value : undefined;
    const got = await fetchPage(ask, of, page, known);
    if (got === undefined) return;
    const items = got.raw.flatMap((raw) => read(ask, raw));
    const stamp = ({ at, created }: MirrorItem): number => (again === undefined ? at : created);
    if (page === 1) {
      // Of a walk that begins at a day, the rest is not known.
      top = Math.max(top, ...items.map(stamp));
      etag = got.etag === undefined || ask.since !== undefined ? undefined : { of, value: got.etag };
    }
    const over = got.last <= page || items.some((item) => stamp(item) < until);
    const fresh = items.filter((item) => stamp(item) >= until);
    const next: Cursor = over
      ? { top, ...(etag === undefined ? {} : { etag }) }
      : {
          ...(cursor.top === undefined ? {} : { top: cursor.top }),
          ...(etag === undefined ? {} : { etag }),
          walk: { page: page + 1, top, until },
        };
    const puts = await mirror.with(repository.id, kind, (shelf) =>
      dryRun ? shelf.judge(fresh) : shelf.put(fresh, next),
    );
    const counts: Record<Put, number> = { new: 0, changed: 0, same: 0, older: 0 };
    puts.forEach((put, n) => {
      counts[put]++;
      const item = fresh[n];
      if (put === 'older' && item !== undefined)
        ask.conflict(
          `${repository.full_name}: ${kind} ${item.id} (${item.title.slice(0, 60)}) is newer here than GitHub lists it; left as it is`,
        );
    });
    await ask.paged(counts, page, got.last);
    if (over) {
      if (!dryRun) await mirror.with(repository.id, kind, (shelf) => shelf.compact());
      return;
    }
    page++;
  }
}

function read({ kind, clean, odd, repository }: Walk, raw: unknown): MirrorItem[] {
  try {
    const item = KINDS[kind].read(raw);
    return item === undefined ? [] : [{ ...item, title: clean(item.title), ref: clean(item.ref) }];
  } catch {
    odd(`${repository.full_name}: something among ${kind} that is none`);
    return [];
  }
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

/** Undefined: nothing has changed since the ETag. `last`: number of the last page. */
async function fetchPage(
  { client, kind, signal }: Walk,
  of: string,
  page: number,
  etag: string | undefined,
): Promise<{ raw: unknown[]; etag: string | undefined; last: number } | undefined> {
  try {
    const { data, headers } = await client.request(`GET ${of}&page=${page}`, {
      request: { signal },
      headers: etag === undefined ? {} : { 'if-none-match': etag },
    });
    const { wrapped } = KINDS[kind];
    const raw: unknown = wrapped === undefined ? data : (data as Record<string, unknown>)[wrapped];
    if (!Array.isArray(raw)) throw new TypeError(`GitHub answers with no list of ${kind}`);
    const link = headers.link ?? '';
    const last = /[?&]page=(\d+)[^>]*>; rel="last"/.exec(link)?.[1];
    const more = link.includes('rel="next"');
    return {
      raw,
      etag: typeof headers.etag === 'string' ? headers.etag.slice(0, 200) : undefined,
      last: last === undefined ? (more ? page + 1 : page) : Number(last),
    };
  } catch (error) {
    if ((error as { status?: unknown }).status === 304) return undefined;
    throw error;
  }
}
