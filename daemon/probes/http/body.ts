import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import zlib from 'node:zlib';

/** What was read of a body. */
export interface Body {
  /** Decoded; empty unless it was to be kept. */
  bytes: Buffer;
  /** Bytes read, decoded. */
  size: number;
  /** It was longer than what may be read, and the rest was left. */
  cut: boolean;
  /** Why it is not what it says it is, for people. */
  broken?: string;
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress(),
};

/**
 * Reads a body up to a limit, on the wire as well as decoded: what is longer is left, and the connection closed. Never
 * rejects. It does not end by itself when the other side is silent: destroy the response.
 *
 * @param keep false: it is only counted
 */
export function readBody(response: IncomingMessage, max: number, keep: boolean): Promise<Body> {
  const encoding = (response.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const decoder = encoding === 'identity' || encoding === '' ? undefined : DECODERS[encoding]?.();
  if (decoder === undefined && encoding !== 'identity' && encoding !== '') {
    response.destroy();
    const broken = `the body is encoded as ${encoding.slice(0, 40)}, which is not known here`;
    return Promise.resolve({ bytes: Buffer.alloc(0), size: 0, cut: false, broken });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let wire = 0;
    const source: Readable = decoder ?? response;
    const end = (more: { cut?: boolean; broken?: string } = {}): void => {
      if (more.cut === true || more.broken !== undefined) response.destroy();
      decoder?.destroy();
      resolve({
        bytes: chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks),
        size,
        cut: false,
        ...more,
      });
    };
    source.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (keep) chunks.push(size > max ? chunk.subarray(0, chunk.length - (size - max)) : chunk);
      if (size > max) end({ cut: true });
    });
    source.on('end', () => end());
    response.on('error', (error) => end({ broken: `the answer broke off (${error.message})` }));
    // An end without `end`: the other side closed in the middle, or we did because the time was over.
    response.on('close', () => {
      if (!response.complete) end({ broken: 'the answer broke off' });
    });
    if (decoder === undefined) return;
    decoder.on('error', () => end({ broken: `the body is not valid ${encoding}` }));
    response.on('data', (chunk: Buffer) => {
      wire += chunk.length;
      if (wire > max) end({ cut: true });
    });
    response.pipe(decoder);
  });
}
