import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isUntouched } from '../../daemon/estate/mandate-untouched.ts';
import { mandatesProjection, type MandateRow } from '../../daemon/estate/mandate-projection.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { runbookBytes } from '../../daemon/runbook/folder.ts';
import { ESTATE, estateRig, type EstateRig } from './rig.ts';

const ID = 'schedule:nightly';

/** What the bytes tell, and what reading the runbooks in full tells. */
async function looks(rig: EstateRig): Promise<{ bytes: boolean; full: string | undefined }> {
  const row = rig.state.get(mandatesProjection)[ID] as MandateRow;
  const bytes = isUntouched(
    rig.config,
    row,
    await runbookBytes(nodeFs, { root: rig.root, path: 'runbooks' }),
  );
  const full = await rig.mandates.requireUsable(ID).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  return { bytes, full };
}

test('what the bytes call untouched may be used', async () => {
  const rig = await estateRig();
  await rig.mandates.start(true);
  expect(await looks(rig)).toEqual({ bytes: true, full: undefined });
});

test('another runbook, none, or another entry is not untouched', async () => {
  for (const change of [
    async (rig: EstateRig) => Promise.resolve(rig.runbook('backup', 'echo two')),
    async (rig: EstateRig) => Promise.resolve(fs.rmSync(path.join(rig.root, 'runbooks', 'backup.md'))),
    async (rig: EstateRig) => {
      rig.write(ESTATE.replace('15 3', '16 3'));
      await rig.config.reload();
    },
  ]) {
    const rig = await estateRig();
    await rig.mandates.start(true);
    await change(rig);
    const { bytes, full } = await looks(rig);
    expect(bytes).toBe(false);
    expect(full).toContain('suspended');
  }
});

test('a runbook that calls others is read in full, and one suspended stays so', async () => {
  const rig = await estateRig();
  rig.runbook('other', 'echo other');
  rig.runbook('backup', 'echo one', ['other']);
  await rig.mandates.start(true);
  expect(await looks(rig)).toEqual({ bytes: false, full: undefined });

  const second = await estateRig();
  await second.mandates.start(true);
  second.runbook('backup', 'echo two');
  await second.mandates.refresh();
  second.runbook('backup', 'echo one');
  expect((await looks(second)).bytes).toBe(false);
});
