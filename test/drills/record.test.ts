import { expect, test } from 'vitest';
import type { JobStatus } from '../../contracts/job.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { chart } from '../../daemon/drills/evidence/chart.ts';
import { words } from '../../daemon/drills/figures.ts';
import { MAX_HISTORY, drills, lastResult, unrecorded } from '../../daemon/drills/projection.ts';
import type { RecordDeps } from '../../daemon/drills/record.ts';
import { watchDrills } from '../../daemon/drills/watch.ts';
import type { Ledger } from '../../daemon/ports/ledger.ts';
import { iso } from '../../daemon/time.ts';
import { collect, newSigner, openTest, tempDir } from '../helpers/ledger.ts';
import { MemoryArtifacts } from './home.ts';

const hex = (n: number): string => n.toString(16).padStart(32, '0');
const digest = `sha256:${'d'.repeat(64)}`;
const MANIFEST = `sha256:${'e'.repeat(64)}`;

async function setUp(
  objectives: Awaited<ReturnType<RecordDeps['objectives']>> = { rpo_ms: 60_000, rto_ms: 10_000 },
) {
  const { ledger, state, clock } = await openTest(await tempDir(), newSigner(), { projections: [drills] });
  const artifacts = new MemoryArtifacts();
  const reports = new Map<string, string>();
  const warnings: string[] = [];
  const deps: RecordDeps & { ledger: Ledger } = {
    ledger,
    state,
    artifacts,
    objectives: async () => objectives,
    writeReport: async (name, text) => void reports.set(name, text),
    warn: (what, error) => warnings.push(`${what}: ${String(error)}`),
  };
  const results = async (): Promise<RecordBody<'drill.result'>[]> =>
    (await collect(ledger.read(0))).flatMap((r) => (r.type === 'drill.result' ? [r.body] : []));
  return { ledger, state, clock, artifacts, reports, warnings, deps, results };
}

async function queue(ledger: Ledger, n: number, action = 'run_drill'): Promise<string> {
  const job_id = `job_${hex(n)}`;
  const job = {
    job_id,
    action,
    runbook: 'self-restore',
    runbook_digest: digest,
    config_version: digest,
    plan_digest: digest,
    project: 'reeve',
    env: 'local',
    inputs: {},
    inputs_digest: digest,
    anchor: { kind: 'nonce' as const, id: String(n) },
    requested_by: 'ada',
    grant_id: `gr_${'b'.repeat(24)}`,
    reason: 'nightly',
    plan: { ref: `artifact:${digest}` },
  };
  await ledger.append('job.queued', { job });
  return job_id;
}

function attempt(ledger: Ledger, job_id: string, status: JobStatus, why?: string, n = 1) {
  const at = iso(1_767_000_000_000);
  return ledger.append('job.attempt', {
    attempt: { job_id, attempt_id: `${job_id}.${n}`, status, created_at_utc: at, updated_at_utc: at },
    fence: n,
    owner: 'test',
    ...(why === undefined ? {} : { why }),
  });
}

async function step(
  ledger: Ledger,
  job_id: string,
  name: string,
  outputs: Record<string, string>,
  why?: string,
) {
  const common = { job_id, attempt_id: `${job_id}.1`, fence: 1, step: name };
  await ledger.append('job.step.started', {
    ...common,
    kind: name,
    index: 0,
    on: 'normal',
    source: 'runbooks/self-restore.md:L20',
    digest,
  });
  const status = why === undefined ? 'PASS' : 'FAIL';
  await ledger.append('job.step.finished', {
    ...common,
    status,
    ms: 12,
    outputs,
    ...(why === undefined ? {} : { why }),
  });
}

const measured = {
  rpo_ms: '450',
  rto_ms: '2400',
  phase_fetch_ms: '400',
  phase_verify_ms: '2000',
  manifest: MANIFEST,
};

async function run(
  ledger: Ledger,
  n: number,
  status: JobStatus,
  outputs = measured,
  why?: string,
): Promise<string> {
  const id = await queue(ledger, n);
  await attempt(ledger, id, 'RUNNING');
  await step(ledger, id, 'restore', outputs, why);
  await attempt(ledger, id, status, why);
  return id;
}

test('a passed drill has a result with its figures, an evidence bundle and a report', async () => {
  const t = await setUp();
  const watch = watchDrills(t.deps);
  const id = await run(t.ledger, 1, 'PASS');
  await watch.stop();
  const [result, ...more] = await t.results();
  expect(more).toEqual([]);
  expect(result).toMatchObject({
    drill: 'self-restore',
    job_id: id,
    attempt_id: `${id}.1`,
    verdict: 'PASS',
    rpo_ms: 450,
    rto_ms: 2400,
    objective_rpo_ms: 60_000,
    objective_rto_ms: 10_000,
    phases: { fetch: 400, verify: 2000 },
    backup: MANIFEST,
  });
  expect(result?.evidence.map(({ mediaType }) => mediaType)).toEqual([
    'application/json',
    'text/markdown',
    'image/svg+xml',
    'application/vnd.in-toto+json',
  ]);
  const [json, markdown, , statement] = (result?.evidence ?? []).map(({ digest: d = '' }) =>
    String(t.artifacts.stored.get(d)),
  );
  expect(JSON.parse(json ?? '')).toMatchObject({
    verdict: 'PASS',
    backup: MANIFEST,
    steps: [{ name: 'restore' }],
  });
  expect(JSON.parse(statement ?? '')).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'manifest.json', digest: { sha256: 'e'.repeat(64) } }],
    predicate: { verdict: 'PASS' },
  });
  expect(markdown).toContain('| RTO: from the disaster to a verified service | 2.4 s | ≤ 10 s |');
  expect([...t.reports]).toEqual([
    [expect.stringMatching(/^drill-self-restore-\d{8}T\d{9}Z-pass\.md$/), markdown],
  ]);
  expect(lastResult(t.state.get(drills), 'self-restore')).toMatchObject({ verdict: 'PASS' });
});

test.each([
  ['FAIL', 'FAIL', 'root differs'],
  ['TIMED_OUT', 'FAIL', 'took too long'],
  ['UNKNOWN', 'UNKNOWN', 'the daemon stopped'],
  ['CANCELLED', 'UNKNOWN', 'cancelled by ada'],
] as const)('an attempt that ended %s is a result of %s with its reason', async (status, verdict, why) => {
  const t = await setUp();
  const watch = watchDrills(t.deps);
  const id = await queue(t.ledger, 1);
  await attempt(t.ledger, id, 'RUNNING');
  await attempt(t.ledger, id, status, why);
  await watch.stop();
  expect(await t.results()).toMatchObject([{ verdict, why, rpo_ms: null, rto_ms: null, phases: {} }]);
});

test('a drill whose objectives nobody knows any more proves nothing', async () => {
  const t = await setUp(null);
  const watch = watchDrills(t.deps);
  await run(t.ledger, 1, 'PASS');
  await watch.stop();
  expect(await t.results()).toMatchObject([
    { verdict: 'UNKNOWN', why: expect.stringContaining('is not known any more'), objective_rto_ms: null },
  ]);
});

test('an objective that is missed, or was never measured, fails a drill that passed', async () => {
  const t = await setUp({ rpo_ms: 1000, rto_ms: 2000 });
  const watch = watchDrills(t.deps);
  await run(t.ledger, 1, 'PASS');
  await run(t.ledger, 2, 'PASS', { ...measured, rto_ms: 'soon' });
  await run(t.ledger, 3, 'PASS', { ...measured, rto_ms: '2000' });
  await watch.stop();
  expect((await t.results()).map(({ verdict, why }) => [verdict, why])).toEqual([
    ['FAIL', 'RTO is 2.4 s, over the objective of 2 s'],
    ['FAIL', 'RTO was not measured'],
    ['PASS', undefined],
  ]);
});

test('a drill that ended while nobody watched gets its result at the next start; two watchers make one', async () => {
  const t = await setUp();
  await run(t.ledger, 1, 'PASS');
  await queue(t.ledger, 2, 'deploy');
  await attempt(t.ledger, `job_${hex(2)}`, 'PASS');
  expect(unrecorded(t.state.get(drills))).toHaveLength(1);
  const watches = [watchDrills(t.deps), watchDrills(t.deps)];
  await Promise.all(watches.map((watch) => watch.stop()));
  expect(await t.results()).toHaveLength(1);
  await watchDrills(t.deps).stop();
  expect(await t.results()).toHaveLength(1);
  expect(t.warnings).toEqual([]);
});

test('each attempt of a retried job has its own result', async () => {
  const t = await setUp();
  const watch = watchDrills(t.deps);
  const id = await run(t.ledger, 1, 'FAIL', measured, 'broken');
  await attempt(t.ledger, id, 'RUNNING', undefined, 2);
  await attempt(t.ledger, id, 'UNKNOWN', 'died', 2);
  await watch.stop();
  expect((await t.results()).map(({ attempt_id, verdict }) => [attempt_id, verdict])).toEqual([
    [`${id}.1`, 'FAIL'],
    [`${id}.2`, 'UNKNOWN'],
  ]);
});

test('evidence of the same run is the same bytes, and a lost report loses no evidence', async () => {
  const t = await setUp();
  t.deps.writeReport = () => Promise.reject(new Error('read-only'));
  await run(t.ledger, 1, 'PASS');
  let taken = 0;
  const failing: typeof t.deps = {
    ...t.deps,
    ledger: Object.assign(Object.create(t.ledger) as Ledger, {
      subscribe: () => () => {},
      append: () => {
        taken += 1;
        return Promise.reject(new Error('not now'));
      },
    }),
  };
  await watchDrills(failing).stop();
  expect(taken).toBe(1);
  const first = [...t.artifacts.stored.keys()];
  await watchDrills(t.deps).stop();
  expect([...t.artifacts.stored.keys()]).toEqual(first);
  const [result] = await t.results();
  expect(result?.evidence.map(({ digest: d }) => d)).toEqual(first);
  expect(t.warnings).toHaveLength(2);
  expect(t.warnings[1]).toContain('read-only');
});

test('the history of a drill is bounded', async () => {
  const t = await setUp();
  const watch = watchDrills(t.deps);
  for (let n = 1; n <= MAX_HISTORY + 5; n++) await run(t.ledger, n, 'PASS');
  await watch.stop();
  const { results, runs } = t.state.get(drills);
  expect(results['self-restore']).toHaveLength(MAX_HISTORY);
  expect(results['self-restore']?.at(-1)?.job_id).toBe(`job_${hex(MAX_HISTORY + 5)}`);
  expect(runs).toEqual({});
});

test('attack 51: text of a run cannot break out of the report or the chart', async () => {
  const t = await setUp();
  const watch = watchDrills(t.deps);
  const evil = '</style><script>x</script>\n# fake\u202e | PASS | [x](y) \u001b[31m';
  await run(t.ledger, 1, 'FAIL', measured, evil);
  await watch.stop();
  const [report = ''] = t.reports.values();
  expect(report).not.toMatch(/^# fake/m);
  expect(report.includes('\u001b') || report.includes('\u202e')).toBe(false);
  expect(report).not.toContain('<script>');
  const svg = chart({ title: evil, points: [], objective_rpo_ms: null, objective_rto_ms: null });
  expect(svg).not.toContain('<script>');
});

test('the chart draws each run, its objectives and an axis in human units', () => {
  const at = Date.UTC(2026, 0, 1);
  const points = Array.from({ length: 40 }, (_, i) => ({
    at: at + i * 86_400_000,
    verdict: i % 7 === 3 ? ('FAIL' as const) : ('PASS' as const),
    rpo_ms: i % 7 === 3 ? null : 400 + i * 10,
    rto_ms: i % 7 === 3 ? null : 2000 + i * 50,
  }));
  const svg = chart({ title: 'Drill', points, objective_rpo_ms: 900_000, objective_rto_ms: 600_000 });
  const shown = points.slice(-30);
  const passed = shown.filter(({ verdict }) => verdict === 'PASS').length;
  expect(svg.match(/<circle class="dot"/g)).toHaveLength(2 * passed);
  expect(svg.match(/<path class="bad"/g)).toHaveLength(2 * (30 - passed));
  for (const text of [
    '>15m<',
    '>10m<',
    '>100 ms<',
    '>10 s<',
    '>1m<',
    '>11 Jan<',
    '>9 Feb<',
    '>not measured<',
  ])
    expect(svg).toContain(text);
  expect(svg).toContain('prefers-color-scheme: dark');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  for (const few of [points.slice(0, 1), [], points.slice(3, 4)])
    expect(chart({ title: 'x', points: few, objective_rpo_ms: null, objective_rto_ms: 0 })).not.toMatch(
      /NaN|Infinity/,
    );
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [2400, '2.4 s'],
  [80_000, '1m 20s'],
  [10_000, '10 s'],
  // Cut off as everywhere else, never rounded up: 14.7 s here and on the command line.
  [14_780, '14.7 s'],
  [3_600_000, '1h'],
  [11_100_000, '3h 05m'],
  [187_200_000, '2d 4h'],
])('%i ms is "%s"', (ms, text) => {
  expect(words(ms)).toBe(text);
});
