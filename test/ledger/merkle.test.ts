import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_RECORD_BYTES } from '../../contracts/record.ts';
import { MAX_LINE_BYTES } from '../../daemon/ledger/chunks.ts';
import { seqOfLine } from '../../daemon/ledger/line-tail.ts';
import { formatLine } from '../../daemon/ledger/line.ts';
import {
  addLeaf,
  fromHex,
  leafHash,
  packPeaks,
  rootOf,
  sizeOf,
  toHex,
  unpackPeaks,
  type Peaks,
} from '../../daemon/ledger/merkle.ts';
import { formatVkey, parseVkey, signCheckpoint, verifyCheckpoint } from '../../daemon/ledger/note.ts';
import { newSigner } from '../helpers/ledger.ts';

/** Leaves and roots of the reference tree in RFC 6962's own test data (certificate-transparency, merkle_tree_test). */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('roots are those of the RFC 6962 reference tree', () => {
  let peaks: Peaks | null = null;
  expect(toHex(rootOf(peaks))).toBe(createHash('sha256').digest('hex'));
  for (const [i, leaf] of LEAVES.entries()) {
    peaks = addLeaf(peaks, leafHash(Buffer.from(leaf, 'hex').toString('latin1')));
    expect(toHex(rootOf(peaks))).toBe(ROOTS[i]);
    expect(sizeOf(peaks)).toBe(i + 1);
    const again = unpackPeaks(i + 1, packPeaks(peaks));
    expect(again === undefined ? undefined : toHex(rootOf(again))).toBe(ROOTS[i]);
    expect(unpackPeaks(i + 1, [...packPeaks(peaks), ROOTS[0] ?? ''])).toBeUndefined();
  }
});

test('a checkpoint verifies with its key and with no other, and not when a bit of it is changed', () => {
  const signer = newSigner('log.example/a');
  const key = parseVkey(formatVkey(signer.origin, signer.publicKey));
  const keys = key === undefined ? [] : [key];
  const note = signCheckpoint(signer, 5, fromHex(ROOTS[4] ?? ''));
  expect(verifyCheckpoint(note, keys)).toEqual({
    origin: 'log.example/a',
    size: 5,
    root: fromHex(ROOTS[4] ?? ''),
  });
  const other = newSigner('log.example/a');
  const otherKey = parseVkey(formatVkey(other.origin, other.publicKey));
  expect(verifyCheckpoint(note, otherKey === undefined ? [] : [otherKey])).toHaveProperty('why');
  const bytes = Buffer.from(note);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length * 8 - 1 }), (bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyCheckpoint(flipped.toString('utf8'), keys)).toHaveProperty('why');
    }),
    { numRuns: 400 },
  );
});

test('the seq in a line is read from its tail as from its JSON', () => {
  expect(MAX_LINE_BYTES).toBe(MAX_RECORD_BYTES);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.dictionary(fc.string(), fc.string()), (seq, ts, body) => {
      const line = Buffer.from(formatLine('note' as never, JSON.stringify(body), seq, ts));
      expect(seqOfLine(line, 0, line.length)).toBe(seq);
      expect(seqOfLine(line, 0, line.length - 1)).toBe(-1);
    }),
  );
  for (const bad of ['', '}', '","v":1}', ',"type":"a","v":1}', ',"seq":,"ts":1,"type":"a","v":1}'])
    expect(seqOfLine(Buffer.from(bad), 0, bad.length)).toBe(-1);
});
