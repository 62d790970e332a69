import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import { verifyLedger } from '../../daemon/ledger/index.ts';
import { BadLine, parseLine } from '../../daemon/ledger/line.ts';
import { splitHistory } from '../../daemon/ledger/checkpoints.ts';
import { parseCheckpoint, parseVkey, verifyCheckpoint } from '../../daemon/ledger/note.ts';
import { parseProof } from '../../daemon/ledger/proof.ts';
import { SimFs } from '../crash/simfs.ts';
import { collect, newSigner, openTest, stopped, type Opened } from '../helpers/ledger.ts';

const FILE = '/l/0000000000000000.jsonl';
const signer = newSigner();

async function made(records: number): Promise<{ fs: SimFs; bytes: Buffer }> {
  const fs = new SimFs();
  const { ledger } = await openTest('/l', signer, { fs });
  while (ledger.head().size < records)
    await ledger.append('daemon.stopped', stopped(`no. ${ledger.head().size}`));
  await ledger.close();
  return { fs, bytes: Buffer.from(fs.peek(FILE) ?? '') };
}

/** A copy with another segment. */
function withSegment(fs: SimFs, bytes: Uint8Array): SimFs {
  const copy = fs.reboot('none', 1);
  copy.poke(FILE, bytes);
  return copy;
}

test('whatever follows the last record, it is repaired or refused with a code; no signed record is lost', async () => {
  const { fs, bytes } = await made(4);
  const tail = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 200 }).map((s) => Buffer.from(s)),
    fc.nat({ max: bytes.length }).map((n) => bytes.subarray(0, n)),
    fc.nat({ max: 3000 }).map((n) => Buffer.alloc(n)),
  );
  await fc.assert(
    fc.asyncProperty(tail, async (more) => {
      const given = Buffer.concat([bytes, more]);
      const copy = withSegment(fs, given);
      const opened = await openTest('/l', signer, { fs: copy }).catch((error: unknown) => error);
      const refused = opened instanceof Error;
      const code = opened instanceof ReeveError ? opened.code : undefined;
      expect(code).toBe(refused ? 'LEDGER_CORRUPT' : undefined);
      const seqs = refused
        ? [0, 1, 2, 3]
        : (await collect((opened as Opened).ledger.read(0))).map((r) => r.seq);
      expect(seqs.slice(0, 4)).toEqual([0, 1, 2, 3]);
      if (!refused) await (opened as Opened).ledger.close();
      const problems = refused ? [] : (await verifyLedger('/l', { fs: copy })).problems;
      expect(problems).toEqual([]);
      // Refused: not a byte is touched. Repaired: what was signed is as it was.
      const kept = refused ? given : bytes;
      expect(copy.peek(FILE)?.subarray(0, kept.length).equals(kept)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('any change inside the signed part is refused, and verify sees it', async () => {
  const { fs, bytes } = await made(6);
  const change = fc.record({ at: fc.nat({ max: bytes.length - 1 }), by: fc.integer({ min: 1, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, by }) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ by;
      const copy = withSegment(fs, changed);
      const opening = openTest('/l', signer, { fs: copy });
      await expect(opening).rejects.toMatchObject({
        code: expect.stringMatching(/^LEDGER_(?:CORRUPT|TRUNCATED|FOREIGN)$/),
      });
      expect(copy.peek(FILE)?.equals(changed)).toBe(true);
      const report = await verifyLedger('/l', { fs: copy });
      expect(report.ok).toBe(false);
      const seqs = report.problems.map((problem) => problem.seq).filter((seq) => seq !== null);
      const lines = bytes.subarray(0, at).toString('latin1').split('\n').length - 1;
      expect(seqs[0] ?? 0).toBeLessThanOrEqual(lines);
    }),
    { numRuns: 150 },
  );
});

test('the parsers of lines, notes, keys, histories and proofs take any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (raw, strict) => {
      const bytes = Buffer.from(raw);
      const text = bytes.toString('utf8');
      expect(() => parseLine(bytes, 0, strict)).toThrow(BadLine);
      expect(parseCheckpoint(text)).toBeUndefined();
      expect(verifyCheckpoint(text, [])).toHaveProperty('why');
      expect(parseVkey(text)).toBeUndefined();
      expect(parseProof(text)).toBeUndefined();
      expect(splitHistory(bytes)).toEqual({ notes: [], good: 0 });
    }),
    { numRuns: 500 },
  );
  const line = '{"body":{},"seq":0,"ts":1,"type":"a","v":1}';
  expect(parseLine(Buffer.from(line), 0, true)).toEqual(JSON.parse(line));
  for (const bad of [
    '{"body":{},"seq":0,"seq":0,"ts":1,"type":"a","v":1}',
    '{"seq":0,"body":{},"ts":1,"type":"a","v":1}',
    '{"body":{},"seq":0,"ts":1,"type":"a","v":2}',
    '{"body":[],"seq":0,"ts":1,"type":"a","v":1}',
    '{"body":{},"extra":1,"seq":0,"ts":1,"type":"a","v":1}',
    '{"body":{},"seq":0,"ts":-1,"type":"a","v":1}',
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  ])
    expect(() => parseLine(Buffer.from(bad), 0, true), bad.slice(0, 80)).toThrow(BadLine);
  expect(() => parseLine(Buffer.from(line.replace('{}', '{"a":"\xff"}'), 'latin1'), 0, true)).toThrow(
    BadLine,
  );
});
