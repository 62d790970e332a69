import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Hasher, ROWS, lanesModule } from '../../daemon/ledger/hasher.ts';
import { addLeaf, addSubtree, leafHash, nodeHash, rootOf, type Peaks } from '../../daemon/ledger/merkle.ts';
import { Subtrees } from '../../daemon/ledger/subtrees.ts';

const HASHER = fileURLToPath(new URL('../../daemon/ledger/hasher.ts', import.meta.url));

/** Puts lines into an input and finds them; `bytes` are those of the lines without their newlines. */
function give(hasher: Hasher, lines: readonly string[], behind = '', input: 0 | 1 = 0): number {
  const end = 1 + hasher.input[input].write(lines.map((line) => `${line}\n`).join('') + behind, 1, 'latin1');
  return hasher.findLines(hasher.input[input], end - behind.length);
}
const folded = (hashes: readonly string[]): string => {
  let peaks: Peaks | null = null;
  for (const leaf of hashes) peaks = addLeaf(peaks, leaf);
  return rootOf(peaks);
};

test('a machine whose WebAssembly has no vectors has no module, and one that has vectors does', (context) => {
  const ask = (...flags: string[]): string => {
    const script = `import(${JSON.stringify(HASHER)}).then((m) => console.log(typeof m.lanesModule()))`;
    const ran = spawnSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8' });
    expect(ran.status, ran.stderr).toBe(0);
    return ran.stdout.trim();
  };
  // Without one, both halves of this file would test the same.
  expect(ask()).toBe('object');
  if (process.arch !== 'x64') context.skip('skipped: only x64 can leave its vectors unused');
  expect(ask('--no-enable-sse4-1', '--no-enable-ssse3', '--no-enable-avx')).toBe('undefined');
});

describe.each([
  ['side by side', lanesModule()],
  ['call by call', undefined],
])('hashed %s', (_name, lanes) => {
  test('pairs are what node:crypto makes of them, for every count and start', () => {
    const hasher = new Hasher(lanes);
    const lines = Array.from({ length: 64 }, (_, i) => `row ${i}`);
    const given = lines.map((line) => leafHash(line));
    for (const from of [0, 1])
      for (let pairs = 1; from + 2 * pairs <= 64; pairs++) {
        hasher.hashLines(0, give(hasher, lines), 0);
        hasher.hashPairs(from, pairs);
        for (let i = 0; i < pairs; i++) {
          const [left, right] = given.slice(from + 2 * i, from + 2 * i + 2);
          expect(hasher.row(i)).toBe(nodeHash(left ?? '', right ?? ''));
        }
      }
    expect(() => hasher.hashPairs(0, ROWS / 2 + 1)).toThrow(RangeError);
    expect(() => hasher.hashPairs(0, 0)).toThrow(RangeError);
    expect(() => hasher.hashLines(0, 1, ROWS)).toThrow(RangeError);
  });

  test('lines of every length up to fifteen blocks, four and five of each, whatever stands behind them', () => {
    const hasher = new Hasher(lanes);
    for (const behind of ['', 'x', '\n', '\n\u00FF'.repeat(60)])
      for (let length = 0; length < 15 * 64; length++) {
        const lines = [1, 2, 3, 4, 5].map((n) => String.fromCharCode(64 * n - 1).repeat(length));
        if (length % 2 === 1) lines.pop();
        expect(give(hasher, lines, behind, length % 2 === 0 ? 0 : 1)).toBe(lines.length);
        hasher.hashLines(0, lines.length, 3);
        for (const [i, line] of lines.entries())
          if (hasher.row(3 + i) !== hash('sha256', Buffer.from(`\0${line}`, 'latin1'), 'binary'))
            throw new Error(`${length} bytes, line ${i}`);
      }
  });

  test('lines of any bytes and lengths in any order, cut anywhere, are the leaves in that order', () => {
    const hasher = new Hasher(lanes);
    const line = fc
      .oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 900 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 6000 }) },
      )
      .chain((length) => fc.tuple(fc.constant(length), fc.integer({ min: 0, max: 0xffff })))
      .map(([length, seed]) => {
        const bytes = Array.from({ length }, (_, i) => ((seed + i) * 40_503) % 251);
        return Buffer.from(bytes.map((byte) => (byte === 10 ? 255 : byte))).toString('latin1');
      });
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 40 }),
        fc.nat(40),
        fc.nat(9),
        fc.stringMatching(/^[^\n]{0,80}$/),
        (lines, cut, first, behind) => {
          const found = give(hasher, lines, behind);
          expect(found).toBe(lines.length);
          const to = Math.min(cut, found);
          hasher.hashLines(to, found - to, first + to);
          hasher.hashLines(0, to, first);
          expect(lines.map((_, i) => hasher.row(first + i))).toEqual(
            lines.map((text) => hash('sha256', Buffer.from(`\0${text}`, 'latin1'), 'binary')),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('no lines, only newlines, and an input that is full to its last byte', () => {
    const hasher = new Hasher(lanes);
    expect(hasher.findLines(hasher.input[0], 1)).toBe(0);
    const room = hasher.input[0].length - 1;
    for (const input of [0, 1] as const) {
      expect(
        give(
          hasher,
          Array.from({ length: room }, () => ''),
          '',
          input,
        ),
      ).toBe(room);
      hasher.hashLines(room - 5, 5, 0);
      expect(hasher.row(4)).toBe(leafHash(''));
      const lines = ['a', 'b'.repeat(room - 2 - 400), 'c'.repeat(398)];
      expect(give(hasher, lines, '', input)).toBe(3);
      hasher.hashLines(0, 3, 0);
      expect([0, 1, 2].map((row) => hasher.row(row))).toEqual(lines.map((line) => leafHash(line)));
    }
  });

  test('ranges cut anywhere add up to the tree made leaf by leaf', () => {
    const hasher = new Hasher(lanes);
    for (let size = 0; size < 70; size++) {
      const lines = Array.from({ length: size }, (_, n) => `leaf ${n}`.padEnd(5 * n, '.'));
      for (const cuts of [[1], [3, 4], [7, 8, 9], [16, 33], [2, 31, 64]]) {
        let peaks: Peaks | null = null;
        const found = give(hasher, lines);
        const range = new Subtrees(0, hasher);
        let from = 0;
        for (const cut of [...cuts.filter((at) => at < found), found]) {
          range.addLines(from, cut);
          for (const part of range.take()) peaks = addSubtree(peaks, part.hash, part.level);
          from = cut;
        }
        expect(rootOf(peaks)).toBe(folded(lines.map((line) => leafHash(line))));
      }
    }
  });

  test('a range longer than what is folded at once, from an odd index', () => {
    const hasher = new Hasher(lanes);
    const lines = Array.from({ length: 2 * ROWS + 3617 }, (_, n) => `leaf ${n}`);
    let peaks: Peaks | null = null;
    for (const line of lines.slice(0, 5)) peaks = addLeaf(peaks, leafHash(line));
    const range = new Subtrees(5, hasher);
    range.addLines(0, give(hasher, lines.slice(5)));
    for (const part of range.take()) peaks = addSubtree(peaks, part.hash, part.level);
    expect(rootOf(peaks)).toBe(folded(lines.map((line) => leafHash(line))));
  });
});
