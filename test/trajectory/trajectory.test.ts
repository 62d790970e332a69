import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EstateConfig } from '../../contracts/estate.ts';
import { TrajectoryLine } from '../../contracts/trajectory.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { openTrajectory, type LiveTrajectory } from '../../daemon/trajectory/index.ts';
import { checkWrite } from '../../daemon/zones/write.ts';
import { tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

interface Rig {
  root: string;
  clock: ManualClock;
  trajectory: LiveTrajectory;
  warned: string[];
  lines(name: string): TrajectoryLine[];
  notes(): string;
}

const zones = EstateConfig.shape.zones.parse({});

async function rig(port = nodeFs): Promise<Rig> {
  const root = await tempDir();
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 23, 59, 59));
  const warned: string[] = [];
  const trajectory = openTrajectory({
    fs: port,
    clock,
    root: () => root,
    checkWrite: (file) => checkWrite(root, zones, file, false),
    redact: (text) => text.replaceAll('hunter2', '[redacted]'),
    warn: (message) => void warned.push(message),
  });
  const read = (file: string): string => fs.readFileSync(path.join(root, 'grimoires/loa', file), 'utf8');
  return {
    root,
    clock,
    trajectory,
    warned,
    lines: (name) =>
      read(`a2a/trajectory/${name}`)
        .trimEnd()
        .split('\n')
        .map((line) => TrajectoryLine.parse(JSON.parse(line))),
    notes: () => read('NOTES.md'),
  };
}

const step = (agent: string, action: string, quote = 'echo') => ({
  agent,
  action,
  reasoning: 'because the plan says so',
  grounding: { source: 'runbooks/x.md:L12', quote },
});

test('lines stand in order in a file for each agent and UTC day', async () => {
  const r = await rig();
  await Promise.all(Array.from({ length: 50 }, (_, i) => r.trajectory.step(step('engine', `step ${i}`))));
  await r.trajectory.step(step('scheduler', 'tick'));
  await r.clock.advance(2000);
  await r.trajectory.step(step('engine', 'tomorrow'));
  expect(r.lines('engine-2026-01-02.jsonl').map((l) => l.action)).toEqual(
    Array.from({ length: 50 }, (_, i) => `step ${i}`),
  );
  expect(r.lines('scheduler-2026-01-02.jsonl')).toHaveLength(1);
  expect(r.lines('engine-2026-01-03.jsonl')).toMatchObject([
    { timestamp: '2026-01-03T00:00:01.000Z', action: 'tomorrow' },
  ]);
});

test('attack 49: secrets are gone; attack 51: what could disguise a line is an escape; long text is cut', async () => {
  const r = await rig();
  await r.trajectory.step(step('engine', 'said hunter2\r\n\u001b[2J\u202e', `a\nhunter2${'x'.repeat(2000)}`));
  await r.trajectory.step({
    agent: 'engine',
    action: 'guess',
    reasoning: 'r'.repeat(5000),
    grounding: { assumption: true },
  });
  const [line, second] = r.lines('engine-2026-01-02.jsonl');
  expect(line?.action).toBe('said [redacted]\\r\\n\\u{1b}[2J\\u{202e}');
  expect(line?.grounding).toMatchObject({ quote: expect.stringMatching(/^a\n\[redacted\]x+…$/) as string });
  expect([second?.reasoning.length, second?.grounding]).toEqual([1000, { assumption: true }]);
});

test('an invalid line fails nothing: it is told, and health says so until a write works again', async () => {
  const r = await rig();
  await r.trajectory.step(step('Not A Slug/..', 'x'));
  expect([r.warned.length, r.trajectory.health().ok]).toEqual([1, false]);
  expect(fs.existsSync(path.join(r.root, 'grimoires'))).toBe(false);
  await r.trajectory.step(step('engine', 'fine'));
  expect(r.trajectory.health()).toEqual({ ok: true });
});

test('attack 59: with a link in the place of the folder or the file nothing is written through it', async () => {
  const r = await rig();
  const outside = await tempDir();
  fs.symlinkSync(outside, path.join(r.root, 'grimoires'));
  await r.trajectory.step(step('engine', 'x'));
  await r.trajectory.decision('x');
  expect([fs.readdirSync(outside), r.trajectory.health().ok, r.warned.length]).toEqual([[], false, 2]);
});

test('NOTES.md is made with its sections, and each is kept', async () => {
  const r = await rig();
  await r.trajectory.decision('deploy web to prod: hunter2 <b>\n## not a heading');
  await r.trajectory.debt('the backup is slow');
  await r.trajectory.blockers(['job_1 waits for a person', 'disk']);
  await r.trajectory.continuity('2 jobs run\n# heading\n===\nsee reeve jobs list');
  await r.trajectory.blockers(['disk']);
  expect(r.notes()).toBe(`# Notes

Kept by Reeve while it runs; write anything anywhere. The daemon adds dated lines to the logs below and replaces only what
stands between its own \`<!-- reeve:… -->\` marks.

## Session Continuity

<!-- reeve:session-continuity -->

_2026-01-02T23:59:59.000Z_

2 jobs run
\\# heading
\\===
see reeve jobs list

<!-- /reeve:session-continuity -->

## Blockers

<!-- reeve:blockers -->

- disk

<!-- /reeve:blockers -->

## Decision Log

- 2026-01-02T23:59:59.000Z · deploy web to prod: [redacted] &lt;b>\\n## not a heading

## Technical Debt

- 2026-01-02T23:59:59.000Z · the backup is slow
`);
});

const OURS = `# Our notes

## Decision log

We decided to be careful.

\`\`\`md
## Technical Debt
this is only an example
\`\`\`

### Details
deep thought

## Session continuity
Ana's own words, first.

## Zebra
last`;

test('blockers that stand there already are not written again, but are when the file was changed or a write failed', async () => {
  let writes = 0;
  let broken = false;
  const r = await rig({
    ...nodeFs,
    rename: (from, to) => {
      writes += 1;
      return broken ? Promise.reject(new Error('no rename')) : nodeFs.rename(from, to);
    },
  });
  const file = path.join(r.root, 'grimoires/loa/NOTES.md');
  await r.trajectory.blockers(['disk']);
  await r.trajectory.blockers(['disk']);
  await r.trajectory.decision('halt');
  await r.trajectory.blockers(['disk']);
  expect(writes).toBe(2);
  // Somebody takes them out, and something else is written before they are told again.
  fs.writeFileSync(file, '# Mine\n');
  await r.trajectory.decision('resume');
  await r.trajectory.blockers(['disk']);
  expect(r.notes()).toMatch(/^# Mine[^]*- disk[^]*resume|^# Mine[^]*resume[^]*- disk/);
  broken = true;
  await r.trajectory.blockers(['net']);
  broken = false;
  await r.trajectory.blockers(['net']);
  expect(r.notes()).toContain('- net');
  expect(r.notes()).not.toContain('- disk');
});

test('what people wrote stays where it is, also inside the sections and in code blocks', async () => {
  const r = await rig();
  fs.mkdirSync(path.join(r.root, 'grimoires/loa'), { recursive: true });
  const file = path.join(r.root, 'grimoires/loa/NOTES.md');
  fs.writeFileSync(file, OURS, { mode: 0o640 });
  await r.trajectory.decision('one');
  await r.trajectory.decision('two');
  await r.trajectory.debt('three');
  await r.trajectory.continuity('now');
  await r.trajectory.continuity('later');
  const stamp = '2026-01-02T23:59:59.000Z';
  expect(r.notes()).toBe(
    OURS.replace('deep thought\n', `deep thought\n- ${stamp} · one\n- ${stamp} · two\n`).replace(
      "## Session continuity\nAna's",
      `## Session continuity\n\n<!-- reeve:session-continuity -->\n\n_${stamp}_\n\nlater\n\n<!-- /reeve:session-continuity -->\n\nAna's`,
    ) + `\n\n## Technical Debt\n\n- ${stamp} · three\n`,
  );
  expect(fs.statSync(file).mode & 0o777).toBe(0o640);
});

test('line ends of the file are kept', async () => {
  const r = await rig();
  fs.mkdirSync(path.join(r.root, 'grimoires/loa'), { recursive: true });
  fs.writeFileSync(path.join(r.root, 'grimoires/loa/NOTES.md'), '# N\r\n\r\n## Decision Log\r\n\r\nours\r\n');
  await r.trajectory.decision('x');
  expect(r.notes()).toBe('# N\r\n\r\n## Decision Log\r\n\r\nours\r\n- 2026-01-02T23:59:59.000Z · x\r\n');
});

test('a log keeps its newest 500 dated lines and every line of people', async () => {
  const r = await rig();
  fs.mkdirSync(path.join(r.root, 'grimoires/loa'), { recursive: true });
  const old = Array.from({ length: 510 }, (_, i) => `- 2025-01-01T00:00:00.000Z · old ${i}`).join('\n');
  fs.writeFileSync(path.join(r.root, 'grimoires/loa/NOTES.md'), `## Decision Log\n\n- ours\n${old}\n`);
  await r.trajectory.decision('new');
  const lines = r.notes().trim().split('\n').slice(2);
  expect([lines.length, lines[0], lines[1], lines.at(-1)]).toEqual([
    501,
    '- ours',
    '- 2025-01-01T00:00:00.000Z · old 11',
    '- 2026-01-02T23:59:59.000Z · new',
  ]);
});
