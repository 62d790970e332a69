import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, rmdir } from 'node:fs/promises';
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

/**
 * A mounted file system whose server never answers, as of a network mount whose server is gone: FUSE without anybody behind
 * it. `answer` lets the kernel give up on it.
 */
export async function hungMount(context: TestContext): Promise<{ folder: string; answer(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'reeve-hung-'));
  const script = `exec 3<>/dev/fuse || exit 1
    mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hung "$1" || exit 1
    echo mounted; read -r _`;
  const holder = spawn('bash', ['-c', script, 'bash', folder], { stdio: ['pipe', 'pipe', 'ignore'] });
  const gone = once(holder, 'exit');
  const [said] = (await Promise.race([once(holder.stdout, 'data'), gone])) as [unknown];
  const answer = async (): Promise<void> => {
    // Nobody holds the connection any more, so what waits for it fails.
    holder.kill('SIGKILL');
    await gone;
  };
  onTestFinished(async () => {
    await answer();
    spawnSync('umount', ['-l', folder]);
    await rmdir(folder);
  });
  if (String(said).startsWith('mounted')) return { folder, answer };
  expect(process.env['CI'], 'CI must be able to mount FUSE').toBeUndefined();
  return context.skip('skipped: FUSE cannot be mounted here (needs root and /dev/fuse)');
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
