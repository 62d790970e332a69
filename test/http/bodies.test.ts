import { expect, test } from 'vitest';
import { Bodies } from '../../daemon/http/bodies.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const MB = 1024 * 1024;

function rig() {
  const clock = new ManualClock();
  const bodies = new Bodies(clock);
  const log: string[] = [];
  const send = (name: string, bytes: number) => {
    const sender = { complete: false, socket: { bytesRead: 300 } };
    const room = bodies.take(bytes, sender, () => log.push(`${name} cut`));
    room.wait?.then(
      () => log.push(`${name} in`),
      (error: Error) => log.push(`${name} ${(error as Error & { code: string }).code}`),
    );
    const come = (more: number): void => void (sender.socket.bytesRead += more);
    return { sender, come, waits: room.wait !== undefined, release: room.release };
  };
  const said = (): string[] => log.splice(0);
  return { clock, send, said };
}

test('while there is room nobody is cut, however slow', async () => {
  const { clock, send, said } = rig();
  expect([send('a', 25 * MB).waits, send('b', 25 * MB).waits, send('c', 14 * MB).waits]).toEqual([
    false,
    false,
    false,
  ]);
  await clock.advance(60_000);
  expect(said()).toEqual([]);
});

test('who is behind loses its room to who waits, the slowest first and no more than are needed', async () => {
  const { clock, send, said } = rig();
  const slow = send('slow', 25 * MB);
  const slower = send('slower', 25 * MB);
  const fast = send('fast', 14 * MB);
  const waiting = send('waiting', 20 * MB);
  expect(waiting.waits).toBe(true);
  await clock.advance(900);
  expect(said()).toEqual([]);
  fast.come(10 * MB);
  slow.come(20_000);
  await clock.advance(200);
  expect(said()).toEqual(['slower cut', 'waiting in']);
  // What was cut gives nothing back a second time.
  slower.release();
  // The other one is behind, too: nobody has to wait for its room.
  expect(send('fresh', 25 * MB).waits).toBe(false);
  expect(said()).toEqual(['slow cut']);
});

test('who comes in time, or is whole, is not cut; who waits is let in in turn, or sent away after 5 s', async () => {
  const { clock, send, said } = rig();
  const whole = send('whole', 25 * MB);
  whole.sender.complete = true;
  const steady = send('steady', 25 * MB);
  const first = send('first', 25 * MB);
  const second = send('second', MB);
  expect([first.waits, second.waits]).toEqual([true, true]);
  for (let n = 0; n < 45; n++) {
    steady.come(300_000);
    await clock.advance(100);
  }
  expect(said()).toEqual([]);
  steady.come(300_000 * 6);
  await clock.advance(600);
  // For the large one there was none, for the small one behind it there is.
  expect(said()).toEqual(['first WEBHOOK_BUSY', 'second in']);
  const third = send('third', 25 * MB);
  const fourth = send('fourth', 25 * MB);
  whole.release();
  whole.release();
  await clock.advance(0);
  expect(said()).toEqual(['third in']);
  third.release();
  await clock.advance(0);
  expect(said()).toEqual(['fourth in']);
  fourth.release();
  // Not whole within 10 s: GitHub has hung up long ago.
  await clock.advance(5000);
  send('a', 25 * MB);
  send('b', 25 * MB);
  await clock.advance(100);
  expect(said()).toContain('steady cut');
});

test('so many may wait, and one that leaves makes room for another', () => {
  const { send } = rig();
  for (let n = 0; n < 2; n++) send(`held ${n}`, 25 * MB);
  const waiting = Array.from({ length: 16 }, (_, n) => send(`waiting ${n}`, 25 * MB));
  expect(() => send('more', 25 * MB)).toThrow('too many deliveries');
  expect(() => send('more', MB)).toThrow('too many deliveries');
  expect(send('small', 1000).waits).toBe(false);
  waiting[3]?.release();
  expect(send('more', MB).waits).toBe(true);
});

test('of those who wait, who really sends comes first, and who sends nothing makes way', async () => {
  const { clock, send, said } = rig();
  const held = [send('held 0', 25 * MB), send('held 1', 25 * MB)];
  for (const { sender } of held) sender.complete = true;
  for (let n = 0; n < 16; n++) send(`idle ${n}`, 25 * MB);
  await clock.advance(500);
  const real = send('real', 25 * MB);
  real.come(65_536);
  const late = send('late', 25 * MB);
  await clock.advance(100);
  expect(said()).toEqual(['idle 0 WEBHOOK_BUSY', 'idle 1 WEBHOOK_BUSY']);
  held[0]?.release();
  await clock.advance(100);
  expect([real.waits, late.waits, said()]).toEqual([true, true, ['real in']]);
  held[1]?.release();
  await clock.advance(100);
  expect(said()).toEqual(['idle 2 in']);
});

test('small ones never wait: those that are not whole after half a second make room', async () => {
  const { clock, send, said } = rig();
  const all = Array.from({ length: 128 }, (_, n) => send(`s${n}`, 256 * 1024));
  const [first] = all;
  if (first !== undefined) first.sender.complete = true;
  expect(() => send('more', 1000)).toThrow('too many deliveries');
  await clock.advance(501);
  expect(send('more', 1000).waits).toBe(false);
  expect(said()).toEqual(['s1 cut']);
});
