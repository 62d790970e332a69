import { expect, test } from 'vitest';
import { ANA, VIC, fresh, fromOf, openChatRig, sayAll, type ChatRig } from './rig.ts';

const DAY = 86_400_000;

/** An incident whose message stands in Discord: its id, and that of the message. */
async function incident(rig: ChatRig): Promise<{ id: string; thread: string }> {
  await sayAll(rig);
  await rig.as('ana', {
    command: 'incidents open',
    args: { title: 'Checkout is slow', project: 'shop', env: 'prod' },
  });
  const [card] = await sayAll(rig);
  const id = (await rig.records('incident.opened')).at(-1)?.body.id ?? '';
  return { id, thread: `m${card?.seq}` };
}
const notes = async (rig: ChatRig): Promise<string[]> =>
  (await rig.records('incident.noted')).map(({ body }) => body.text);

test('a message in the thread is one note, however often it is heard, also after a restart; one that came before it is none', async () => {
  const rig = await openChatRig();
  const { thread } = await incident(rig);
  const [before, first, second] = [fresh(), fresh(), fresh()];
  const hears = (interaction: string, text: string) =>
    rig.bot('discord').heard({ from: fromOf(ANA, { interaction }), thread, text });
  expect(await hears(first, 'scaled up')).toEqual({ noted: true });
  expect(await hears(first, 'scaled up')).toEqual({ noted: true });
  await rig.restart();
  expect(await hears(first, 'scaled up')).toEqual({ noted: true });
  expect(await hears(before, 'from before')).toEqual({ noted: true });
  expect(await notes(rig)).toEqual(['scaled up']);
  expect(await hears(second, 'and down')).toEqual({ noted: true });
  expect(await notes(rig)).toEqual(['scaled up', 'and down']);
  expect((await rig.bot('discord').threads()).map(({ after }) => after)).toEqual([second]);
});

test('what is no note says why: another thread, who may not, who is nobody; of many from one account there is one record', async () => {
  const rig = await openChatRig();
  const { thread } = await incident(rig);
  const before = (await rig.records('admission.refused')).length;
  const hears = (account: string, where: string, more = {}) =>
    rig.bot('discord').heard({ from: fromOf(account, more), thread: where, text: 'me too' });
  expect(await hears(ANA, 'm999999')).toEqual({ noted: false, why: expect.stringContaining('incident') });
  expect((await hears(VIC, thread)).noted).toBe(false);
  for (let i = 0; i < 5; i++) expect((await hears('299999999999999999', thread)).why).toContain('no person');
  expect((await hears(ANA, thread, { edited: true })).why).toContain('changed');
  expect((await hears(ANA, thread, { bot: true })).noted).toBe(false);
  expect(await notes(rig)).toEqual([]);
  const codes = (await rig.records('admission.refused')).slice(before).map(({ body }) => body.error.code);
  expect(codes).toEqual(['INCIDENT_NOT_FOUND', 'FORBIDDEN', 'PERSON_UNKNOWN']);
});

test('threads are read while an incident is open, and for a day after its end', async () => {
  const rig = await openChatRig();
  const { id, thread } = await incident(rig);
  const read = async () => (await rig.bot('discord').threads()).map(({ at }) => at.message);
  expect(await read()).toEqual([thread]);
  // The message of the other platform is not this one's.
  expect(await rig.bot('slack').threads()).toEqual([]);
  await rig.as('ana', { command: 'incidents resolve', args: { incident: id }, reason: 'scaled up' });
  expect(await read()).toEqual([thread]);
  const { clock } = rig.app.store;
  const now = clock.now.bind(clock);
  clock.now = () => now() + DAY - 60_000;
  expect(await read()).toEqual([thread]);
  clock.now = () => now() + DAY + 60_000;
  expect(await read()).toEqual([]);
});
