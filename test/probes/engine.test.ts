import { plural } from '../../contracts/units.ts';
import { describe, expect, test } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import { found } from '../../daemon/probes/target.ts';
import { rig } from './rig.ts';

const code = (error: unknown): string => (error instanceof ReeveError ? error.code : String(error));

describe('states', () => {
  test('a probe comes up, goes down after three bad runs and up after two good ones, each recorded once', async () => {
    const t = await rig({ web: {} });
    await t.pass(10_000);
    expect(t.moves()).toEqual(['web pending→up']);
    t.world['web'] = 'down';
    await t.pass(20_000);
    expect(t.engine.get('web')).toMatchObject({ state: 'up', against: 2 });
    await t.pass(10_000);
    expect(t.engine.get('web')).toMatchObject({ state: 'down', against: 0 });
    const down = t.transitions()[1];
    expect(down).toMatchObject({ probe: 'web', kind: 'fake', to: 'down', why: 'it is down' });
    // The first bad sample, 20 s before the last.
    expect(t.engine.get('web').last?.at).toBe((down?.since ?? 0) + 20_000);
    t.world['web'] = 'up';
    await t.pass(20_000);
    await t.pass(60_000);
    expect(t.moves()).toEqual(['web pending→up', 'web up→down', 'web down→up']);
    expect(t.warnings).toEqual([]);
  });

  test('samples are stored and listeners hear of each', async () => {
    const t = await rig({ web: { interval: '1s', timeout: '500ms' } });
    const heard: string[] = [];
    const from = t.clock.now();
    t.engine.onSample((probe, { verdict, ms }) => heard.push(`${probe} ${verdict} ${ms}`));
    await t.pass(5000);
    expect(heard).toEqual(Array.from({ length: 5 }, () => 'web up 1.5'));
    const raw = await t.engine.samples.raw('web', from, t.clock.now() + 1, 100);
    expect(raw.map(({ verdict, ms }) => [verdict, ms])).toEqual(Array.from({ length: 5 }, () => ['up', 1.5]));
    expect(await t.engine.samples.tally('web', from, t.clock.now() + 1, 1)).toEqual({ good: 0, bad: 5 });
  });

  test('states outlive a restart, with what they were put down to', async () => {
    const t = await rig({ gate: {}, web: { depends_on: ['gate'] } });
    t.world['gate'] = t.world['web'] = 'down';
    await t.pass(60_000);
    expect(t.engine.get('web')).toMatchObject({ state: 'down', cause: 'gate' });
    const { since } = t.engine.get('web');
    await t.restart();
    expect(t.engine.get('web')).toMatchObject({ state: 'down', cause: 'gate', since, last: null });
    const before = t.moves().length;
    await t.pass(60_000);
    expect(t.moves()).toHaveLength(before);
  });

  test('what the ledger does not take is asked for again, and the state shown is the recorded one', async () => {
    const t = await rig({ web: {} });
    await t.pass(10_000);
    t.world['web'] = 'down';
    t.ledger.broken = 'the disk is full';
    await t.pass(40_000);
    expect(t.engine.get('web').state).toBe('up');
    expect(t.warnings.join()).toContain('the disk is full');
    t.ledger.broken = undefined;
    await t.pass(10_000);
    expect(t.engine.get('web').state).toBe('down');
    expect(t.moves()).toEqual(['web pending→up', 'web up→down']);
  });

  test('run and get of what is not there are refused', async () => {
    const t = await rig({ web: {} });
    expect(await t.engine.run('web')).toMatchObject({ verdict: 'up', ms: 1.5 });
    expect(() => t.engine.get('wep')).toThrow('There is no probe wep');
    await expect(
      Promise.resolve()
        .then(() => t.engine.run('wep'))
        .catch(code),
    ).resolves.toBe('PROBE_UNKNOWN');
    await expect(t.engine.token('web').catch(code)).resolves.toBe('PROBE_NOT_PUSHED');
  });
});

describe('trouble of our own', () => {
  test('a process that stood still blames no service, and believes no latency', async () => {
    const t = await rig({ web: {}, slow: {} });
    t.world['web'] = async () => {
      t.clock.block(900);
      return found('down', 'no answer in time');
    };
    t.world['slow'] = async () => {
      t.clock.block(900);
      return found('up', '', 900);
    };
    expect(await t.engine.run('web')).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringMatching(/stood still for \d+ ms; no answer in time/),
    });
    expect(await t.engine.run('slow')).toMatchObject({ verdict: 'up', ms: null });
  });

  test('a dead uplink blames no service elsewhere, and is told; what stands here is judged all the same', async () => {
    const t = await rig(
      { web: { failures: 1 }, near: { failures: 1 } },
      { watch: { uplink: ['127.0.0.1:1'] } },
    );
    t.world['web'] = 'down';
    t.world['near'] = async () => ({ ...found('down', 'refused'), near: true });
    expect(await t.engine.run('web')).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('our own network is down; it is down'),
    });
    expect(await t.engine.run('near')).toMatchObject({ verdict: 'down' });
    expect([...t.alerts.keys()]).toEqual(['probes:uplink']);
    await t.pass(10_000);
    expect(t.engine.get('web').state).toBe('inconclusive');
    expect(t.engine.get('near').state).toBe('down');
  });

  test('a probe that throws, or does not stop in time, is our trouble', async () => {
    const t = await rig({ web: {}, stuck: {} });
    t.world['web'] = () => Promise.reject(new Error('a defect'));
    t.world['stuck'] = () => new Promise(() => undefined);
    expect(await t.engine.run('web')).toMatchObject({
      verdict: 'inconclusive',
      why: 'the probe itself failed: Error: a defect',
    });
    const stuck = t.engine.run('stuck');
    await t.pass(4100);
    expect(await stuck).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('did not stop'),
    });
    // It was closed and opened anew.
    expect(t.closed).toEqual(['stuck']);
  });

  test('a reason is one harmless line', async () => {
    const t = await rig({ web: {} });
    t.world['web'] = async () => found('down', `s3cret a\nb\u001b[31m${'x'.repeat(1000)}`);
    const { why } = await t.engine.run('web');
    expect(why).toMatch(/^\[redacted\] a\\nb\\u\{1b\}\[31mx+/);
    expect(why.length).toBeLessThan(340);
  });
});

describe('dependencies', () => {
  test('a failure is put down to the dependency that failed first, however the runs interleave', async () => {
    const t = await rig({
      uplink: { interval: '60s' },
      gate: { depends_on: ['uplink'] },
      web: { depends_on: ['gate'] },
      db: { depends_on: ['gate'] },
    });
    await t.pass(60_000);
    t.world['uplink'] = t.world['gate'] = t.world['web'] = t.world['db'] = 'down';
    await t.pass(60_000);
    const moves = t.moves().slice(4);
    // The slow one was judged at once when the first of the others was about to change.
    expect(moves[0]).toBe('uplink up→down');
    expect(moves.slice(1).toSorted()).toEqual([
      'db up→down because uplink',
      'gate up→down because uplink',
      'web up→down because uplink',
    ]);
  });

  test('a failure with all dependencies well is its own', async () => {
    const t = await rig({ gate: {}, web: { depends_on: ['gate'] } });
    await t.pass(10_000);
    t.world['web'] = 'down';
    await t.pass(40_000);
    expect(t.moves().at(-1)).toBe('web up→down');
  });

  test('what is down still after its cause has gone is recorded again, as its own', async () => {
    const t = await rig({ gate: {}, web: { depends_on: ['gate'] } });
    await t.pass(10_000);
    t.world['gate'] = t.world['web'] = 'down';
    await t.pass(40_000);
    t.world['gate'] = 'up';
    await t.pass(100_000);
    const ofWeb = t.moves().filter((move) => move.startsWith('web'));
    expect(ofWeb).toEqual(['web pending→up', 'web up→down because gate', 'web down→down']);
    expect(t.transitions().at(-1)?.why).toBe('still down although gate is up: it is down');
  });

  test('a dependency that recovers while it is being judged excuses nothing, and one recovery cancels the change', async () => {
    const t = await rig({ gate: { failures: 3 }, web: { depends_on: ['gate'] } });
    await t.pass(10_000);
    t.world['web'] = 'down';
    let asked = 0;
    t.world['gate'] = async () => found(asked++ === 0 ? 'down' : 'up', '');
    await t.pass(45_000);
    expect(t.moves().at(-1)).toBe('web up→down');
  });
});

describe('maintenance', () => {
  test('a failure in a window names it, and is recorded anew when it outlasts the window', async () => {
    const t = await rig(
      { web: {} },
      { maintenance: { patches: { from: '2026-01-02T03:04', until: '2026-01-02T03:06' } } },
    );
    await t.pass(10_000);
    expect(t.engine.get('web').maintenance).toBe('patches');
    t.world['web'] = 'down';
    await t.pass(40_000);
    await t.pass(120_000);
    expect(t.moves()).toEqual(['web pending→up in patches', 'web up→down in patches', 'web down→down']);
    expect(t.transitions().at(-1)?.why).toBe('still down although maintenance patches is over: it is down');
  });
});

describe('a changed estate', () => {
  test('keeps states and connections of what stays, opens anew what has other options', async () => {
    const t = await rig({ a: {}, b: { option: '1' }, c: {}, d: {}, e: {} });
    t.world['c'] = t.world['d'] = t.world['e'] = 'down';
    await t.pass(40_000);
    await t.change({ a: { title: 'A' }, b: { option: '2' }, d: { kind: 'other' }, e: { enabled: false } });
    expect(t.closed.toSorted()).toEqual(['b1', 'c', 'd']);
    expect(t.engine.list().map(({ name, state }) => [name, state])).toEqual([
      ['a', 'up'],
      ['b', 'up'],
      ['d', 'pending'],
      ['e', 'pending'],
    ]);
    expect(
      t
        .transitions()
        .slice(-3)
        .map(({ probe, to, why }) => `${probe} ${to}: ${why}`)
        .toSorted(),
    ).toEqual(['c pending: no longer in reeve.yaml', 'd pending: of kind other now', 'e pending: disabled']);
    t.runs.length = 0;
    await t.pass(10_000);
    expect(t.runs.toSorted()).toEqual(['a', 'b2', 'd']);
  });

  test('what went while the daemon was down is closed at the next start', async () => {
    const t = await rig({ a: {}, b: {} });
    await t.pass(10_000);
    await t.restart({ b: { kind: 'other' } });
    expect(t.moves().slice(-2).toSorted()).toEqual(['a up→pending', 'b up→pending']);
    expect(t.engine.list()).toMatchObject([{ name: 'b', state: 'pending' }]);
  });

  test('a run that is under way when its target changes ends in peace, and says nothing of the new one', async () => {
    const t = await rig({ web: { option: '1', failures: 1 } });
    await t.engine.run('web');
    let answer = (_: ReturnType<typeof found>): void => undefined;
    t.world['web'] = () => new Promise((resolve) => (answer = resolve));
    const running = t.engine.run('web');
    await t.pass(100);
    await t.change({ web: { option: '2', failures: 1 } });
    await t.pass(100);
    // What is closed under its feet would look like a service that hangs up.
    expect(t.closed).toEqual([]);
    answer(found('down', 'the old one is down'));
    await running;
    await t.pass(100);
    expect(t.closed).toEqual(['web1']);
    expect(t.engine.get('web')).toMatchObject({ state: 'up', against: 0, last: { verdict: 'up' } });
    t.world['web'] = 'down';
    await t.engine.run('web');
    await t.pass(100);
    expect(t.engine.get('web').state).toBe('down');
  });

  test('another interval takes effect at once', async () => {
    const t = await rig({ a: { interval: '1h' } });
    await t.change({ a: { interval: '1s', timeout: '500ms' } });
    await t.pass(5000);
    expect(t.runs).toHaveLength(5);
  });
});

test('slips are counted, stored, told once and found to be over', async () => {
  const t = await rig({ a: { interval: '1s', timeout: '500ms' } });
  await t.pass(2000);
  const from = t.clock.now();
  t.clock.block(5500);
  await t.pass(2000);
  const { total } = t.engine.slips();
  // Five or six slots came in that time, and the last of them is run late.
  expect(total).toBeGreaterThanOrEqual(4);
  const buckets = await t.engine.samples.series('a', from, t.clock.now() + 1, 1);
  expect(buckets[0]?.slips).toBe(total);
  expect(t.alerts.get('probes:slips')?.text).toContain(`${plural(total, 'slot')} of 1 probe could`);
  await t.clock.advance(12 * 60_000);
  expect(t.alerts.size).toBe(0);
  expect(t.engine.slips().total).toBe(total);
});

test('a push is passed on to its probe, which is judged at once', async () => {
  const t = await rig({ job: { kind: 'beat', failures: 1 }, web: {} });
  const token = await t.engine.token('job');
  expect(await t.engine.push(token, 'ping')).toEqual({ probe: 'job' });
  expect(t.engine.get('job').state).toBe('up');
  await t.engine.push(token, 'fail', 'exit 1');
  await t.pass(100);
  expect(t.engine.get('job').state).toBe('down');
  expect(t.pushed).toEqual(['job ping', 'job fail']);
  await expect(t.engine.push('x'.repeat(22), 'ping').catch(code)).resolves.toBe('PROBE_UNKNOWN');
});
