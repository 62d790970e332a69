import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { addLeaf, addSubtree, leafHash, nodeHash, rootOf, type Peaks } from '../../daemon/ledger/merkle.ts';
import { HashRows } from '../../daemon/ledger/sha256-lanes.ts';
import { Subtrees } from '../../daemon/ledger/subtrees.ts';

const leaf = (n: number): string => leafHash(`leaf ${n}`);

test('pairs hashed side by side are what node:crypto makes of them, for every count and start', () => {
  const rows = new HashRows(64);
  const given = Array.from({ length: 64 }, (_, i) => hash('sha256', `row ${i}`, 'buffer'));
  for (const from of [0, 1])
    for (let pairs = 1; from + 2 * pairs <= 64; pairs++) {
      given.forEach((row, i) => row.copy(rows.bytes, 32 * i));
      rows.hashPairs(from, pairs);
      for (let i = 0; i < pairs; i++) {
        const pair = given.slice(from + 2 * i, from + 2 * i + 2);
        const want = hash('sha256', Buffer.concat([Buffer.of(1), ...pair]), 'hex');
        expect(rows.bytes.toString('hex', 32 * i, 32 * i + 32)).toBe(want);
      }
    }
  expect(() => rows.hashPairs(0, 33)).toThrow(RangeError);
  expect(() => rows.hashPairs(0, 0)).toThrow(RangeError);
});

test('rows of all ones and all zeros hash right', () => {
  const rows = new HashRows(8);
  for (const byte of [0x00, 0xff, 0x80, 0x7f]) {
    rows.bytes.fill(byte);
    rows.hashPairs(0, 4);
    const value = Buffer.alloc(32, byte).toString('latin1');
    expect(rows.bytes.toString('latin1', 0, 32)).toBe(nodeHash(value, value));
  }
});

test('ranges cut anywhere add up to the tree made leaf by leaf', () => {
  for (let size = 0; size < 70; size++) {
    let whole: Peaks | null = null;
    for (let n = 0; n < size; n++) whole = addLeaf(whole, leaf(n));
    for (const cuts of [[1], [3, 4], [7, 8, 9], [16, 33], [2, 31, 64]]) {
      let peaks: Peaks | null = null;
      const range = new Subtrees(0);
      const take = (): void => {
        for (const part of range.take()) peaks = addSubtree(peaks, part.hash, part.level);
      };
      for (let n = 0; n < size; n++) {
        if (cuts.includes(n)) take();
        range.add(leaf(n));
      }
      take();
      range.release();
      expect(rootOf(peaks)).toBe(rootOf(whole));
    }
  }
});

test('a range longer than what is folded at once, from an odd index', () => {
  const size = 20_001;
  let whole: Peaks | null = null;
  let peaks: Peaks | null = null;
  for (let n = 0; n < 5; n++) whole = peaks = addLeaf(whole, leaf(n));
  const range = new Subtrees(5);
  for (let n = 5; n < size; n++) {
    whole = addLeaf(whole, leaf(n));
    range.add(leaf(n));
  }
  for (const { level, hash: subtree } of range.take()) peaks = addSubtree(peaks, subtree, level);
  range.release();
  expect(rootOf(peaks)).toBe(rootOf(whole));
});
