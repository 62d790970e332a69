import { hash } from 'node:crypto';
import { HASH_BYTES } from './merkle.ts';
import { SLOT, type Lanes } from './sha256-lanes.ts';

/** What the module of sha256-lanes.ts does, by one call of node:crypto a hash: for a machine whose WebAssembly has no vectors. */
export function plainLanes(bytes: number): Lanes {
  const memory = Buffer.from(new ArrayBuffer(bytes));
  const words = new Int32Array(memory.buffer);
  const pair = Buffer.alloc(1 + 2 * HASH_BYTES, 1);
  const put = (message: Uint8Array, to: number): void => {
    memory.write(hash('sha256', message, 'binary'), to, 'latin1');
  };
  return {
    memory,
    hashPairs(from, to, groups) {
      for (let i = 0; i < 4 * groups; i++) {
        memory.copy(pair, 1, from + 2 * HASH_BYTES * i, from + 2 * HASH_BYTES * (i + 1));
        put(pair, to + HASH_BYTES * i);
      }
    },
    hashFour(slots) {
      for (let at = slots / 4; at < slots / 4 + SLOT; at += SLOT / 4) {
        const [start = 0, length = 0, to = 0] = words.subarray(at, at + 3);
        put(memory.subarray(start, start + length), to);
      }
    },
    findLines(from, to, list) {
      let next = list / 4;
      for (let at = memory.indexOf(0x0a, from); at >= 0 && at < to; at = memory.indexOf(0x0a, at)) {
        memory[at] = 0;
        words[next++] = at;
      }
      return 4 * next;
    },
  };
}
