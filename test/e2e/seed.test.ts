import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Place, REPO, type Ran } from '../helpers/daemon.ts';

/*
 * Every command line of the operations guide that Reeve was asked to understand, as it stands there: `autosd` is the
 * second name of `reeve`. Each does its work, or refuses and says what is missing; none is a mistake of usage.
 */

let place: Place;
const grants: Record<string, string> = {};

beforeAll(async () => {
  place = await Place.make();
  await place.start({ args: ['--no-drill', '--log-file', 'autosd.log'] });
});
afterAll(() => place.close());

/** Runs one line of the guide through the launcher that ships. `<grant_id>` is filled in. */
function autosd(line: string, grant = ''): Promise<Ran> {
  const words = line.replace('<grant_id>', grant).split(' ').slice(1);
  const child = spawn(path.join(REPO, 'cli', 'reeve'), words, {
    cwd: place.estate,
    env: { PATH: process.env['PATH'] ?? '', HOME: place.base, REEVE_HOME: place.home, TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran: Ran = { code: null, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ran.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (ran.err += text));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      expect(ran.out + ran.err).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
      resolve({ ...ran, code });
    });
  });
}

/** A refusal: exit 3, the code, and a hint after the arrow. */
function expectRefused(ran: Ran, code: string): void {
  expect(ran, ran.err).toMatchObject({ code: 3 });
  expect(ran.err).toContain(code);
  expect(ran.err).toMatch(/→ \S+/);
}

const idOf = (ran: Ran): string => /gr_[0-9a-f]+/.exec(ran.out)?.[0] ?? '';

test('1: keys are made once; asking again changes nothing', async () => {
  const ran = await autosd('autosd preauth init-keys');
  expect(ran.code).toBe(0);
  expect(ran.out).toMatch(/key_[0-9a-f]{16}/);
});

test('2: a grant for dev and staging, which cannot deploy to prod', async () => {
  const ran = await autosd(
    'autosd preauth create-grant --project-ids my-project --auto-deploy-dev --auto-deploy-staging --no-auto-deploy-prod --expires-in-hours 2',
  );
  expect(ran.code, ran.err).toBe(0);
  expect(ran.out).toContain('deploy:dev, deploy:staging');
  expect(ran.out).not.toContain('deploy:prod');
  grants['staging'] = idOf(ran);
  const prod = await autosd(
    'autosd deploy --project my-project --env prod --target generic_container --preauth-grant <grant_id>',
    grants['staging'],
  );
  expectRefused(prod, 'GRANT_SCOPE');
});

test('2: a grant for prod and rollback', async () => {
  const ran = await autosd(
    'autosd preauth create-grant --project-ids my-project --auto-deploy-prod --auto-rollback --expires-in-hours 1',
  );
  expect(ran.code, ran.err).toBe(0);
  expect(ran.out).toContain('deploy:prod');
  expect(ran.out).toContain('rollback:');
  grants['prod'] = idOf(ran);
});

test('2: break-glass is refused without a reason and made with one', async () => {
  const line =
    'autosd preauth create-grant --project-ids my-project --auto-deploy-prod --break-glass --expires-in-hours 2';
  expectRefused(await autosd(line), 'REASON_REQUIRED');
  const ran = await autosd(`${line} --reason fire`);
  expect(ran.code, ran.err).toBe(0);
  expect(ran.out).toContain('break_glass');
  expect(ran.out).toMatch(/review rev_\w+ stays open/);
});

test('3: deploy with a grant makes a release', async () => {
  const ran = await autosd(
    'autosd deploy --project my-project --env prod --target generic_container --preauth-grant <grant_id>',
    grants['prod'],
  );
  expect(ran.code, ran.out + ran.err).toBe(0);
  expect(await released('prod')).toContain('"release"');
});

test('3: patch and heal with a grant that does not cover them are refused; with one that does they run', async () => {
  const lines = [
    'autosd patch --project my-project --auto-push --preauth-grant <grant_id>',
    'autosd heal --project my-project --target generic_container --preauth-grant <grant_id>',
  ];
  for (const line of lines) expectRefused(await autosd(line, grants['prod']), 'GRANT_SCOPE');
  const made = await autosd(
    'autosd preauth create-grant --project-ids my-project --cap patch:dev --cap heal:dev',
  );
  expect(made.code, made.err).toBe(0);
  for (const line of lines) {
    const ran = await autosd(line, idOf(made));
    expect([0, 1], ran.out + ran.err).toContain(ran.code);
    expect(ran.out).toMatch(/(✓ PASS|✗ FAIL) {2}/);
  }
});

test('4: the active grants are listed, one is revoked, and it no longer works', async () => {
  const listed = await autosd('autosd preauth list --active-only');
  expect(listed.code).toBe(0);
  expect(listed.out).toContain(grants['staging']);
  const revoked = await autosd('autosd preauth revoke <grant_id>', grants['staging']);
  expect(revoked.code, revoked.err).toBe(0);
  expect((await autosd('autosd preauth list --active-only')).out).not.toContain(grants['staging']);
  expectRefused(
    await autosd(
      'autosd deploy --project my-project --env staging --preauth-grant <grant_id>',
      grants['staging'],
    ),
    'GRANT_REVOKED',
  );
});

test('4: a halted project refuses work until it is resumed', async () => {
  expect((await autosd('autosd halt --project my-project')).code).toBe(0);
  expectRefused(await autosd('autosd deploy --project my-project --env dev --force'), 'HALTED');
  expect((await autosd('autosd resume --project my-project')).code).toBe(0);
});

test('5: deploy to a target that the shipped runbook does not know fails and says what is missing', async () => {
  const ran = await autosd(
    'autosd deploy --project my-project --env prod --target docker --preauth-grant <grant_id> --force',
    grants['prod'],
  );
  expect(ran.code, ran.err).toBe(1);
  expect(ran.out).toContain('docker needs a runbook of your own');
});

test('5: promote takes the release of staging to prod, rollback goes back', async () => {
  const rollback = 'autosd rollback --project my-project --env staging --target generic_container --force';
  const promote =
    'autosd promote --project my-project --from staging --to prod --target generic_container --force';
  const early = await autosd(rollback);
  expect(early.code, early.err).toBe(1);
  expect(early.out).toContain('nothing to go back to');
  for (let n = 0; n < 2; n++)
    expect((await autosd('autosd deploy --project my-project --env staging --force')).code).toBe(0);
  const newest = await released('staging');
  const promoted = await autosd(promote);
  expect(promoted.code, promoted.out + promoted.err).toBe(0);
  const back = await autosd(rollback);
  expect(back.code, back.out + back.err).toBe(0);
  expect(await released('staging')).not.toBe(newest);
});

test('5: without --force, a grant or a person to ask, they are refused', async () => {
  for (const line of [
    'autosd deploy --project my-project --env prod --target docker',
    'autosd rollback --project my-project --env staging --target generic_container',
    'autosd promote --project my-project --from staging --to prod --target generic_container',
  ])
    expectRefused(await autosd(line), 'GRANT_REQUIRED');
});

test('6: incidents are listed; heal asks for its grant', async () => {
  const incidents = await autosd('autosd incidents list');
  expect(incidents.code, incidents.err).toBe(0);
  const heal = 'autosd heal --project my-project --target generic_container --env staging';
  expectRefused(await autosd(heal), 'GRANT_REQUIRED');
  const forced = await autosd(`${heal} --force`);
  expect([0, 1], forced.err).toContain(forced.code);
});

test('7: privileged actions stand in the audit log of the home, and --log-file names another log', async () => {
  const lines = (await readFile(path.join(place.home, 'audit.log.jsonl'), 'utf8')).trimEnd().split('\n');
  const seen = lines.map((line) => (JSON.parse(line) as { action_type: string }).action_type);
  expect(seen).toEqual(expect.arrayContaining(['deploy', 'halt', 'revoke_grant']));
  expect(await place.read('autosd.log')).toContain('"level"');
});

test('8, 9: what another tool did is refused with what does it here', async () => {
  expectRefused(await autosd('autosd verify-factory'), 'NOT_BUILT_HERE');
  expectRefused(await autosd('autosd verify-factory --verbose'), 'NOT_BUILT_HERE');
  expectRefused(await autosd('autosd ci lint-workflows'), 'NOT_BUILT_HERE');
});

const released = (env: string): Promise<string> =>
  place.read(`.reeve/releases/my-project/${env}/current/manifest.json`);
