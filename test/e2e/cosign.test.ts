import { chmod, cp, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { reeve, type Ran } from '../helpers/cli.ts';
import { EFFECT, makePlace } from './place.ts';

/* The approver's machine is a home of its own, which holds a key and nothing else. */

const ESTATE = `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
  ben: { roles: [approver] }
projects:
  shop:
    environments: { dev: {}, prod: { approvals: 1, cosign: true } }
`;
const ASK = ['deploy', '--project', 'shop', '--env', 'prod', '--force', '--reason', 'release 7', '--json'];

async function machine(): Promise<{ home: string; run(words: readonly string[]): Promise<Ran> }> {
  const base = await mkdtemp(path.join(os.tmpdir(), 'reeve-approver-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const home = path.join(base, 'home');
  return { home, run: (words) => reeve(home, words) };
}

interface Asked {
  data: { request: { id: string; plan: string } };
}

test('a key is made, enrolled, signs a denial and an approval over a tunnel’s port, is revoked; the ledger proves each without a daemon', async () => {
  const place = await makePlace({ 'effect.md': EFFECT }, ESTATE);
  const daemon = await place.start();
  const at = /http:\/\/127\.0\.0\.1:\d+/.exec(daemon.said())?.[0] ?? '';
  const ask = async (): Promise<Asked['data']['request']> => {
    const asked = await place.reeve(ASK);
    return (JSON.parse(asked.out) as Asked).data.request;
  };
  const ben = await machine();
  // Without a key and without a daemon there, it says what to do.
  expect((await ben.run(['approve', 'req_000000000000000000000000', '--at', at])).err).toContain(
    'reeve key new',
  );
  const made = await ben.run(['key', 'new', '--json']);
  const key = (JSON.parse(made.out) as { data: { key: string; file: string; public: string } }).data;
  expect((await stat(key.file)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(key.file))).mode & 0o777).toBe(0o700);
  expect((await ben.run(['key', 'new'])).err).toContain('KEY_FILE_EXISTS');
  expect((await ben.run(['key', 'public', '--json'])).out).toContain(key.public);

  const first = await ask();
  const enrol = ['key', 'enrol', '--person', 'ben', '--public', key.public];
  const early = await ben.run(['approve', first.id, '--at', at, '--confirm', first.plan]);
  expect(early.err).toContain('COSIGN_KEY_UNKNOWN');
  expect((await place.reeve([...enrol, '--force'])).code).toBe(0);

  // The owner of the home has no way around it, and nobody is asked in a pipe.
  const owner = await place.reeve(['approve', first.id, '--force']);
  expect(owner.err).toContain('COSIGN_REQUIRED');
  expect(owner.err).toContain(`reeve approve ${first.id}`);
  expect((await ben.run(['approve', first.id, '--at', at])).err).toContain(`--confirm ${first.plan}`);
  expect((await ben.run(['approve', first.id, '--at', at, '--force'])).code).toBe(2);
  const other = await ben.run(['approve', first.id, '--at', at, '--confirm', `sha256:${'0'.repeat(64)}`]);
  expect(other.err).toContain('GRANT_PLAN_MISMATCH');
  expect((await ben.run(['approve', first.id, '--at', 'http://example.com:7333'])).code).toBe(2);
  await chmod(key.file, 0o640);
  expect((await ben.run(['approve', first.id, '--at', at])).err).toContain('KEY_FILE_REFUSED');
  await chmod(key.file, 0o600);

  const no = await ben.run(['deny', first.id, '--at', at, '--confirm', first.plan]);
  expect(no.err).toContain('REASON_REQUIRED');
  const denied = await ben.run([
    'deny',
    first.id,
    '--at',
    at,
    '--confirm',
    first.plan,
    '--reason',
    'not tonight',
  ]);
  expect(denied.code, denied.err).toBe(0);
  const second = await ask();
  const yes = await ben.run(['approve', second.id, '--at', at, '--confirm', second.plan]);
  expect(yes.code, yes.err).toBe(0);
  // The whole plan was shown where it was signed.
  expect(yes.out).toContain('echo effect >> trace.txt');
  await expect.poll(() => place.read('trace.txt'), { timeout: 20_000 }).toBe('effect\n');
  expect((await place.reeve(['grant', 'show', second.id])).out).toContain('ben (with a key)');

  const third = await ask();
  await place.reeve(['key', 'revoke', key.key, '--reason', 'laptop lost']);
  const late = await ben.run(['approve', third.id, '--at', at, '--confirm', third.plan]);
  expect(late.err).toContain('COSIGN_KEY_REVOKED');
  expect(late.err).toContain('laptop lost');
  await daemon.end('SIGTERM');

  const verified = await place.reeve(['ledger', 'verify', '--json']);
  expect(JSON.parse(verified.out)).toMatchObject({ ok: true, data: { ok: true, cosignatures: 2 } });
  // The private key went nowhere.
  const pem = (await readFile(key.file, 'utf8')).split('\n')[1] ?? '';
  for (const name of (await readdir(path.join(place.home, 'ledger'))).filter((file) =>
    file.endsWith('.jsonl'),
  ))
    expect(await readFile(path.join(place.home, 'ledger', name), 'utf8')).not.toContain(pem);
});

test('attack 62: an approval that its approver did not sign shows in the ledger, also where nothing else is wrong', async () => {
  const place = await makePlace({ 'effect.md': EFFECT }, ESTATE);
  const daemon = await place.start();
  const asked = JSON.parse((await place.reeve(ASK)).out) as Asked;
  await daemon.end('SIGKILL');
  // As somebody would who holds the disk: after the newest checkpoint nothing but the form of a record is proven.
  const copy = path.join(place.base, 'copy');
  await cp(path.join(place.home, 'ledger'), copy, { recursive: true });
  const name =
    (await readdir(copy))
      .filter((file) => file.endsWith('.jsonl'))
      .toSorted()
      .at(-1) ?? '';
  const lines = (await readFile(path.join(copy, name), 'utf8')).trimEnd().split('\n');
  const last = JSON.parse(lines.at(-1) ?? '') as { seq: number; ts: number };
  const { id, plan } = asked.data.request;
  lines.push(
    `{"body":{"by":"ben","id":"${id}","plan":"${plan}"},"seq":${last.seq + 1},"ts":${last.ts + 1},"type":"grant.approved","v":1}`,
  );
  await writeFile(path.join(copy, name), `${lines.join('\n')}\n`);
  const verified = await place.reeve(['ledger', 'verify', '--dir', copy]);
  expect(verified.code).toBe(5);
  expect(verified.err + verified.out).toContain('LEDGER_COSIGN');
  expect(verified.err + verified.out).toContain(`record ${last.seq + 1}`);
});
