import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { canonical } from '../../daemon/canonical.ts';
import { EMPTY_ROOT, leafHash, nodeHash, toHex, type Hash } from '../../daemon/ledger/merkle.ts';
import { formatVkey, parseVkey, verifyCheckpoint } from '../../daemon/ledger/note.ts';
import { lowdbSnapshots } from '../../daemon/state/snapshots.ts';
import { collect, counts, newSigner, openTest, stopped, tempDir } from '../helpers/ledger.ts';

/** RFC 6962 §2.1 word for word. */
function mth(leaves: readonly string[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leafHash(leaves[0] ?? '');
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

test('a new ledger starts with a record that names it; appends come back with seq, time stamp and head', async () => {
  const dir = join(await tempDir(), 'ledger');
  const signer = newSigner();
  const { ledger, state, clock } = await openTest(dir, signer);
  expect(ledger.head().size).toBe(1);
  const { record, head } = await ledger.append('daemon.stopped', stopped('first'));
  expect(record).toEqual({ v: 1, seq: 1, ts: clock.now(), type: 'daemon.stopped', body: stopped('first') });
  expect({ size: head.size, root: head.root }).toEqual(ledger.head());
  expect(state.get(counts).whys).toEqual(['first']);
  expect(ledger.lastTs()).toBe(clock.now());
  await ledger.close();

  const [opened, first, ...rest] = (await readFile(join(dir, '0000000000000000.jsonl'), 'utf8')).split('\n');
  expect(rest).toEqual(['']);
  expect(JSON.parse(opened ?? '')).toMatchObject({
    seq: 0,
    type: 'ledger.opened',
    body: { origin: signer.origin, key_id: signer.keyId },
  });
  expect(first).toBe(canonical(record));
  expect(head.root).toBe(toHex(mth([opened ?? '', first ?? ''])));
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, '0000000000000000.jsonl'))).mode & 0o777).toBe(0o600);
});

test('many appends at once keep their order, and every head is the RFC 6962 root at its size', async () => {
  const dir = join(await tempDir(), 'ledger');
  const { ledger } = await openTest(dir, newSigner(), { segmentBytes: 1000 });
  const seen: number[] = [];
  ledger.subscribe((record) => seen.push(record.seq));
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) => ledger.append('daemon.stopped', stopped(`no. ${i}`))),
  );
  for (let i = 0; i < 40; i++) results.push(await ledger.append('daemon.stopped', stopped(`later ${i}`)));
  expect(results.map((r) => r.record.seq)).toEqual(results.map((_, i) => i + 1));
  expect(seen).toEqual(results.map((_, i) => i + 1));
  const segments = (await readdir(dir)).filter((name) => name.endsWith('.jsonl')).sort();
  expect(segments.length).toBeGreaterThan(2);
  const lines: string[] = [];
  for (const name of segments) {
    expect(Number(name.slice(0, 16))).toBe(lines.length);
    lines.push(...(await readFile(join(dir, name), 'utf8')).split('\n').slice(0, -1));
  }
  for (const { record, head } of results)
    expect({ size: head.size, root: head.root }).toEqual({
      size: record.seq + 1,
      root: toHex(mth(lines.slice(0, record.seq + 1))),
    });
  const read = await collect(ledger.read(0));
  expect(read.map((r) => canonical(r))).toEqual(lines);
  expect((await collect(ledger.read(123, { limit: 2 }))).map((r) => r.seq)).toEqual([123, 124]);
  expect(await collect(ledger.read(241))).toEqual([]);
  await ledger.close();
});

test('a guard decides at the instant of sequencing: fifty callers, one use', async () => {
  const { ledger, state } = await openTest(join(await tempDir(), 'ledger'), newSigner());
  const once = (): void => {
    if (state.get(counts).whys.length > 0) throw fail('GRANT_USED_UP', { gid: 'x', uses: 1 });
  };
  const all = await Promise.allSettled(
    Array.from({ length: 50 }, () => ledger.append('daemon.stopped', stopped('use'), { guard: once })),
  );
  expect(all.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
  expect(all.filter((r) => r.status === 'rejected' && r.reason.code === 'GRANT_USED_UP')).toHaveLength(49);
  expect(ledger.head().size).toBe(2);
  await ledger.close();
});

test('what does not fit its schema, or is too large, is refused and leaves no trace', async () => {
  const { ledger, state } = await openTest(join(await tempDir(), 'ledger'), newSigner());
  const before = ledger.head();
  const bad: unknown[] = [
    { why: 1, uptime_ms: 1 },
    { why: 'x', uptime_ms: 1, more: 1 },
    { why: '\ud800', uptime_ms: 1 },
    { why: 'x', uptime_ms: 1.5 },
  ];
  for (const body of bad)
    await expect(ledger.append('daemon.stopped', body as ReturnType<typeof stopped>)).rejects.toMatchObject({
      code: 'RECORD_INVALID',
    });
  const large = {
    admin_event_id: `ae_${'0'.repeat(24)}`,
    action_type: 'halt' as const,
    actor: { person: 'ada', via: 'cli' as const },
    reason: '',
    args: { text: 'é'.repeat(40_000) },
  };
  await expect(ledger.append('admin.intent', large)).rejects.toMatchObject({
    code: 'LEDGER_RECORD_TOO_LARGE',
  });
  await expect(ledger.append('admin.intent', { ...large, args: { n: 0.1 } })).rejects.toMatchObject({
    code: 'RECORD_INVALID',
    message: expect.stringContaining('args.n'),
  });
  expect(ledger.head()).toEqual(before);
  expect(state.get(counts).total).toBe(1);
  await ledger.append('daemon.stopped', stopped('good'));
  expect(ledger.head().size).toBe(2);
  await ledger.close();
});

test('opened again, state and head are the same, from the snapshot as from record 0', async () => {
  const home = await tempDir();
  const dir = join(home, 'ledger');
  const signer = newSigner();
  const snapshots = lowdbSnapshots(join(home, 'state.json'));
  const first = await openTest(dir, signer, { snapshots, snapshotEvery: 20, segmentBytes: 3000 });
  for (let i = 0; i < 100; i++) {
    await first.ledger.append('daemon.stopped', stopped(`no. ${i}`));
    await first.clock.advance(100);
  }
  const head = first.ledger.head();
  const state = structuredClone(first.state.get(counts));
  await first.ledger.close();

  for (const options of [{}, { snapshots, fullCheckBytes: 0 }, { snapshots, fullCheckBytes: 1e9 }]) {
    const again = await openTest(dir, signer, options);
    expect(again.warnings).toEqual([]);
    expect(again.ledger.head()).toEqual(head);
    expect(again.state.get(counts)).toEqual(state);
    await again.ledger.close();
  }
});

test('a signed checkpoint is written at most once a second while records arrive, and at close', async () => {
  const dir = join(await tempDir(), 'ledger');
  const signer = newSigner();
  const { ledger, clock } = await openTest(dir, signer);
  const key = parseVkey(formatVkey(signer.origin, signer.publicKey));
  const checkpoint = async (): Promise<unknown> =>
    verifyCheckpoint(await readFile(join(dir, 'checkpoint'), 'utf8'), key === undefined ? [] : [key]);
  await ledger.append('daemon.stopped', stopped('one'));
  await expect(readFile(join(dir, 'checkpoint'))).rejects.toThrow('ENOENT');
  await clock.advance(1000);
  await ledger.checkpoint();
  expect(await checkpoint()).toMatchObject({ origin: signer.origin, size: 2 });
  await ledger.append('daemon.stopped', stopped('two'));
  await clock.advance(999);
  expect(await checkpoint()).toMatchObject({ size: 2 });
  await ledger.close();
  expect(await checkpoint()).toMatchObject({ size: 3 });
});

test('an undefined member is not folded either, since a replay would not see it', async () => {
  const seen: LedgerRecord[] = [];
  const { ledger } = await openTest(join(await tempDir(), 'ledger'), newSigner());
  ledger.subscribe((record) => seen.push(record));
  await ledger.append('grant.revoked', {
    gid: `gr_${'a'.repeat(24)}`,
    kid: undefined,
    by: 'ada',
    reason: 'x',
  });
  expect(Object.keys(seen[0]?.body ?? {}).sort()).toEqual(['by', 'gid', 'reason']);
  await ledger.close();
});

test('attack 28: set back an hour, the clock stays behind the ledger whatever is written meanwhile, also after a restart', async () => {
  const home = await tempDir();
  const signer = newSigner();
  const snapshots = lowdbSnapshots(join(home, 'state.json'));
  const { ledger, clock } = await openTest(join(home, 'ledger'), signer, { snapshots });
  const before = ledger.lastTs();
  clock.jump(-3_600_000);
  const { record } = await ledger.append('daemon.clock_jumped', { by_ms: -3_600_000, seen: 'back' });
  expect(record.ts).toBe(before - 3_600_000);
  expect(ledger.lastTs()).toBe(before);
  await ledger.close();
  for (const options of [{}, { snapshots, fullCheckBytes: 0 }]) {
    const again = await openTest(join(home, 'ledger'), signer, options);
    expect(again.ledger.lastTs()).toBe(before);
    await again.ledger.close();
  }
});
