import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import { Rig, jobId } from './rig.ts';

/** Every story ends in the same records, whenever the daemon was killed. */
const story = async (rig: Rig): Promise<string[]> => {
  const types = rig.ledger.records().map(({ type }) => type);
  return types.filter((type) => /^(incident|heal)\./.test(type));
};

test('a probe that goes down and up is one incident with one alert, and the alert ends with it', async () => {
  const rig = await Rig.open({ healing: {} });
  await rig.probe('down');
  await rig.pass(500);
  const [incident] = rig.list();
  expect(incident).toMatchObject({ state: 'open', title: 'web is down', severity: 'page' });
  const alert = rig.outside.alerts.get(`incident:${incident?.id}`);
  expect(alert).toMatchObject({
    source: 'probe',
    severity: 'page',
    probe: 'web',
    project: 'shop',
    env: 'dev',
  });
  expect(alert?.text).toContain(`reeve incidents ack ${incident?.id.slice(0, 12)}`);
  await rig.pass(60_000);
  await rig.probe('up');
  await rig.pass(500);
  expect(rig.list()).toMatchObject([
    { state: 'resolved', resolved_by: 'daemon', resolution: 'web is up again' },
  ]);
  expect(rig.outside.alerts.size).toBe(0);
  expect(await story(rig)).toEqual(['incident.opened', 'incident.resolved', 'incident.postmortem']);
  expect(rig.warnings).toEqual([]);
});

test('a transition with a cause or in maintenance opens nothing; the lost excuse does', async () => {
  const rig = await Rig.open({ healing: {} });
  await rig.probe('down', { cause: 'gate' });
  await rig.probe('down', { maintenance: 'nightly' });
  await rig.pass(1000);
  expect(rig.list()).toEqual([]);
  await rig.probe('down', { from: 'down', why: 'still down although gate is up' });
  await rig.pass(500);
  expect(rig.list()).toMatchObject([{ state: 'open', text: 'still down although gate is up' }]);
});

test('the same cause within ten minutes goes on with the incident; later, or after a review, it is a new one', async () => {
  const rig = await Rig.open({ healing: {} });
  const flap = async (): Promise<void> => {
    await rig.probe('down');
    await rig.pass(500);
    await rig.probe('up');
    await rig.pass(500);
  };
  await flap();
  await rig.pass(9 * 60_000);
  await flap();
  expect(rig.list()).toMatchObject([{ state: 'resolved', reopened: 1 }]);
  await rig.pass(11 * 60_000);
  await flap();
  expect(rig.list()).toMatchObject([{ reopened: 0 }, { reopened: 1 }]);
  const { id } = rig.list()[0] ?? { id: '' };
  await rig.opened.service.review(id, 'ana', 'a loose cable', [{ text: 'tie it', owner: 'ben' }]);
  await flap();
  expect(rig.list()).toHaveLength(3);
  expect(new Set(rig.list().map((one) => one.id)).size).toBe(3);
});

test('a person acknowledges over either way, and only a person ends what a person opened', async () => {
  const rig = await Rig.open({ healing: {} });
  const { id, existing } = await rig.opened.service.open({
    title: 'checkout is slow',
    severity: 'warn',
    source: 'person',
    cause: 'person:1',
    project: 'shop',
    env: 'dev',
    probe: 'web',
    text: '',
    began: rig.clock.now(),
    by: 'ana',
  });
  expect(existing).toBe(false);
  await rig.pass(500);
  await rig.ledger.append('alert.acknowledged', { key: `incident:${id}`, by: 'ben', note: 'on it' });
  await rig.pass(500);
  expect(rig.list()).toMatchObject([{ state: 'acknowledged', acknowledged_by: 'ben' }]);
  await rig.probe('down');
  await rig.pass(500);
  const second = rig.list()[0]?.id ?? '';
  await rig.opened.service.acknowledge(second, 'ana', 'looking');
  await rig.pass(500);
  expect(rig.of('alert.acknowledged')).toMatchObject([
    { by: 'ben' },
    { key: `incident:${second}`, by: 'ana' },
  ]);
  await rig.probe('up');
  await rig.pass(500);
  expect(rig.list().map(({ state }) => state)).toEqual(['resolved', 'acknowledged']);
  await rig.opened.service.resolve(id, 'ana', 'a cache was cold');
  await expect(rig.opened.service.resolve(id, 'ana', 'again')).rejects.toMatchObject({
    code: 'INCIDENT_NOT_OPEN',
  });
  await expect(rig.opened.service.note('inc_ffffffffffffffff', 'ana', 'x')).rejects.toMatchObject({
    code: 'INCIDENT_NOT_FOUND',
  });
});

test('a drill that fails or proves nothing is an incident until it passes', async () => {
  const rig = await Rig.open({ healing: {} });
  const drill = (verdict: 'PASS' | 'FAIL' | 'UNKNOWN', n: number) =>
    rig.ledger.append('drill.result', {
      drill: 'restore',
      job_id: jobId(n),
      project: 'shop',
      env: 'dev',
      verdict,
      rpo_ms: null,
      rto_ms: null,
      objective_rpo_ms: null,
      objective_rto_ms: null,
      phases: {},
      evidence: [],
      why: 'the copy is damaged',
    });
  await drill('PASS', 1);
  await drill('FAIL', 2);
  await drill('UNKNOWN', 3);
  await rig.pass(1000);
  expect(rig.list()).toMatchObject([
    {
      title: 'Drill restore failed',
      source: 'drill',
      severity: 'warn',
      job: jobId(2),
      links: [{ kind: 'related', job: jobId(3) }],
    },
  ]);
  await drill('PASS', 4);
  await rig.pass(1000);
  expect(rig.list()).toMatchObject([{ state: 'resolved' }]);
  await rig.pass(1000);
  expect(rig.warnings).toEqual([]);
});

test('maintenance, a failed dependency, a halt and a suspended mandate keep it from healing, said once; then it heals', async () => {
  const rig = await Rig.open();
  Object.assign(rig.outside, { maintenance: 'nightly', halted: true, mandate: false, cause: 'gate' });
  await rig.probe('down');
  await rig.pass(60_000);
  rig.outside.maintenance = null;
  await rig.pass(30_000);
  rig.outside.cause = null;
  await rig.pass(30_000);
  rig.outside.halted = false;
  await rig.pass(30_000);
  expect(rig.outside.ran).toEqual([]);
  const [incident] = rig.list();
  expect(rig.outside.alerts.get(`incident:${incident?.id}`)?.text).toContain('reeve config diff heal:again');
  rig.outside.mandate = true;
  await rig.pass(30_000);
  expect(rig.of('heal.decided').map(({ decision, why, n }) => [decision, why.slice(0, 30), n])).toEqual([
    ['waits', 'web is in maintenance (nightly', 0],
    ['waits', 'web fails because of gate', 0],
    ['waits', expect.stringContaining('halted'), 0],
    ['not_allowed', expect.stringContaining('heal:again'), 0],
    ['run', 'heal 1 of 3 in 1 h', 1],
  ]);
  expect(rig.list()).toMatchObject([{ state: 'resolved', heals: [{ outcome: 'healed' }] }]);
});

test('only a fresh look lets it act: not what an earlier process saw, nor while the probe answers or sees nothing', async () => {
  let rig = await Rig.open();
  rig.outside.halted = true;
  await rig.probe('down');
  await rig.pass(5000);
  rig = await rig.restart();
  // The machine was off over the weekend; whether it is down still, nobody has asked yet.
  rig.outside.last = null;
  rig.outside.halted = false;
  for (const last of [null, 'up', 'degraded', 'inconclusive'] as const) {
    rig.outside.last = last;
    await rig.pass(60_000);
    expect(rig.outside.ran, String(last)).toEqual([]);
  }
  expect(rig.of('heal.decided').map(({ decision }) => decision)).toEqual(['waits']);
  rig.outside.last = 'down';
  await rig.pass(20_000);
  expect(rig.outside.ran).toHaveLength(1);
});

test.each(['null', 'up'] as const)(
  'decided, and then kept from beginning over a restart: it looks again before it acts (last: %s)',
  async (last) => {
    const first = await Rig.open();
    first.ledger.subscribe(({ type }) => {
      if (type === 'heal.decided') first.outside.halted = true;
    });
    await first.probe('down');
    await first.pass(5000);
    expect(first.of('heal.decided')).toMatchObject([{ decision: 'run' }]);
    const rig = await first.restart();
    rig.outside.last = last === 'null' ? null : last;
    rig.outside.halted = false;
    await rig.pass(60_000);
    expect(rig.outside.ran).toEqual([]);
    rig.outside.last = 'down';
    await rig.pass(30_000);
    expect(rig.outside.ran).toHaveLength(1);
  },
);

test('while somebody deploys to the place, nothing is healed there; one elsewhere is in no way', async () => {
  const rig = await Rig.open();
  rig.outside.deploying = 'shop/dev';
  await rig.probe('down');
  await rig.pass(60_000);
  expect(rig.outside.ran).toEqual([]);
  expect(rig.of('heal.decided')).toMatchObject([
    { decision: 'waits', why: `Deploy the shop (${jobId(999)}) runs there` },
  ]);
  rig.outside.deploying = 'shop/prod';
  await rig.pass(30_000);
  expect(rig.outside.ran).toHaveLength(1);
});

test('a deployment that waits for an approval is in no way', async () => {
  const rig = await Rig.open();
  Object.assign(rig.outside, { deploying: 'shop/dev', asking: true });
  await rig.probe('down');
  await rig.pass(60_000);
  expect(rig.outside.ran).toHaveLength(1);
});

test('what a person has resolved before a decided heal could begin is not healed any more', async () => {
  const rig = await Rig.open();
  rig.ledger.subscribe(({ type }) => {
    if (type === 'heal.decided') rig.outside.halted = true;
  });
  await rig.probe('down');
  await rig.pass(5000);
  const { id } = rig.list()[0] ?? { id: '' };
  await rig.opened.service.resolve(id, 'ana', 'we move it to another machine');
  await rig.pass(30_000);
  rig.outside.halted = false;
  await rig.pass(60_000);
  expect(rig.outside.ran).toEqual([]);
  expect(rig.of('heal.decided').map(({ decision, why }) => [decision, why])).toEqual([
    ['run', 'heal 1 of 3 in 1 h'],
    ['not_allowed', 'ana resolved the incident before it began'],
  ]);
  expect(rig.list()).toMatchObject([{ state: 'resolved', heals: [] }]);
});

test('an alert that could not be raised is raised later, although nothing else happens', async () => {
  const rig = await Rig.open({ healing: {} });
  rig.outside.mute = new Error('the disk is full');
  await rig.probe('down');
  await rig.pass(5000);
  expect(rig.list()).toMatchObject([{ state: 'open' }]);
  expect(rig.warnings.length).toBeGreaterThan(0);
  rig.outside.mute = undefined;
  await rig.pass(30_000);
  expect(rig.outside.alerts.size).toBe(1);
  expect(rig.warnings.length).toBeLessThan(10);
});

test('flapping is bounded by the budget: then the breaker is open, over restarts, until a person closes it', async () => {
  let rig = await Rig.open();
  for (let i = 0; i < 5; i++) {
    await rig.probe('down');
    await rig.pass(5000);
    rig = await rig.restart();
    if (rig.outside.web === 'down') await rig.probe('up');
    await rig.pass(5000);
  }
  expect(rig.outside.ran).toHaveLength(3);
  expect(rig.of('heal.breaker_opened')).toMatchObject([
    { rule: 'again', why: 'its budget of 3 in 1 h is spent' },
  ]);
  await rig.pass(2 * 3_600_000);
  await rig.probe('down');
  await rig.pass(5000);
  expect(rig.outside.ran).toHaveLength(3);
  expect(rig.outside.alerts.size).toBe(1);
  expect([...rig.outside.alerts.values()][0]?.text).toContain('reeve heal reset again');
  await rig.opened.service.resetBreaker('again', 'ana', 'fixed the leak');
  await rig.pass(5000);
  expect(rig.outside.ran).toHaveLength(4);
  await expect(rig.opened.service.resetBreaker('agian', 'ana', 'x')).rejects.toMatchObject({
    code: 'HEAL_UNKNOWN',
  });
});

test.each([
  ['answers with an error', new Error('no such host')],
  ['is gone from the estate', fail('PROBE_UNKNOWN', { name: 'web', help: 'x' })],
])('the check itself fails after the runbook (%s): it is rolled back all the same', async (_name, broken) => {
  const rig = await Rig.open();
  Object.assign(rig.outside, { heals: false, broken });
  await rig.probe('down');
  await rig.pass(15_000);
  expect(rig.of('heal.verified')[0]).toMatchObject({
    up: false,
    why: expect.stringContaining('could not be asked'),
  });
  expect(rig.of('heal.ended')[0]).toMatchObject({ outcome: 'failed', rolled_back: 'done' });
  expect(rig.outside.ran.slice(0, 2).map((id) => id.slice(20))).toEqual(['#1', '#1/rollback']);
});

test('a halt in the middle of a heal: its rollback waits for the end of the halt, and then runs', async () => {
  const rig = await Rig.open();
  rig.outside.heals = false;
  await rig.probe('down');
  await rig.pass(3000);
  expect(rig.of('heal.started')).toHaveLength(1);
  rig.outside.halted = true;
  await rig.pass(60_000);
  expect(rig.outside.ran).toHaveLength(1);
  expect(rig.of('heal.ended')).toEqual([]);
  const next = await rig.restart();
  await next.pass(30_000);
  next.outside.halted = false;
  await next.pass(30_000);
  expect(next.of('heal.ended')[0]).toMatchObject({ outcome: 'failed', rolled_back: 'done' });
});

test('an outcome that nobody knows is a matter for a person, also when the probe is up', async () => {
  const rig = await Rig.open();
  rig.outside.ends = 'UNKNOWN';
  await rig.probe('down');
  await rig.pass(10_000);
  expect(rig.of('heal.ended')).toMatchObject([{ outcome: 'unknown', rolled_back: 'no' }]);
  // It is up, so the incident is over.
  expect(rig.list()).toMatchObject([{ state: 'resolved' }]);
  await rig.probe('down');
  await rig.pass(10_000);
  expect(rig.of('heal.decided').map(({ decision }) => decision)).toEqual(['run', 'breaker_open']);
});

test('a postmortem that a person has edited is never written over', async () => {
  const rig = await Rig.open({ healing: {} });
  await rig.probe('down');
  await rig.pass(500);
  await rig.probe('up');
  await rig.pass(500);
  const folder = path.join(rig.outside.files, '.reeve/postmortems');
  const [name = ''] = await readdir(folder);
  await writeFile(path.join(folder, name), 'what I found out by hand');
  const { id } = rig.list()[0] ?? { id: '' };
  const { path: written } = await rig.opened.service.review(id, 'ana', '# not a heading\n\n| no cell |', [
    { text: 'tie it', owner: 'ben' },
  ]);
  expect(await readFile(path.join(folder, name), 'utf8')).toBe('what I found out by hand');
  const text = await readFile(path.join(rig.outside.files, written ?? ''), 'utf8');
  expect(text).toContain('> Reviewed by ana');
  expect(text).toContain('\\# not a heading');
  expect(text).toContain('- [ ] tie it (owner: ben)');
  expect((await readdir(folder)).toSorted()).toEqual([name, name.replace('.md', '-new.md')].toSorted());
});

test.each([
  ['that heals', true],
  ['that does not heal', false],
])(
  'killed before any single record of a heal %s: nothing is lost, nothing is done twice, and it ends the same',
  async (_name, heals) => {
    const end = async (rig: Rig): Promise<string[]> => {
      await rig.pass(15_000);
      return story(rig);
    };
    const begin = async (crashAt: number): Promise<Rig> => {
      const rig = await Rig.open();
      rig.outside.heals = heals;
      rig.crashAt = crashAt;
      await rig.probe('down');
      await rig.pass(15_000);
      return rig;
    };
    const whole = await begin(Infinity);
    const expected = await story(whole);
    expect(expected).toContain('heal.ended');
    const { appends } = whole;
    expect(appends).toBeGreaterThan(8);
    for (let at = 1; at <= appends; at++) {
      const killed = await begin(at);
      expect(killed.dead).toBe(true);
      const next = await killed.restart();
      const told = await end(next);
      const ran = next.outside.ran;
      expect(new Set(ran).size, `killed before append ${at}`).toBe(ran.length);
      if (heals) {
        expect(next.list(), `killed before append ${at}`).toMatchObject([{ state: 'resolved' }]);
        expect(ran.length, `killed before append ${at}`).toBeLessThanOrEqual(1);
        expect(next.outside.alerts.size).toBe(0);
      } else {
        expect(next.list()).toMatchObject([{ state: 'open' }]);
        for (const heal of next.list()[0]?.heals ?? [])
          expect(heal, `killed before append ${at}`).toMatchObject({
            outcome: 'failed',
            rolled_back: 'done',
          });
        expect(ran.filter((id) => id.endsWith('/rollback')).length).toBe(ran.length / 2);
      }
      expect(told.filter((type) => type === 'incident.opened')).toHaveLength(1);
      expect(told.filter((type) => type === 'incident.postmortem').length).toBe(heals ? 1 : 0);
    }
  },
);
