import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What the figures depend on: CPU, and how many small durable writes the disk takes in a second. */
export function machine(): { cpu: string; cores: number; node: string; fdatasyncPerSecond: number } {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    node: process.version,
    fdatasyncPerSecond: syncsPerSecond(),
  };
}

function syncsPerSecond(): number {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'reeve-bench-'));
  const fd = openSync(path.join(dir, 'x'), 'a');
  const line = Buffer.alloc(300, 97);
  const start = process.hrtime.bigint();
  let n = 0;
  try {
    for (; n < 2000 && process.hrtime.bigint() - start < 500_000_000n; n++) {
      writeSync(fd, line);
      fdatasyncSync(fd);
    }
    return Math.round(n / (Number(process.hrtime.bigint() - start) / 1e9));
  } finally {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  }
}
