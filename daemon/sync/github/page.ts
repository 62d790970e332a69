import type { GithubClient } from '../../ports/github.ts';
import type { MirrorItem, MirrorKind } from '../../ports/mirror.ts';
import { elementsOf, NoList } from './elements.ts';
import { KINDS } from './kinds.ts';

/** Items that are asked for at once; GitHub gives no more. */
export const PAGE = 100;
/** Of an item of GitHub, bytes: what people may write into one is below 300 kB. */
const MAX_ITEM = 1024 * 1024;

/** The connection ended amid an answer, or it took too long. */
export class CutOff extends Error {}

export interface Page {
  items: MirrorItem[];
  etag: string | undefined;
  /** Number of the last page, as far as GitHub says. */
  last: number;
  /** GitHub's clock, ms. */
  date: number | undefined;
}

export interface Asked {
  client: GithubClient;
  kind: MirrorKind;
  signal: AbortSignal;
  /** The path and the query, without the page. */
  of: string;
  page: number;
  etag: string | undefined;
  /** Undefined for what is none, such as a pull request among issues; throws for what no schema knows. */
  read(raw: unknown): MirrorItem | undefined;
  /** Something in it that was passed over. */
  odd(why: string): void;
}

/**
 * Reads a page item by item, so that no more than one is in memory as GitHub sends it. Undefined: nothing has changed since
 * the ETag. Rejects what the client rejects, and NoList.
 */
export async function fetchPage(ask: Asked): Promise<Page | undefined> {
  const { client, kind, signal, of, page, etag } = ask;
  const answer = await client
    .request(`GET ${of}&page=${page}`, {
      request: { signal, parseSuccessResponseBody: false },
      headers: etag === undefined ? {} : { 'if-none-match': etag },
    })
    .catch((error: unknown) => {
      if ((error as { status?: unknown }).status === 304) return undefined;
      throw error;
    });
  if (answer === undefined) return undefined;
  const { headers } = answer;
  // What Octokit's types do not know: with `parseSuccessResponseBody: false` it is what `fetch` gave.
  const data = answer.data as unknown as AsyncIterable<Uint8Array> | null;
  const items: MirrorItem[] = [];
  let seen = 0;
  let large = 0;
  let strange = 0;
  for await (const element of whole(data, kind)) {
    if (++seen > 2 * PAGE) throw new NoList(`GitHub's answer is longer than the ${PAGE} that were asked for`);
    if (element === undefined) large++;
    else {
      try {
        const item = ask.read(element.value);
        if (item !== undefined) items.push(item);
      } catch {
        strange++;
      }
    }
  }
  if (large > 0) ask.odd(`${large} larger than ${MAX_ITEM / 1024} KiB passed over`);
  if (strange > 0) ask.odd(`${strange} that no ${kind} look like passed over`);
  const link = headers.link ?? '';
  const last = /[?&]page=(\d+)[^>]*>; rel="last"/.exec(link)?.[1];
  const more = link.includes('rel="next"');
  const date = Date.parse(headers.date ?? '');
  return {
    items,
    etag: typeof headers.etag === 'string' ? headers.etag.slice(0, 200) : undefined,
    last: last === undefined ? (more ? page + 1 : page) : Number(last),
    date: Number.isNaN(date) ? undefined : date,
  };
}

async function* whole(
  body: AsyncIterable<Uint8Array> | null,
  kind: MirrorKind,
): AsyncGenerator<{ value: unknown } | undefined> {
  if (body === null) throw new NoList('it is empty');
  try {
    yield* elementsOf(body, { field: KINDS[kind].wrapped, maxBytes: MAX_ITEM });
  } catch (error) {
    if (error instanceof NoList) throw new NoList(`GitHub's answer is no list of ${kind}: ${error.message}`);
    // The client tells of an answer that never began; one that was cut off it does not see.
    throw new CutOff(`GitHub's answer broke off: ${(error as Error).message}`, { cause: error });
  }
}
