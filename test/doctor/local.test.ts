import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checks } from '../../daemon/doctor/checks/index.ts';
import { openWorld, type World } from '../helpers/app.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { doctorCommand, examined } from './rig.ts';

const DRILL = `---
runbook: files-drill
title: Restore files
action: run_drill
---
\`\`\`restore { name=back driver=files }
repository: /nowhere
password: backup_password
\`\`\`
`;
const DOCKER = `---
runbook: ship
title: Ship it
action: deploy
---
\`\`\`sh { name=up }
set -e
# kubectl is not used
podman-not-a-tool || nomad job run shop.hcl | tee log
echo helm
\`\`\`
`;
const estate = (more = ''): string => `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
projects:
  shop: { environments: { dev: {} } }
${more}`;

async function down(options: Parameters<typeof openWorld>[0]): Promise<World> {
  const world = await openWorld(options);
  await world.app.stop('test');
  return world;
}

test('each check has a name of its own', () => {
  const names = checks.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

test('with a daemon: all is well, exit 0; the same without chat; --json is one document', async () => {
  const world = await openWorld({ estate: estate() });
  const ran = await doctorCommand(world, ['--json']);
  const document = JSON.parse(ran.out) as {
    data: { findings: { check: string; level: string; text: string }[] };
  };
  const levels = Object.fromEntries(document.data.findings.map(({ check, level }) => [check, level]));
  expect(levels).toEqual({
    ...{ node: 'ok', home: 'ok', keys: 'ok', ledger: 'ok', disk: 'ok', estate: 'ok', schedules: 'ok' },
    ...{ drills: 'warn', programs: 'ok', daemon: 'ok', clock: 'ok' },
  });
  expect(document).toMatchObject({
    ok: true,
    command: 'doctor',
    data: { wrong: 0, warnings: 1, unknown: 0 },
  });
  expect(ran.code).toBe(0);
});

test('no daemon: that is said, and everything of this machine is looked at all the same; nothing is changed', async () => {
  const world = await down({ estate: estate() });
  const before = await readFile(path.join(world.home, 'reeve.log'));
  const ran = await doctorCommand(world);
  expect(ran.code).toBe(1);
  expect(ran.out).toMatch(/✗ daemon: No daemon answers at .*\n    → Start one with `npm start`/u);
  expect(ran.out).toMatch(/✓ ledger: all \d+ records verify/u);
  expect(ran.out).toContain('✓ keys: 3 in use, 0 retired');
  expect(await readFile(path.join(world.home, 'reeve.log'))).toEqual(before);
});

test('before the first start: what there is not is said once', async () => {
  const base = await mkdtemp(path.join(os.tmpdir(), 'reeve-doctor-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  await writeFile(path.join(base, 'reeve.yaml'), estate());
  const { bad, of } = await examined({ home: path.join(base, 'home'), root: base });
  expect(bad).toEqual(['wrong home', 'wrong daemon']);
  expect(of('home')[0]).toContain('yet → reeve up, which makes it');
});

test('a home that is open to others, a link in it, keys that do not open, a broken ledger', async () => {
  const world = await down({ estate: estate() });
  const at = (name: string): string => path.join(world.home, name);
  await chmod(at('secrets'), 0o755);
  await rm(at('audit.log.jsonl'), { force: true });
  await symlink('/etc/hostname', at('audit.log.jsonl'));
  await rm(at('keys/master.json'));
  const [segment = ''] = (await import('node:fs'))
    .readdirSync(at('ledger'))
    .filter((name) => name.endsWith('.jsonl'));
  const bytes = await readFile(at(`ledger/${segment}`));
  bytes.write('X', bytes.indexOf('"type"') + 9);
  await writeFile(at(`ledger/${segment}`), bytes);
  const { of } = await examined(world);
  expect(of('home')).toEqual([
    expect.stringContaining('wrong '),
    expect.stringMatching(/^warn .*secrets is open to others \(mode 755\) → chmod -R go=/u),
  ]);
  expect(of('home')[0]).toContain('it is a symbolic link');
  expect(of('keys')[0]).toContain('wrong ');
  expect(of('keys')[0]).toContain('the master key is gone');
  expect(of('ledger')[0]).toMatch(/^wrong /u);
});

test('an estate with a mistake: said with its line; what rests on it could not be checked', async () => {
  const world = await down({ estate: estate() });
  await world.write('reeve.yaml', estate('schedule: {}'));
  const { of, bad } = await examined(world);
  expect(of('estate')[0]).toMatch(/^wrong .*reeve\.yaml:\d+:\d+/u);
  expect(bad).toContain('unknown schedules');
  expect(bad.filter((line) => line.startsWith('wrong'))).toEqual(['wrong estate', 'wrong daemon']);
});

test('a schedule that was changed since it was accepted, also while no daemon ran', async () => {
  const nightly = (hour: number) =>
    estate(
      `schedules:\n  nightly: { runbook: files-drill, cron: '0 ${hour} * * *', project: shop, env: dev, max_age: 2d }\n`,
    );
  const world = await down({ estate: nightly(3), runbooks: { 'files-drill.md': DRILL } });
  expect((await examined(world)).of('schedules')).toEqual([
    'ok the one entry that runs unattended is accepted as it is',
  ]);
  await world.write('reeve.yaml', nightly(4));
  expect((await examined(world)).of('schedules')).toEqual([
    'wrong schedule:nightly does not run: its entry in reeve.yaml changed → reeve config accept schedule:nightly (shows first what changed)',
  ]);
  await world.write('reeve.yaml', nightly(3));
  await world.write('runbooks/files-drill.md', `${DRILL}\nmore\n`);
  expect((await examined(world)).of('schedules')[0]).toContain('the runbook files-drill changed');
  // It never ran: there is nothing that a backup was proven by.
  expect((await examined(world)).of('drills')).toEqual([
    'warn files-drill has never run → reeve drill run files-drill',
  ]);
});

test('a drill that failed, one that passed too long ago, a clock that is behind the ledger', async () => {
  const world = await openWorld({ estate: estate() });
  const now = world.app.store.clock.now();
  const result = (drill: string, verdict: 'PASS' | 'FAIL') =>
    world.app.store.ledger.append('drill.result', {
      ...{ drill, verdict, job_id: `job_${'0'.repeat(32)}`, phases: {}, evidence: [] },
      ...{ rpo_ms: null, rto_ms: null, objective_rpo_ms: null, objective_rto_ms: null },
    });
  await result('good', 'PASS');
  await result('poor', 'FAIL');
  const look = async (at: number) => examined(world, {}, { clock: new ManualClock(at) });
  expect((await look(now + 3_600_000)).of('drills')).toEqual([
    expect.stringMatching(/^ok good passed (59 minutes|1 hour) ago$/u),
    expect.stringMatching(/^wrong poor: FAIL (59 minutes|1 hour) ago → reeve drill report poor$/u),
  ]);
  expect((await look(now + 1000)).of('drills')[0]).toBe('ok good passed just now');
  expect((await look(now + 40 * 86_400_000)).of('drills')[0]).toMatch(
    /^warn good passed \d+ days ago, which is too long ago → reeve drill run good$/u,
  );
  const late = await look(now - 600_000);
  expect(late.of('clock')[0]).toMatch(
    /^wrong it is 10m \d\ds behind the ledger’s newest record, so nothing privileged runs → Set the clock/u,
  );
});

test('programs that steps, probes and channels start: missing ones by who needs them, shell ones as a question', async () => {
  const world = await down({
    estate: estate(`probes:
  raid: { kind: command, project: shop, env: dev, argv: [/opt/none/check_raid] }
alerts:
  channels: { page: { kind: command, argv: [no-such-pager] } }
`),
    runbooks: { 'ship.md': DOCKER },
  });
  const { of } = await examined(world);
  expect(of('programs')).toEqual([
    'wrong /opt/none/check_raid is missing, which the probe raid needs → Install /opt/none/check_raid where all users find it.',
    'wrong no-such-pager is missing, which the channel page needs → Install no-such-pager where all users find it.',
    'warn nomad is missing, which ship needs → Install nomad where all users find it.',
  ]);
});

test('a check that stumbles stops no other', async () => {
  const { examine } = await import('../../daemon/doctor/examine.ts');
  const broken = { name: 'broken', part: 'here' as const, run: () => Promise.reject(new Error('boom')) };
  const fine = {
    name: 'fine',
    part: 'here' as const,
    run: async () => [{ level: 'ok' as const, text: 'yes' }],
  };
  const reply = await examine({ homeThere: async () => true } as never, [broken, fine]);
  expect(reply).toMatchObject({ ok: false, tone: 'warn', data: { wrong: 0, unknown: 1 } });
  expect(reply.blocks).toEqual([{ type: 'text', text: expect.stringContaining('✓ fine: yes') as string }]);
});
