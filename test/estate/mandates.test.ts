import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ESTATE, estateRig, type EstateRig } from './rig.ts';

const ID = 'schedule:nightly';

async function started(): Promise<EstateRig> {
  const rig = await estateRig();
  expect(await rig.mandates.start(true)).toEqual([ID]);
  return rig;
}
const suspended = { code: 'MANDATE_SUSPENDED' };

test('the first start accepts what it finds and says so in the record', async () => {
  const rig = await started();
  await rig.mandates.requireUsable(ID);
  const [record] = await rig.records('mandate.accepted');
  expect(record?.body).toMatchObject({ by: 'daemon', first_start: true, mandate: { id: ID } });
  expect(await rig.mandates.list()).toMatchObject([{ id: ID, state: 'accepted', by: 'daemon' }]);
  expect((await rig.mandates.diff(ID)).text).toContain('nothing differs');
});

test('a later start accepts nothing: what is new waits for a person', async () => {
  const rig = await estateRig();
  expect(await rig.mandates.start(false)).toEqual([]);
  await expect(rig.mandates.requireUsable(ID)).rejects.toMatchObject(suspended);
  expect(await rig.mandates.list()).toMatchObject([{ id: ID, state: 'pending' }]);
  expect((await rig.mandates.diff(ID)).text).toMatch(/accepted by nobody yet[^]*\+cron: "15 3[^]*\+echo one/);
  expect(await rig.mandates.accept(ID, 'ana')).toMatchObject({ state: 'accepted', by: 'ana' });
  await rig.mandates.requireUsable(ID);
});

test('attack 23: a changed runbook suspends its mandate, durably, before anything runs', async () => {
  const rig = await started();
  rig.runbook('backup', 'echo two');
  await expect(rig.mandates.requireUsable(ID)).rejects.toMatchObject({
    ...suspended,
    message: `The mandate ${ID} is suspended: the runbook backup changed.`,
  });
  await expect(rig.mandates.requireUsable(ID)).rejects.toMatchObject(suspended);
  expect(await rig.records('mandate.suspended')).toMatchObject([
    { body: { id: ID, why: 'the runbook backup changed' } },
  ]);
  const { text: diff } = await rig.mandates.diff(ID);
  expect(diff).toContain('--- runbooks/backup.md (accepted)\n+++ runbooks/backup.md (now)\n@@ -');
  expect(diff).toContain('\n-echo one\n+echo two\n');
  expect(diff).not.toContain('cron');
  await rig.mandates.accept(ID, 'ana');
  await rig.mandates.requireUsable(ID);
  expect((await rig.mandates.diff(ID)).text).toContain(`accepted by ana on 2026-01-02`);
});

test('attack 45: a plan made from another file than the accepted one is refused though the file is right again', async () => {
  const rig = await started();
  const [record] = await rig.records('mandate.accepted');
  const digest = record?.body.mandate.runbooks['backup'] ?? '';
  const right = { runbook: 'backup', runbook_digest: digest };
  await rig.mandates.requireUsable(ID, right);
  const swapped = { runbook: 'backup', runbook_digest: `sha256:${'0'.repeat(64)}` };
  // A runbook that it calls, too.
  await expect(rig.mandates.requireUsable(ID, right, swapped)).rejects.toMatchObject(suspended);
  await expect(rig.mandates.requireUsable(ID, swapped)).rejects.toMatchObject(suspended);
  await expect(rig.mandates.requireUsable(ID, { ...swapped, runbook: 'other' })).rejects.toMatchObject(
    suspended,
  );
});

test('attack 23: changed back it stays suspended until somebody accepts it', async () => {
  const rig = await started();
  rig.runbook('backup', 'echo two');
  expect(await rig.mandates.refresh()).toEqual([ID]);
  rig.runbook('backup', 'echo one');
  await expect(rig.mandates.requireUsable(ID)).rejects.toMatchObject(suspended);
  expect(await rig.mandates.refresh()).toEqual([]);
  await rig.mandates.accept(ID, 'ana');
  await rig.mandates.requireUsable(ID);
});

test('attack 23: a changed entry suspends it, a changed comment does not', async () => {
  const rig = await started();
  rig.write(`# a comment\n${ESTATE}`);
  await rig.config.reload();
  await rig.mandates.requireUsable(ID);
  rig.write(ESTATE.replace('env: dev', 'env: prod'));
  await rig.config.reload();
  await expect(rig.mandates.requireUsable(ID)).rejects.toThrow(/its entry in reeve\.yaml changed/);
  expect((await rig.mandates.diff(ID)).text).toContain('\n-env: "dev"\n+env: "prod"\n');
});

test('attack 23: a changed runbook that it only calls suspends it, also two calls down', async () => {
  const rig = await estateRig();
  rig.runbook('backup', 'echo one', ['mid']);
  rig.runbook('mid', 'echo mid', ['deep', 'backup']);
  rig.runbook('deep', 'echo deep');
  await rig.mandates.start(true);
  rig.runbook('deep', 'rm -rf /');
  await expect(rig.mandates.requireUsable(ID)).rejects.toThrow(/the runbook deep changed/);
  expect((await rig.mandates.diff(ID)).text).toContain('\n-echo deep\n+rm -rf /\n');
});

test('attack 23: a call whose name is only known at run time puts every runbook under the mandate', async () => {
  const rig = await estateRig();
  rig.runbook('backup', 'echo one', ['${inputs.which}']);
  rig.runbook('other', 'echo other');
  await rig.mandates.start(true);
  rig.runbook('other', 'echo changed');
  await expect(rig.mandates.requireUsable(ID)).rejects.toThrow(/the runbook other changed/);
});

test('a removed runbook suspends it and cannot be accepted', async () => {
  const rig = await started();
  fs.rmSync(path.join(rig.root, 'runbooks/backup.md'));
  await expect(rig.mandates.requireUsable(ID)).rejects.toThrow(/There is no runbook backup/);
  await expect(rig.mandates.accept(ID, 'ana')).rejects.toMatchObject(suspended);
  expect(await rig.records('mandate.suspended')).toMatchObject([{ body: { now: null } }]);
});

test('a removed entry is recorded, unknown from then on, and suspended when it comes back', async () => {
  const rig = await started();
  rig.write(ESTATE.replace(/schedules:[^]*/, ''));
  await rig.config.reload();
  expect(await rig.mandates.refresh()).toEqual([ID]);
  await expect(rig.mandates.requireUsable(ID)).rejects.toMatchObject({ code: 'MANDATE_UNKNOWN' });
  expect(await rig.mandates.list()).toEqual([]);
  rig.write(ESTATE);
  await rig.config.reload();
  await expect(rig.mandates.requireUsable(ID)).rejects.toMatchObject(suspended);
});

test.each(['schedule:nope', 'schedule:constructor', '__proto__', '', 'nightly'])(
  'there is no mandate %j',
  async (id) => {
    const rig = await started();
    await expect(rig.mandates.requireUsable(id)).rejects.toMatchObject({ code: 'MANDATE_UNKNOWN' });
    await expect(rig.mandates.accept(id, 'ana')).rejects.toMatchObject({ code: 'MANDATE_UNKNOWN' });
  },
);

test('attack 27: the difference shows what would hide: bidi, carriage returns, spaces at the end', async () => {
  const rig = await started();
  rig.runbook('backup', 'echo \u202eeno\r\necho one ');
  const { text: diff } = await rig.mandates.diff(ID);
  expect(diff).toContain('+echo \\u{202e}eno\\r\n+echo one \n');
});

test('an accepted text that is gone from the store shows the whole new one instead', async () => {
  const rig = await started();
  const [record] = await rig.records('mandate.accepted');
  const hex = record?.body.mandate.runbooks['backup']?.slice(7) ?? 'none';
  fs.rmSync(path.join(rig.store, 'sha256', hex.slice(0, 2), hex));
  rig.runbook('backup', 'echo two');
  expect((await rig.mandates.diff(ID)).text).toMatch(/is no longer stored[^]*\n\+echo two\n/);
});
