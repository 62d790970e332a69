import { appendFile, cp, mkdir, open, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until, type Place } from '../helpers/daemon.ts';
import { fill, smallDisk } from '../helpers/disk.ts';
import { EFFECT, ESTATE, makePlace } from './place.ts';

const DEPLOY = ['deploy', '--project', 'shop', '--env', 'dev', '--force'];
const runbooks = { 'effect.md': EFFECT };
const folder = (place: Place): string => path.join(place.home, 'ledger');
const trace = async (place: Place): Promise<number> => (await place.read('trace.txt')).split('\n').length - 1;

async function segment(place: Place): Promise<string> {
  const names = (await readdir(folder(place))).filter((name) => name.endsWith('.jsonl')).toSorted();
  return path.join(folder(place), names.at(-1) ?? '');
}

test('attack 66: on a full disk nothing is deployed, halt works, and with space all is well', async (context) => {
  const disk = await smallDisk(context);
  const place = await makePlace(runbooks, ESTATE, path.join(disk, 'home'));
  const daemon = await place.start();
  expect((await place.reeve(DEPLOY)).code).toBe(0);
  const free = await fill(disk);
  for (let n = 0; n < 2; n++) {
    const refused = await place.reeve(DEPLOY);
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.err).toContain('LEDGER_DISK_FULL');
  }
  expect(await trace(place)).toBe(1);
  expect((await place.reeve(['jobs', 'list'])).code).toBe(0);
  const halt = await place.reeve(['halt', '--project', 'shop', '--reason', 'no space']);
  expect(halt.code, halt.err).toBe(0);
  expect((await place.reeve(['status'])).out).toMatch(/halted: shop/);

  // Without a restart: the daemon takes up work by itself once there is space, and the halt is in the ledger.
  await free();
  await until(async () => (await place.reeve(['resume', '--project', 'shop'])).code === 0);
  expect((await place.records('halt.set'))[0]?.body).toMatchObject({ reason: 'no space' });
  expect((await place.reeve(DEPLOY)).code).toBe(0);
  expect(await trace(place)).toBe(2);
  await daemon.end('SIGTERM');
  const verified = await place.reeve(['ledger', 'verify']);
  expect(verified.code, verified.out + verified.err).toBe(0);
});

test('attack 66: a start on a full disk: what is there is read and halted, nothing runs, and with space it starts by itself', async (context) => {
  const disk = await smallDisk(context);
  const place = await makePlace(runbooks, ESTATE, path.join(disk, 'home'));
  let daemon = await place.start();
  expect((await place.reeve(DEPLOY)).code).toBe(0);
  await daemon.end('SIGKILL');
  // A file system gives room by pages, and a start needs few of them: this one has more to record than those can take.
  await place.write('reeve.yaml', `${ESTATE}# ${'more '.repeat(20_000)}\n`);
  const free = await fill(disk);

  daemon = place.launch();
  await until(() => daemon.said().includes('is full'));
  const status = await place.reeve(['status']);
  expect(status.code, status.err).toBe(0);
  expect(status.out).toContain('no room on the disk');
  for (const words of [
    ['jobs', 'list'],
    ['ledger', 'tail'],
    ['ledger', 'verify'],
  ]) {
    const looked = await place.reeve(words);
    expect(looked.code, words.join(' ') + looked.err).toBe(0);
  }
  for (const words of [DEPLOY, ['resume']])
    expect((await place.reeve(words)).err, words.join(' ')).toContain('LEDGER_DISK_FULL');
  const halt = await place.reeve(['halt', '--project', 'shop', '--reason', 'no space']);
  expect(halt.code, halt.err).toBe(0);
  // It holds over a restart that is no better.
  expect(await daemon.end('SIGTERM')).toBe(143);
  daemon = place.launch();
  await until(() => daemon.said().includes('is full'));
  expect((await place.reeve(['status'])).out).toMatch(/halted: shop/);
  expect(await trace(place)).toBe(1);

  await free();
  await until(() => daemon.said().includes('Ctrl-C stops it'));
  expect((await place.reeve(DEPLOY)).err).toContain('HALTED');
  expect((await place.records('halt.set'))[0]?.body).toMatchObject({ reason: 'no space' });
  expect((await place.reeve(['resume', '--project', 'shop'])).code).toBe(0);
  expect((await place.reeve(DEPLOY)).code).toBe(0);
  expect(await trace(place)).toBe(2);
  expect(await daemon.end('SIGTERM')).toBe(143);
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
});

test('attack 61: a torn tail is cut off at the next start, kept aside, and on the record', async () => {
  const place = await makePlace(runbooks);
  const daemon = await place.start();
  await place.reeve(DEPLOY);
  await daemon.end('SIGKILL');
  await appendFile(await segment(place), '{"body":{"torn":');
  const before = await place.reeve(['ledger', 'verify']);
  expect(before.code).toBe(0);
  expect(before.out).toMatch(/Torn tail/);
  await place.start();
  const [repaired] = await place.records('ledger.repaired');
  expect(repaired?.body).toMatchObject({ cut_bytes: 16 });
  const aside = path.join(folder(place), String(repaired?.body['aside']));
  expect(await readFile(aside, 'utf8')).toBe('{"body":{"torn":');
  expect((await place.reeve(DEPLOY)).code).toBe(0);
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
});

test('attack 62: a flipped bit in the middle: the daemon does not start, verify names the record, both with exit 5', async () => {
  const place = await makePlace(runbooks);
  const daemon = await place.start();
  await place.reeve(DEPLOY);
  await daemon.end('SIGTERM');
  const copy = path.join(place.base, 'copy');
  await cp(folder(place), copy, { recursive: true });

  const name = await segment(place);
  const bytes = await readFile(name);
  const lines = bytes.toString('latin1').split('\n');
  const broken = Math.floor(lines.length / 2);
  const at = lines.slice(0, broken).join('\n').length + 1 + lines[broken]!.indexOf('"ts":') + 7;
  const handle = await open(name, 'r+');
  await handle.write(Buffer.from([bytes[at]! ^ 1]), 0, 1, at);
  await handle.close();

  const started = place.launch();
  expect(await started.ended).toBe(5);
  expect(started.said()).toMatch(/LEDGER_(CORRUPT|CHECKPOINT_INVALID)/);
  expect(started.said()).toMatch(/[Rr]ecord \d+/);
  const verified = await place.reeve(['ledger', 'verify']);
  expect(verified.code).toBe(5);
  expect(verified.out + verified.err).toMatch(/[Rr]ecord \d+/);
  // The same copy without the flip is whole.
  expect((await place.reeve(['ledger', 'verify', '--dir', copy])).code).toBe(0);
});

test('attack 69: the ledger folder removed under a running daemon: nothing runs, halt works, and no start without it', async () => {
  const place = await makePlace(runbooks);
  const daemon = await place.start();
  await place.reeve(DEPLOY);
  const away = path.join(place.base, 'away');
  await rename(folder(place), away);
  const refused = await place.reeve(DEPLOY);
  expect(refused.code).toBe(5);
  expect(refused.err).toContain('LEDGER_GONE');
  expect((await place.reeve(['halt'])).code).toBe(0);
  expect((await place.reeve(['status'])).out).toContain('cannot be written');
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(5);
  expect(await trace(place)).toBe(1);
  expect(await daemon.end('SIGINT')).toBe(130);

  const empty = place.launch();
  expect(await empty.ended).toBe(5);
  expect(empty.said()).toContain('LEDGER_MISSING');
  await rm(folder(place), { recursive: true, force: true, maxRetries: 20 });
  await rename(away, folder(place));
  await place.start();
  expect((await place.reeve(DEPLOY)).err).toContain('HALTED');
  expect((await place.reeve(['resume'])).code).toBe(0);
  expect((await place.reeve(DEPLOY)).code).toBe(0);
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
  // A dozen processes, one after the other: half a minute on a machine with much else to do.
}, 180_000);

test('attack 59: a state folder or home that is a symbolic link is refused, and nothing behind it is touched', async () => {
  for (const part of ['state', 'ledger', 'keys', 'artifacts', '']) {
    const place = await makePlace(runbooks);
    const elsewhere = path.join(place.base, 'elsewhere');
    await mkdir(elsewhere, { mode: 0o700 });
    if (part !== '') await mkdir(place.home, { mode: 0o700 });
    await symlink(elsewhere, path.join(place.home, part).replace(/\/$/, ''));
    const daemon = place.launch();
    expect(await daemon.ended, part).toBe(5);
    expect(daemon.said()).toContain('HOME_INSECURE');
    expect(await readdir(elsewhere)).toEqual([]);
  }
});

test('attack 28: a clock behind the last record: privileged work is refused, looking and halting are not', async () => {
  const place = await makePlace(runbooks);
  const daemon = await place.start();
  await daemon.end('SIGTERM');
  // As if the last daemon had lived an hour in the future: a whole record, later than any signed head.
  const name = await segment(place);
  const seq = (await readFile(name, 'utf8')).trimEnd().split('\n').length;
  const later = Date.now() + 3_600_000;
  await appendFile(
    name,
    `{"body":{"uptime_ms":1,"why":"a later clock"},"seq":${seq},"ts":${later},"type":"daemon.stopped","v":1}\n`,
  );
  await place.start();
  const refused = await place.reeve(DEPLOY);
  expect(refused.code).toBe(3);
  expect(refused.err).toContain('CLOCK_BEHIND_LEDGER');
  expect((await place.reeve(['halt'])).code).toBe(0);
  expect((await place.reeve(['jobs', 'list'])).code).toBe(0);
  expect(await trace(place)).toBe(0);
});

test('keys and token are readable by their owner alone', async () => {
  const place = await makePlace(runbooks);
  await place.start();
  for (const name of ['', 'keys', 'ledger', 'secrets', 'keys/keys.json', 'token', 'reeve.sock'])
    expect((await stat(path.join(place.home, name))).mode & 0o077, name).toBe(0);
});
