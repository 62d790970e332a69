import fs from 'node:fs';
import type { Source } from './scan.ts';

/**
 * Reads that the thread waits for: where it has nothing else to do this saves the way to another thread, and the bytes are
 * in its own processor's cache. Closing lets other events in.
 */
export const blockingSource: Source = {
  async open(path) {
    const { O_RDONLY, O_NOFOLLOW } = fs.constants;
    const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW);
    return {
      read: (into, position) => Promise.resolve(fs.readSync(fd, into, 0, into.byteLength, position)),
      close: () => {
        fs.closeSync(fd);
        return new Promise((resolve) => setImmediate(resolve));
      },
    };
  },
};
