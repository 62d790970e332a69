import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  checkProof,
  formatVkey,
  proveConsistency,
  proveInclusion,
  readCheckpoint,
  showRecord,
  tailLedger,
  verifyLedger,
} from '../../daemon/ledger/index.ts';
import { fromHex } from '../../daemon/ledger/merkle.ts';
import { collect, newSigner, openTest, stopped, tempDir } from '../helpers/ledger.ts';

async function ledgerOf(records: number, segmentBytes = 700) {
  const dir = join(await tempDir(), 'ledger');
  const signer = newSigner();
  const { ledger } = await openTest(dir, signer, { segmentBytes });
  const roots = [ledger.head().root];
  while (ledger.head().size < records) {
    const { head } = await ledger.append('daemon.stopped', stopped(`no. ${ledger.head().size}`));
    roots.push(head.root);
  }
  await ledger.close();
  return { dir, roots, vkey: formatVkey(signer.origin, signer.publicKey) };
}

async function lines(dir: string, names: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')));
  return texts.join('').split('\n').slice(0, -1);
}

test('verify, show and tail work without a daemon', async () => {
  const { dir, roots, vkey } = await ledgerOf(40);
  const report = await verifyLedger(dir, { publicKeys: [vkey] });
  expect(report).toMatchObject({
    ok: true,
    size: 40,
    root: roots[39],
    unsigned: 0,
    torn: null,
    problems: [],
  });
  expect(report.checkpoints).toMatchObject({ newest: { size: 40, root: roots[39] } });
  expect(report.segments.length).toBeGreaterThan(3);
  expect((await showRecord(dir, 17)).seq).toBe(17);
  await expect(showRecord(dir, 40)).rejects.toMatchObject({ code: 'LEDGER_RANGE' });
  expect((await collect(tailLedger(dir, 3))).map((r) => r.seq)).toEqual([37, 38, 39]);
  expect((await verifyLedger(dir, { anchored: { size: 20, root: roots[19] ?? '' } })).ok).toBe(true);
});

test('every inclusion and consistency proof of trees up to 20 records holds, and for nothing else', async () => {
  for (const size of [1, 2, 3, 7, 8, 13, 20]) {
    const { dir, roots, vkey } = await ledgerOf(size);
    const { segments } = await verifyLedger(dir);
    const all = await lines(
      dir,
      segments.map((s) => s.name),
    );
    for (let seq = 0; seq < size; seq++) {
      const proof = await proveInclusion(dir, seq);
      expect(proof.startsWith(`c2sp.org/tlog-proof@v1\nindex ${seq}\n`)).toBe(true);
      expect(checkProof(proof, { line: all[seq] ?? '' }, [vkey])).toMatchObject({
        at: seq,
        checkpoint: { size },
      });
      expect(checkProof(proof, { line: `${all[seq]} ` }, [vkey])).toHaveProperty('why');
      const other = all[(seq + 1) % size] ?? '';
      expect(other === all[seq] || 'why' in checkProof(proof, { line: other }, [vkey])).toBe(true);
    }
    for (let older = 1; older <= size; older++) {
      const proof = await proveConsistency(dir, older);
      expect(checkProof(proof, { oldRoot: fromHex(roots[older - 1] ?? '') }, [vkey])).toMatchObject({
        at: older,
      });
      expect(checkProof(proof, { oldRoot: fromHex('0'.repeat(64)) }, [vkey])).toHaveProperty('why');
    }
    await expect(proveInclusion(dir, size)).rejects.toMatchObject({ code: 'LEDGER_RANGE' });
    expect(await readCheckpoint(dir)).toMatchObject({ size });
  }
});

test('a proof from another log, or with another key, is void', async () => {
  const a = await ledgerOf(5);
  const b = await ledgerOf(5);
  const { segments } = await verifyLedger(a.dir);
  const [line = ''] = await lines(
    a.dir,
    segments.map((s) => s.name),
  );
  expect(checkProof(await proveInclusion(a.dir, 0), { line }, [b.vkey])).toMatchObject({
    why: 'no key that is trusted here has signed it',
  });
  expect(checkProof('nonsense', { line }, [a.vkey])).toEqual({ why: 'it is not a proof' });
});
