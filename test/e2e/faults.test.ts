import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { alive, until, type Place } from '../helpers/daemon.ts';
import { EFFECT, ESTATE, makePlace, SLOW } from './place.ts';

interface Job {
  status: string;
  spec: { job_id: string; runbook: string };
  attempts: unknown[];
}
const jobs = async (place: Place): Promise<Job[]> =>
  (await place.json(['jobs', 'list'])).data as unknown as Job[];
const pids = async (place: Place): Promise<number[]> =>
  (await place.read('pids.txt')).trim().split('\n').filter(Boolean).map(Number);
const trace = async (place: Place): Promise<string[]> =>
  (await place.read('trace.txt')).trim().split('\n').filter(Boolean);

/** Starts a runbook of the test estate in the background. */
const begin = (place: Place, runbook: string): ReturnType<Place['json']> =>
  place.json(['run', runbook, '--project', 'shop', '--env', 'dev', '--force', '--no-follow']);

test('kill -9 in mid-step: the outcome is unknown, nothing runs again, nothing is left over, a person resolves it', async () => {
  const place = await makePlace({ 'slow.md': SLOW('slow', false) });
  const daemon = await place.start();
  const started = await begin(place, 'slow');
  await until(async () => (await pids(place)).length === 2);
  const before = await pids(place);
  const scratch = (await place.read('scratch.txt')).trim();
  expect((await stat(scratch)).isDirectory()).toBe(true);
  expect(await daemon.end('SIGKILL')).toBe(137);

  await place.start();
  for (const pid of before) expect(await alive(pid)).toBe(false);
  await expect(stat(scratch)).rejects.toThrow('ENOENT');
  const [job] = await jobs(place);
  expect(job).toMatchObject({ status: 'UNKNOWN', spec: { job_id: started.job?.id } });
  expect((await place.reeve(['status'])).out).toMatch(/unknown/i);
  const shown = await place.reeve(['jobs', 'list']);
  expect(shown.out).toContain('UNKNOWN');
  await writeFile(path.join(place.estate, 'go'), '');
  const id = started.job?.id ?? '';
  const resolved = await place.reeve([
    'jobs',
    'resolve',
    id,
    '--as',
    'fail',
    '--reason',
    'looked',
    '--force',
  ]);
  expect(resolved.code, resolved.err).toBe(0);
  const detail = (await place.reeve(['jobs', 'show', id])).out;
  expect(detail).toContain('looked');
  expect(await trace(place)).toEqual(['begun']);
});

test('kill -9 in mid-step and no other start: what the step runs ends all the same, also what ignores the first signal', async () => {
  const place = await makePlace({
    'slow.md': SLOW('slow', false),
    'stubborn.md': SLOW('stubborn', false, "trap '' TERM\n"),
    'effect.md': EFFECT,
  });
  const daemon = await place.start();
  await begin(place, 'slow');
  await until(async () => (await pids(place)).length === 2);
  await begin(place, 'stubborn');
  await until(async () => (await pids(place)).length === 4);
  // One that has ended in between, so that what is guarded is more than what was started last.
  expect((await place.reeve(['deploy', '--project', 'shop', '--env', 'dev', '--force'])).code).toBe(0);
  const left = await pids(place);
  for (const pid of left) expect(await alive(pid)).toBe(true);
  expect(await daemon.end('SIGKILL')).toBe(137);
  await until(async () => (await Promise.all(left.map(alive))).every((still) => !still));
  expect(await trace(place)).toEqual(['begun', 'begun', 'effect']);
  await place.start();
  expect((await jobs(place)).map((job) => job.status).toSorted()).toEqual(['PASS', 'UNKNOWN', 'UNKNOWN']);
});

test('kill -9 in mid-step: an idempotent runbook gets a new attempt, after the first one is gone', async () => {
  const place = await makePlace({ 'again.md': SLOW('again', true) });
  const daemon = await place.start();
  const started = await begin(place, 'again');
  await until(async () => (await pids(place)).length === 2);
  const first = await pids(place);
  await daemon.end('SIGKILL');
  await place.start();
  await until(async () => (await pids(place)).length === 4);
  for (const pid of first) expect(await alive(pid)).toBe(false);
  await writeFile(path.join(place.estate, 'go'), '');
  await until(async () => (await jobs(place))[0]?.status === 'PASS');
  expect(await trace(place)).toEqual(['begun', 'begun', 'ended']);
  const attempts = await place.records('job.attempt');
  const of = attempts.map(({ body }) => body['attempt'] as { attempt_id: string; status: string });
  expect(of.map((a) => `${a.attempt_id.split('.')[1]} ${a.status}`)).toEqual(
    expect.arrayContaining(['1 RUNNING', '1 UNKNOWN', '2 RUNNING', '2 PASS']),
  );
  expect(of.every((a) => a.attempt_id.startsWith(started.job?.id ?? '?'))).toBe(true);
});

test('a grant of three uses has three effects at most, however often the daemon is killed', async () => {
  const place = await makePlace({ 'effect.md': EFFECT });
  let daemon = await place.start();
  const words = ['--project-ids', 'shop', '--auto-deploy-dev', '--uses', '3', '--reason', 'kills'];
  const made = await place.json(['preauth', 'create-grant', ...words]);
  const { grant_id } = made.data as { grant_id: string };
  const use = ['deploy', '--project', 'shop', '--env', 'dev', '--preauth-grant', grant_id, '--no-follow'];
  const codes: string[] = [];
  for (let round = 0; round < 6; round++) {
    const two = [place.reeve(use), place.reeve(use)];
    // At another moment in each round: before, between and after the records of a use.
    const seen = (await ledgerBytes(place)) + round * 700;
    await Promise.race([Promise.all(two), until(async () => (await ledgerBytes(place)) > seen)]);
    await daemon.end('SIGKILL');
    codes.push(...(await Promise.all(two)).map((ran) => String(ran.code)));
    daemon = await place.start();
  }
  const used = (await place.records('grant.used')).filter((r) => r.body['gid'] === grant_id);
  expect(used.length, codes.join(' ')).toBeGreaterThan(0);
  expect(used.length).toBeLessThanOrEqual(3);
  expect((await trace(place)).length).toBeLessThanOrEqual(used.length);
  const left = await place.reeve(use);
  if (used.length === 3) expect(left.err).toContain('GRANT_USED_UP');
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
});

const ledgerBytes = async (place: Place): Promise<number> => {
  const folder = path.join(place.home, 'ledger');
  let sum = 0;
  for (const name of await readdir(folder))
    if (name.endsWith('.jsonl')) sum += (await stat(path.join(folder, name))).size;
  return sum;
};

test('attack 60: a second daemon on the home is refused and names the first, which goes on', async () => {
  const place = await makePlace({ 'effect.md': EFFECT });
  const first = await place.start();
  const second = place.launch();
  expect(await second.ended).toBe(3);
  expect(second.said()).toContain(`pid ${first.pid}`);
  expect(second.said()).toContain('HOME_IN_USE');
  expect((await place.reeve(['status'])).code).toBe(0);
});

test('attack 60: a killed daemon whose parent never asks for its status does not hold the home', async () => {
  const place = await makePlace({ 'effect.md': EFFECT });
  const keeper = await place.start({ through: ['sh', '-c', '"$@" & exec sleep 600', 'sh'] });
  const { pid } = JSON.parse(await readFile(path.join(place.home, 'reeve.pid'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await until(async () => !(await alive(pid)));
  await place.start();
  expect((await place.reeve(['status'])).code).toBe(0);
  expect(await keeper.end('SIGKILL')).toBe(137);
});

test('attack 21: halts and revocations of before a kill -9 hold after it', async () => {
  const place = await makePlace({ 'effect.md': EFFECT });
  const daemon = await place.start();
  const words = ['--project-ids', 'shop', '--auto-deploy-dev', '--reason', 'x'];
  const made = await place.json(['preauth', 'create-grant', ...words]);
  const { grant_id } = made.data as { grant_id: string };
  await place.reeve(['preauth', 'revoke', grant_id, '--force']);
  await place.reeve(['halt', '--project', 'shop']);
  await daemon.end('SIGKILL');
  await place.start();
  const use = ['deploy', '--project', 'shop', '--env', 'dev', '--preauth-grant', grant_id];
  expect((await place.reeve(use)).err).toMatch(/HALTED|GRANT_REVOKED/);
  expect((await place.reeve(['resume', '--project', 'shop'])).code).toBe(0);
  expect((await place.reeve(use)).err).toContain('GRANT_REVOKED');
  expect(await trace(place)).toEqual([]);
});

test('SIGINT ends an idle daemon with the status of the signal, and the ledger says that it stopped', async () => {
  const place = await makePlace({ 'effect.md': EFFECT });
  const daemon = await place.start();
  expect(await daemon.end('SIGINT')).toBe(130);
  expect(daemon.said()).toContain('SIGINT: stopping');
  const stopped = await place.records('daemon.stopped');
  expect(stopped).toHaveLength(1);
  expect(stopped[0]?.body['why']).toBe('SIGINT');
  await place.start();
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
});

test('SIGTERM while a step runs: the step and its group end, the job is CANCELLED, the status is that of the signal', async () => {
  const place = await makePlace({ 'slow.md': SLOW('slow', false) });
  const daemon = await place.start();
  await begin(place, 'slow');
  await until(async () => (await pids(place)).length === 2);
  expect(await daemon.end('SIGTERM')).toBe(143);
  for (const pid of await pids(place)) expect(await alive(pid)).toBe(false);
  await place.start();
  expect((await jobs(place))[0]?.status).toBe('CANCELLED');
});

test('a step that ignores the first signal cannot hold up the end; a second SIGINT ends at once', async () => {
  const place = await makePlace({ 'stubborn.md': SLOW('stubborn', false, "trap '' TERM INT\n") });
  for (const second of [false, true]) {
    const seen = (await pids(place)).length;
    const daemon = await place.start();
    await begin(place, 'stubborn');
    await until(async () => (await pids(place)).length === seen + 2);
    const ended = daemon.end('SIGINT');
    await until(() => daemon.said().includes('stopping'));
    // The limit of a clean stop is five seconds. With the second signal nothing is waited for: no last record is written.
    if (second) daemon.child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect((await place.records('daemon.stopped')).length).toBe(1);
  }
  await place.start();
  for (const pid of await pids(place)) expect(await alive(pid)).toBe(false);
  expect((await jobs(place)).map((job) => job.status)).not.toContain('RUNNING');
});

test('a mistake in reeve.yaml is refused with its line, and the running configuration stays', async () => {
  const place = await makePlace({ 'effect.md': EFFECT });
  await place.start();
  await place.write('reeve.yaml', `${ESTATE}  second:\n    pth: .\n    environments: { dev: {} }\n`);
  const checked = await place.reeve(['config', 'check']);
  expect(checked.code).toBe(1);
  expect(checked.out + checked.err).toMatch(/reeve\.yaml:\d+/);
  expect(checked.out + checked.err).toContain('pth');
  await until(async () =>
    (await readFile(path.join(place.home, 'reeve.log'), 'utf8')).includes('reeve.yaml:'),
  );
  const words = ['deploy', '--env', 'dev', '--force', '--project'];
  expect((await place.reeve([...words, 'second'])).err).toContain('PROJECT_UNKNOWN');
  expect((await place.reeve([...words, 'shop'])).code).toBe(0);
  await place.write('reeve.yaml', `${ESTATE}  second:\n    path: .\n    environments: { dev: {} }\n`);
  await until(async () => (await place.reeve([...words, 'second', '--dry-run'])).code === 0);
});

test('a changed runbook runs unattended only after somebody has accepted it', async () => {
  const schedule = (cron: string): string =>
    `${ESTATE}schedules:\n  night: { runbook: effect, project: shop, env: dev, cron: '${cron}', at_start: true, timezone: UTC }\n`;
  const place = await makePlace({ 'effect.md': EFFECT }, schedule('0 0 1 1 *'));
  let daemon = await place.start({ args: [] });
  await until(async () => (await trace(place)).length === 1);
  await until(async () => (await jobs(place))[0]?.status === 'PASS');
  await daemon.end('SIGTERM');
  await place.write('runbooks/effect.md', EFFECT.replace('echo effect', 'echo evil'));

  daemon = await place.start({ args: [] });
  await until(async () => (await slots(place)).length === 2);
  expect((await slots(place))[1]?.body).toMatchObject({ outcome: 'refused' });
  expect(JSON.stringify((await slots(place))[1]?.body)).toContain('MANDATE_SUSPENDED');
  expect(await trace(place)).toEqual(['effect']);
  const diff = await place.reeve(['config', 'diff']);
  expect(diff.out).toContain('echo evil');
  expect((await place.reeve(['config', 'accept', 'schedule:night', '--force'])).code).toBe(0);
  await daemon.end('SIGTERM');
  await place.start({ args: [] });
  await until(async () => (await trace(place)).length === 2);
  expect(await trace(place)).toEqual(['effect', 'evil']);
});

const slots = (place: Place): ReturnType<Place['records']> => place.records('schedule.slot');

test('the socket of a killed daemon is in nobody’s way', async () => {
  const place = await makePlace({ 'effect.md': EFFECT });
  const daemon = await place.start();
  await daemon.end('SIGKILL');
  const ran = await place.reeve(['status']);
  expect(ran.code).toBe(4);
  expect(ran.err).toContain('DAEMON_UNREACHABLE');
  await place.start();
  expect((await place.reeve(['status'])).code).toBe(0);
});
