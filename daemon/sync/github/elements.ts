const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN = [91, 123];
const CLOSE = [93, 125];
const BLANK = [9, 10, 13, 32];
/** No name of a list is longer. */
const MAX_NAME = 100;

/** An answer that is not what was asked for. */
export class NoList extends Error {}

export interface Elements {
  /** Where the list stands in an object around it. Undefined: the answer is the list. */
  field: string | undefined;
  /** Of an element; a larger one is told as undefined and not kept. */
  maxBytes: number;
}

/**
 * The elements of a JSON list as they arrive, one after the other: neither the answer nor its text nor its tree is ever
 * whole in memory. Rejects NoList for what is no JSON, holds no such list, or ends before its end.
 */
export async function* elementsOf(
  body: AsyncIterable<Uint8Array>,
  { field, maxBytes }: Elements,
): AsyncGenerator<{ value: unknown } | undefined> {
  const within = field === undefined ? 1 : 2;
  let depth = 0;
  let text = false;
  let escaped = false;
  let listed = false;
  let over = false;
  let found = false;
  // The last text on the first level: the name of what comes.
  let name: number[] = [];
  let pieces: Buffer[] = [];
  let bytes = 0;
  let first = true;
  const named = (): boolean => field === undefined || Buffer.from(name).toString('utf8') === field;
  const take = (piece: Buffer): Buffer | undefined => {
    bytes += piece.length;
    const whole =
      bytes > maxBytes ? undefined : pieces.length === 0 ? piece : Buffer.concat([...pieces, piece]);
    pieces = [];
    bytes = 0;
    return whole;
  };
  for await (const came of body) {
    const chunk = Buffer.from(came.buffer, came.byteOffset, came.byteLength);
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (text) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) text = false;
        else if (depth === 1 && name.length < MAX_NAME) name.push(byte);
        continue;
      }
      if (byte === QUOTE) {
        text = true;
        if (depth === 1) name = [];
      } else if (OPEN.includes(byte)) {
        if (over) throw new NoList('something follows its end');
        depth++;
        if (byte === OPEN[0] && depth === within && !found && named()) {
          found = listed = true;
          from = at + 1;
        }
      } else if (listed && depth === within && (byte === COMMA || CLOSE.includes(byte))) {
        const whole = take(chunk.subarray(from, at));
        from = at + 1;
        // `[]` has none.
        const none = first && byte !== COMMA && whole?.every((one) => BLANK.includes(one)) === true;
        first = false;
        if (whole === undefined) yield undefined;
        else if (!none) yield { value: parsed(whole) };
        if (byte === COMMA) continue;
        if (byte !== CLOSE[0]) throw new NoList('it is no JSON');
        listed = false;
        depth--;
        over ||= depth === 0;
      } else if (CLOSE.includes(byte)) {
        depth--;
        over ||= depth === 0;
      } else if (depth === 0 && !BLANK.includes(byte)) throw new NoList('it is no JSON');
    }
    if (listed) {
      const piece = chunk.subarray(from);
      bytes += piece.length;
      // Copied: a piece of what came would keep all that came.
      if (bytes <= maxBytes) pieces.push(Buffer.from(piece));
      else pieces = [];
    }
    free(came);
  }
  if (!found || depth !== 0) throw new NoList(found ? 'it ends too early' : 'it holds no list');
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw new NoList('an element of its list is no JSON');
  }
}

/**
 * Gives its memory back now. It is outside of V8's heap, which lets 32 MiB of such wait for a collection. Whoever hands a
 * chunk with a buffer of its own to `elementsOf` gives it away; one that is part of a larger buffer stays.
 */
function free({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
