import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProbeState, Verdict } from '../../contracts/watch.ts';
import {
  fresh,
  isBad,
  isWorse,
  observe,
  settle,
  shownState,
  wanted,
  type Damp,
} from '../../daemon/probes/damping.ts';

const LIMITS = { failures: 3, successes: 2 };

/** The states after each verdict, each wish granted at once, one verdict a second. */
function play(verdicts: readonly Verdict[], limits = LIMITS, start: Damp = fresh()): ProbeState[] {
  let damp = start;
  return verdicts.map((verdict, i) => {
    damp = observe(damp, verdict, i * 1000);
    const want = wanted(damp, limits);
    if (want !== null) damp = settle(damp, want.to);
    return shownState(damp);
  });
}

const words: Record<string, Verdict> = {
  u: 'up',
  g: 'degraded',
  d: 'down',
  h: 'halted',
  i: 'inconclusive',
};
const short: Record<ProbeState, string> = {
  pending: 'p',
  up: 'u',
  degraded: 'g',
  down: 'd',
  halted: 'h',
  inconclusive: 'i',
};
const run = (text: string, limits = LIMITS): string =>
  play(
    text.split('').map((c) => words[c] ?? 'up'),
    limits,
  )
    .map((state) => short[state])
    .join('');

describe('verdicts in, states out', () => {
  test.each([
    ['the first sign of life suffices', 'u', 'u'],
    ['three bad ones in a row, not two', 'uddudddd', 'uuuuuudd'],
    ['two good ones to be up again', 'ddduduu', 'ppddddu'],
    ['what never was up goes down, too', 'ddd', 'ppd'],
    ['the mildest of three bad ones counts', 'udgd', 'uuug'],
    ['from degraded on to down', 'gggddd', 'ppgggd'],
    ['down and halted are different and need their own run', 'dddhhh', 'ppdddh'],
    ['half recovered', 'dddgu', 'ppddg'],
    ['half recovered, then wholly', 'dddguu', 'ppddgu'],
    ['from up by way of degraded to down, as fast as if it had gone there at once', 'ugddd', 'uuugd'],
    ['degraded as long as not all is well', 'gggdguu', 'ppggggu'],
    ['trouble of our own is not down, and does not wipe out what was seen', 'udididid', 'uuuuuddd'],
    ['three times blind is told as such', 'uiii', 'uuui'],
    ['one good look ends the blindness', 'uiiiiu', 'uuuiiu'],
    ['one bad look after blindness does not make it down', 'uiiiddd', 'uuuiiid'],
    ['what was down is down still after blindness', 'dddiiid', 'ppdddid'],
    ['recovered while we were blind', 'dddiiiuu', 'ppdddiiu'],
    ['bad, then blind, then bad: the run goes on', 'uddiiid', 'uuuuuid'],
  ])('%s', (_what, verdicts, states) => {
    expect(run(verdicts)).toBe(states);
  });

  test('with a limit of one each verdict is the state', () => {
    expect(run('udghu', { failures: 1, successes: 1 })).toBe('udghu');
  });

  test('a change tells when its first sample was taken, blind ones between included', () => {
    let damp = fresh('up');
    for (const [at, verdict] of [
      [10, 'down'],
      [20, 'inconclusive'],
      [30, 'down'],
      [40, 'down'],
    ] as const)
      damp = observe(damp, verdict, at);
    expect(wanted(damp, LIMITS)).toEqual({ to: 'down', since: 10 });
  });
});

const verdict = fc.constantFrom<Verdict>('up', 'degraded', 'down', 'halted', 'inconclusive');
const limits = fc.record({
  failures: fc.integer({ min: 1, max: 5 }),
  successes: fc.integer({ min: 1, max: 5 }),
});
const many = fc.array(verdict, { maxLength: 60 });

/** Conclusive verdicts up to and including the i-th, newest last. */
const conclusive = (verdicts: readonly Verdict[], i: number): Verdict[] =>
  verdicts.slice(0, i + 1).filter((v) => v !== 'inconclusive');

describe('whatever the verdicts are', () => {
  test('nothing becomes bad without so many bad verdicts in a row, inconclusive ones not counted', () => {
    fc.assert(
      fc.property(many, limits, (verdicts, l) => {
        const states = play(verdicts, l);
        states.forEach((state, i) => {
          const before = states[i - 1] ?? 'pending';
          if (!isBad(state) || state === before || before === 'inconclusive') return;
          const last = conclusive(verdicts, i).slice(-l.failures);
          expect(last).toHaveLength(l.failures);
          for (const v of last) expect(isBad(v)).toBe(true);
        });
      }),
    );
  });

  test('so many bad verdicts in a row always show, whatever came before and between', () => {
    fc.assert(
      fc.property(many, limits, fc.integer({ min: 0, max: 3 }), (verdicts, l, blind) => {
        const tail = Array.from({ length: l.failures }, () => [
          'down' as const,
          ...Array.from({ length: Math.min(blind, l.failures - 1) }, () => 'inconclusive' as const),
        ]).flat();
        const states = play([...verdicts, ...tail], l);
        expect(states.at(-1)).toBe('down');
      }),
    );
  });

  test('and so many good ones', () => {
    fc.assert(
      fc.property(many, limits, (verdicts, l) => {
        const tail = Array.from({ length: Math.max(l.successes, l.failures) }, () => 'up' as const);
        expect(play([...verdicts, ...tail], l).at(-1)).toBe('up');
      }),
    );
  });

  test('what we believe does not depend on how often we could not see', () => {
    fc.assert(
      fc.property(many, limits, (verdicts, l) => {
        const seen = play(verdicts, l).at(-1);
        const lit = play(
          verdicts.filter((v) => v !== 'inconclusive'),
          l,
        ).at(-1);
        if (seen !== undefined && seen !== 'inconclusive') expect(seen).toBe(lit ?? 'pending');
      }),
    );
  });

  test('we are blind only after so many blind verdicts in a row, and never for good', () => {
    fc.assert(
      fc.property(many, limits, (verdicts, l) => {
        const states = play(verdicts, l);
        states.forEach((state, i) => {
          if (state !== 'inconclusive' || states[i - 1] === 'inconclusive') return;
          const last = verdicts.slice(Math.max(0, i + 1 - l.failures), i + 1);
          expect(last).toHaveLength(l.failures);
          for (const v of last) expect(v).toBe('inconclusive');
        });
      }),
    );
  });

  test('a change is never wanted to the belief it has, and a wish that was granted is not wanted again', () => {
    fc.assert(
      fc.property(many, limits, (verdicts, l) => {
        let damp = fresh();
        for (const [i, v] of verdicts.entries()) {
          damp = observe(damp, v, i);
          const want = wanted(damp, l);
          if (want === null) continue;
          expect(want.to).not.toBe(shownState(damp));
          expect(want.since).toBeLessThanOrEqual(i);
          damp = settle(damp, want.to);
          expect(wanted(damp, l)).toBeNull();
        }
      }),
    );
  });

  test('of two different states one is worse, or both are when they are equally bad', () => {
    expect(isWorse('up', 'degraded')).toBe(true);
    expect(isWorse('down', 'halted') && isWorse('halted', 'down')).toBe(true);
    expect(isWorse('down', 'up')).toBe(false);
    expect(isWorse('pending', 'up')).toBe(false);
  });
});
