import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Editor } from '../../../bots/dispatch/editor.ts';

/** Time that passes only when somebody sleeps, or an edit takes some. */
class SleepyPace {
  now = 0;
  monotonic = (): number => this.now;
  sleep(ms: number): Promise<void> {
    this.now += ms;
    return Promise.resolve();
  }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('10,000 lines: at most one edit every two seconds, the newest state wins, the last one stands there', async () => {
  const pace = new SleepyPace();
  const edits: { at: number; state: number }[] = [];
  const editor = new Editor<number>({
    pace,
    edit: async (state) => {
      edits.push({ at: pace.now, state });
      pace.now += 150;
      await turn();
    },
  });
  for (let line = 1; line <= 10_000; line++) {
    pace.now += 1;
    editor.show(line);
    if (line % 7 === 0) await turn();
  }
  await editor.settled();
  expect(edits.at(-1)?.state).toBe(10_000);
  expect(edits.length).toBeLessThanOrEqual(Math.ceil(pace.now / 2000) + 1);
  for (let i = 1; i < edits.length; i++)
    expect((edits[i]?.at ?? 0) - (edits[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(2000);
});

test('whatever fails and whenever states come: one edit at a time, in order, and the last state ends up there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 4000 })), { minLength: 1, maxLength: 40 }),
      async (script) => {
        const pace = new SleepyPace();
        const shown: number[] = [];
        let [tries, under, told] = [0, 0, 0];
        const editor = new Editor<number>({
          pace,
          failed: () => (told += 1),
          edit: async (state) => {
            expect(++under).toBe(1);
            await turn();
            under -= 1;
            if (script[tries++ % script.length]?.[0] === true && tries < 60) throw new Error('429');
            shown.push(state);
          },
        });
        for (const [i, [, ms]] of script.entries()) {
          editor.show(i);
          pace.now += ms;
          if (ms % 3 === 0) await turn();
        }
        await editor.settled();
        expect(shown.at(-1)).toBe(script.length - 1);
        expect(shown).toEqual(shown.toSorted((a, b) => a - b));
        expect(told).toBe(tries - shown.length);
      },
    ),
    { numRuns: 50 },
  );
});
