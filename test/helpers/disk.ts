import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, type TestContext } from 'vitest';

/** A disk of two megabytes; undefined where that cannot be had. */
async function mountSmall(): Promise<string | undefined> {
  const disk = await mkdtemp(path.join(os.tmpdir(), 'reeve-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'none', disk]);
  if (mounted.status !== 0) {
    await rm(disk, { recursive: true });
    return undefined;
  }
  onTestFinished(async () => {
    spawnSync('umount', ['-l', disk]);
    await rm(disk, { recursive: true, force: true, maxRetries: 20 });
  });
  return disk;
}

/** Fills a disk to the last byte; answers what frees it. */
export async function fill(disk: string): Promise<() => Promise<void>> {
  const file = path.join(disk, 'fill');
  const handle = await open(file, 'w');
  for (const size of [64 * 1024, 4096, 1]) {
    try {
      for (;;) await handle.write(Buffer.alloc(size));
    } catch (error) {
      if (!String(error).includes('ENOSPC')) throw error;
    }
  }
  await handle.close();
  return () => rm(file);
}

/** A disk of two megabytes, removed after the test; the test is skipped where it cannot be had. */
export async function smallDisk(context: TestContext): Promise<string> {
  const disk = await mountSmall();
  if (disk !== undefined) return disk;
  expect(process.env['CI'], 'CI must be able to mount a tmpfs').toBeUndefined();
  return context.skip('skipped: a tmpfs cannot be mounted here (needs root)');
}
