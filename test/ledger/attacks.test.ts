import { copyFile, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LedgerRecord } from '../../contracts/record.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { verifyLedger } from '../../daemon/ledger/index.ts';
import type { FileHandle, Fs } from '../../daemon/ports/fs.ts';
import type { CheckpointSigner } from '../../daemon/ports/keys.ts';
import { lowdbSnapshots } from '../../daemon/state/snapshots.ts';
import { SimFs } from '../crash/simfs.ts';
import { collect, counts, newSigner, openTest, stopped, tempDir } from '../helpers/ledger.ts';

const FIRST = '0000000000000000.jsonl';

async function made(records: number, segmentBytes = 1e9) {
  const home = await tempDir();
  const dir = join(home, 'ledger');
  const signer = newSigner();
  const snapshots = lowdbSnapshots(join(home, 'state.json'));
  const { ledger } = await openTest(dir, signer, { segmentBytes, snapshots });
  while (ledger.head().size < records)
    await ledger.append('daemon.stopped', stopped(`no. ${ledger.head().size}`));
  const head = ledger.head();
  await ledger.close();
  const segments = (await readdir(dir)).filter((name) => name.endsWith('.jsonl')).sort();
  return { home, dir, signer, head, segments, snapshots };
}

const opening = (dir: string, signer: CheckpointSigner) => openTest(dir, signer, { fullCheckBytes: 0 });

test('attack 61: a torn tail is cut off, kept aside and recorded; what was acknowledged stays', async () => {
  for (const tail of [
    '{"body":{"uptime_ms":1,"why":"ha',
    '\0'.repeat(600),
    `{"bo${'\0'.repeat(512)}"v":1}\n`,
  ]) {
    const { dir, signer, head } = await made(5);
    const whole = await readFile(join(dir, FIRST));
    await writeFile(join(dir, FIRST), Buffer.concat([whole, Buffer.from(tail)]));
    const report = await verifyLedger(dir);
    expect(report.ok || report.problems[0]?.seq === 5).toBe(true);
    const { ledger } = await opening(dir, signer);
    const [repair] = (await collect(ledger.read(5))) as LedgerRecord<'ledger.repaired'>[];
    expect(repair).toMatchObject({
      type: 'ledger.repaired',
      body: { segment: FIRST, kept_bytes: whole.length, cut_bytes: tail.length },
    });
    expect(await readFile(join(dir, repair?.body.aside ?? ''), 'utf8')).toBe(tail);
    expect(ledger.head().size).toBe(6);
    await ledger.close();
    expect(await verifyLedger(dir, { anchored: head })).toMatchObject({ ok: true, size: 6 });
  }
});

test('attack 61: only a tail is repaired: a broken line that is not one refuses to start', async () => {
  const { dir, signer, segments } = await made(20, 400);
  const [first = '', second = ''] = segments;
  await truncate(join(dir, first), (await readFile(join(dir, first))).length - 5);
  await expect(opening(dir, signer)).rejects.toMatchObject({
    code: 'LEDGER_CORRUPT',
    params: { file: first },
  });
  expect(second).not.toBe('');
});

test('attack 62: a bit flipped in the middle refuses to start and verify names the record', async () => {
  for (const find of ['no. 7"', '"seq":7,', '"v":1']) {
    const { dir, signer } = await made(12);
    const bytes = await readFile(join(dir, FIRST));
    const at =
      find === '"v":1' ? bytes.indexOf(find, bytes.indexOf('"seq":7,')) + 3 : bytes.indexOf(find) + 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(join(dir, FIRST), bytes);
    const report = await verifyLedger(dir);
    expect(report.problems[0]).toMatchObject({ code: 'LEDGER_CORRUPT', segment: FIRST, seq: 7 });
    expect(report.problems[0]).not.toHaveProperty('until');
    await expect(opening(dir, signer)).rejects.toMatchObject({ code: 'LEDGER_CORRUPT', exit: 5 });
    // Without the cache of leaf hashes a change that keeps its form is narrowed to between two checkpoints.
    await rm(join(dir, 'cache'), { recursive: true });
    const [problem] = (await verifyLedger(dir)).problems;
    expect(problem?.code).toBe('LEDGER_CORRUPT');
    expect(problem?.seq).toBeLessThanOrEqual(7);
    expect(problem?.until ?? 7).toBeGreaterThanOrEqual(7);
  }
});

test('attack 63: cut back to a valid prefix shows against the checkpoint, and against an anchored head without one', async () => {
  const { dir, signer, head } = await made(12);
  const lines = (await readFile(join(dir, FIRST), 'utf8')).split('\n');
  await writeFile(join(dir, FIRST), `${lines.slice(0, 8).join('\n')}\n`);
  await expect(opening(dir, signer)).rejects.toMatchObject({
    code: 'LEDGER_TRUNCATED',
    params: { size: 8, claimed: 12 },
  });
  expect((await verifyLedger(dir)).problems).toMatchObject([{ code: 'LEDGER_TRUNCATED' }]);
  for (const name of ['checkpoint', 'checkpoints']) await rm(join(dir, name));
  expect((await verifyLedger(dir)).ok).toBe(true);
  expect((await verifyLedger(dir, { anchored: head })).problems).toMatchObject([
    { code: 'LEDGER_TRUNCATED', seq: 8 },
  ]);
});

test('attack 64: swapped segments refuse to start and are named', async () => {
  const { dir, signer, segments } = await made(30, 400);
  const [, b = '', c = ''] = segments;
  await rename(join(dir, b), join(dir, 'x'));
  await rename(join(dir, c), join(dir, b));
  await rename(join(dir, 'x'), join(dir, c));
  const seq = Number(b.slice(0, 16));
  await expect(opening(dir, signer)).rejects.toMatchObject({
    code: 'LEDGER_CORRUPT',
    params: { seq, file: b },
  });
  expect((await verifyLedger(dir)).problems[0]).toMatchObject({ code: 'LEDGER_CORRUPT', segment: b, seq });
});

test('attack 64: a segment that is missing, or put in the place of another, refuses to start', async () => {
  const { dir, signer, segments } = await made(30, 400);
  const [, b = '', c = ''] = segments;
  await copyFile(join(dir, c), join(dir, b));
  await expect(opening(dir, signer)).rejects.toMatchObject({ code: 'LEDGER_CORRUPT', params: { file: b } });
  await rm(join(dir, b));
  await expect(opening(dir, signer)).rejects.toMatchObject({ code: 'LEDGER_CORRUPT', params: { file: c } });
});

test('attack 65: a snapshot that is newer than the ledger, empty, of another root or of old code is rebuilt', async () => {
  const { home, dir, signer, head, snapshots } = await made(12);
  const path = join(home, 'state.json');
  const good = await readFile(path, 'utf8');
  const replayed = await openTest(dir, signer);
  const state = structuredClone(replayed.state.get(counts));
  await replayed.ledger.close();
  const lie = (change: Record<string, unknown>): string =>
    JSON.stringify({
      ...(JSON.parse(good) as object),
      states: { counts: { version: 1, state: 'a lie' } },
      ...change,
    });
  const bad = [
    lie({ seq: 99 }),
    '',
    '{"seq":',
    lie({ root: 'ab'.repeat(32) }),
    lie({ seq: 11 }),
    lie({ states: { counts: { version: 0, state: 'a lie' } } }),
    lie({ states: {} }),
  ];
  for (const text of bad) {
    await writeFile(path, text);
    const { ledger, state: rebuilt } = await openTest(dir, signer, { snapshots, fullCheckBytes: 0 });
    expect(ledger.head()).toEqual(head);
    expect(rebuilt.get(counts)).toEqual(state);
    await ledger.close();
  }
});

test('attack 66: a full disk refuses, cuts back, forgets what it refused, and goes on in a new segment', async () => {
  const signer = newSigner();
  const probe = new SimFs();
  const first = await openTest('/h/ledger', signer, { fs: probe });
  await first.ledger.append('daemon.stopped', stopped('kept'));
  const from = probe.trace.length;
  const fs = new SimFs({
    faults: [{ at: from, kind: 'error', code: 'ENOSPC', ops: ['write'], until: from + 12 }],
  });
  const { ledger, state } = await openTest('/h/ledger', signer, { fs });
  await ledger.append('daemon.stopped', stopped('kept'));
  const size = fs.peek(`/h/ledger/${FIRST}`)?.length;
  const refused = await Promise.allSettled(
    [1, 2, 3].map((i) => ledger.append('daemon.stopped', stopped(`cut ${i}`))),
  );
  for (const result of refused)
    expect(result).toMatchObject({ reason: { code: 'LEDGER_DISK_FULL', exit: 3 } });
  expect(ledger.health()).toMatchObject({ writable: false, code: 'LEDGER_DISK_FULL' });
  expect(fs.peek(`/h/ledger/${FIRST}`)?.length).toBe(size);
  expect(state.get(counts).whys).toEqual(['kept']);
  await ledger.settled();
  let tries = 0;
  while (!ledger.health().writable && tries++ < 50)
    await ledger.append('daemon.stopped', stopped('again')).catch(() => {});
  expect(tries).toBeGreaterThan(1);
  expect((await collect(ledger.read(2))).map((r) => [r.type, r.seq])).toEqual([
    ['ledger.disk_full', 2],
    ['daemon.stopped', 3],
  ]);
  expect(fs.paths()).toContain('/h/ledger/0000000000000002.jsonl');
  expect(state.get(counts).whys).toEqual(['kept', 'again']);
  await ledger.close();
  expect(await verifyLedger('/h/ledger', { fs })).toMatchObject({ ok: true, size: 4 });
});

test('attack 67: a failed fsync is never retried; every later append is refused until the ledger is opened anew', async () => {
  const signer = newSigner();
  const plain = new SimFs();
  const opened = await openTest('/h/ledger', signer, { fs: plain });
  const write = plain.trace.length;
  await opened.ledger.append('daemon.stopped', stopped('x'));
  const at = plain.trace.findIndex((op, i) => i > write && op.startsWith('datasync'));
  const fs = new SimFs({ faults: [{ at, kind: 'error', code: 'EIO' }] });
  const { ledger } = await openTest('/h/ledger', signer, { fs });
  await expect(ledger.append('daemon.stopped', stopped('x'))).rejects.toMatchObject({
    code: 'LEDGER_UNWRITABLE',
    exit: 5,
  });
  const trace = fs.trace.length;
  await expect(ledger.append('daemon.stopped', stopped('y'))).rejects.toMatchObject({
    code: 'LEDGER_UNWRITABLE',
  });
  await expect(ledger.settled()).rejects.toMatchObject({ code: 'LEDGER_UNWRITABLE' });
  expect(ledger.health()).toMatchObject({ writable: false, code: 'LEDGER_UNWRITABLE' });
  expect(fs.trace.slice(trace)).toEqual([]);
  await ledger.close();
  const again = await openTest('/h/ledger', signer, { fs: fs.reboot('drop', 1) });
  await again.ledger.append('daemon.stopped', stopped('z'));
  expect(again.state.get(counts).whys).toEqual(['z']);
});

test('attack 68: out of file descriptors is a clear error, and nothing is lost', async () => {
  const signer = newSigner();
  const fs = new SimFs();
  const { ledger, warnings } = await openTest('/h/ledger', signer, { fs, segmentBytes: 300 });
  fs.maxOpen = 2;
  // Sealing needs a descriptor: without one the old segment grows on.
  for (let i = 0; i < 5; i++) await ledger.append('daemon.stopped', stopped(`no. ${i} ${'x'.repeat(150)}`));
  await expect(collect(ledger.read(0))).rejects.toMatchObject({ code: 'LEDGER_NO_FILES' });
  await expect(ledger.checkpoint()).rejects.toMatchObject({ code: 'LEDGER_NO_FILES' });
  expect(warnings.join()).toContain('EMFILE');
  fs.maxOpen = 9;
  expect(await collect(ledger.read(0))).toHaveLength(6);
  await ledger.append('daemon.stopped', stopped('on'));
  await ledger.close();
  fs.maxOpen = 0;
  await expect(openTest('/h/ledger', signer, { fs })).rejects.toMatchObject({ code: 'LEDGER_NO_FILES' });
  fs.maxOpen = 9;
  expect(await verifyLedger('/h/ledger', { fs })).toMatchObject({ ok: true, size: 7 });
});

test('attack 69: a ledger removed or replaced while running refuses further appends', async () => {
  for (const harm of ['removed', 'replaced', 'folder moved']) {
    const dir = join(await tempDir(), 'ledger');
    const { ledger } = await openTest(dir, newSigner());
    await ledger.append('daemon.stopped', stopped('before'));
    const path = join(dir, FIRST);
    if (harm === 'folder moved') await rename(dir, `${dir}-moved`);
    else {
      const bytes = await readFile(path);
      await rm(path);
      if (harm === 'replaced') await writeFile(path, bytes);
    }
    await expect(ledger.append('daemon.stopped', stopped('after'))).rejects.toMatchObject({
      code: 'LEDGER_GONE',
      exit: 5,
    });
    expect(ledger.health()).toMatchObject({ writable: false, code: 'LEDGER_GONE' });
    await expect(ledger.append('daemon.stopped', stopped('later'))).rejects.toMatchObject({
      code: 'LEDGER_GONE',
    });
    await ledger.close();
  }
});

test('attack 70: a forged checkpoint refuses to start, whoever signed it', async () => {
  const forgeries: ((dir: string, signer: CheckpointSigner, note: string) => Promise<void>)[] = [
    (dir, _, note) => writeFile(join(dir, 'checkpoint'), note.replace('\n5\n', '\n4\n')),
    (dir, _, note) => writeFile(join(dir, 'checkpoint'), note.slice(0, -3)),
    (dir) => writeFile(join(dir, 'checkpoint'), ''),
    (dir) => writeFile(join(dir, 'checkpoint'), 'x\n'.repeat(9)),
    async (dir, signer) => {
      const other = await made(5);
      expect(other.signer.origin).toBe(signer.origin);
      for (const name of ['checkpoint', 'checkpoints'])
        await copyFile(join(other.dir, name), join(dir, name));
    },
  ];
  for (const forge of forgeries) {
    const { dir, signer } = await made(5);
    await forge(dir, signer, await readFile(join(dir, 'checkpoint'), 'utf8'));
    await expect(opening(dir, signer)).rejects.toMatchObject({ code: 'LEDGER_CHECKPOINT_INVALID', exit: 5 });
    const { ok, problems } = await verifyLedger(dir);
    expect(ok).toBe(false);
    expect(problems[0]).toMatchObject({ code: 'LEDGER_CHECKPOINT_INVALID' });
  }
});

test('attack 70: a whole ledger with its own key and checkpoints is not taken for this one', async () => {
  const mine = await made(5);
  const theirs = await made(9);
  await expect(opening(theirs.dir, mine.signer)).rejects.toMatchObject({ code: 'LEDGER_FOREIGN' });
  const report = await verifyLedger(theirs.dir, { publicKeys: [(await vkeyOf(mine.dir)) ?? ''] });
  expect(report.problems[0]).toMatchObject({ code: 'LEDGER_CHECKPOINT_INVALID' });
});

async function vkeyOf(dir: string): Promise<string | undefined> {
  return /"checkpoint_key":"([^"]+)"/.exec(await readFile(join(dir, FIRST), 'utf8'))?.[1];
}

test('short writes and a slow disk change nothing', async () => {
  const dir = join(await tempDir(), 'ledger');
  const short = (file: FileHandle): FileHandle => ({
    ...{ read: file.read.bind(file), datasync: file.datasync.bind(file), truncate: file.truncate.bind(file) },
    ...{ stat: file.stat.bind(file), close: file.close.bind(file), writev: file.writev.bind(file) },
    write: (data, position) => file.write(data.subarray(0, Math.max(1, data.length >> 2)), position),
  });
  const fs: Fs = {
    ...nodeFs,
    open: async (path, flags, mode) => short(await nodeFs.open(path, flags, mode)),
  };
  const { ledger } = await openTest(dir, newSigner(), { fs });
  await Promise.all([1, 2, 3].map((i) => ledger.append('daemon.stopped', stopped(`no. ${i}`))));
  await ledger.close();
  expect(await verifyLedger(dir)).toMatchObject({ ok: true, size: 4 });
});
