import { parentPort } from 'node:worker_threads';
import { nodeFs } from '../fs.ts';
import { scanPiece, type Piece } from './scan.ts';

/** Scans the pieces it is sent, one at a time: `{id, piece}` in, `{id, result}` or `{id, error}` out. Says `{}` when up. */
parentPort?.on('message', ({ id, piece }: { id: number; piece: Piece }) => {
  scanPiece(nodeFs, piece).then(
    (result) => parentPort?.postMessage({ id, result }),
    (error: unknown) => parentPort?.postMessage({ id, error: String(error) }),
  );
});
parentPort?.postMessage({});
