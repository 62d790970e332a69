import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { StreamEvent } from '../../contracts/api.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { messages } from '../../cli/follow/sse.ts';
import { reeve } from '../helpers/cli.ts';
import { JOB, jobOf, specOf, StandinDaemon, type Canned } from '../helpers/standin-daemon.ts';

const record = (id: number, type: string, body: JsonObject): { id: number; event: StreamEvent } => ({
  id,
  event: { event: 'record', seq: id, type, ts: 1_700_000_005_000, body },
});
const ids = { job_id: JOB, attempt_id: `${JOB}.1`, fence: 1 };
const started = (id: number, step: string) =>
  record(id, 'job.step.started', {
    ...ids,
    step,
    kind: 'sh',
    index: 0,
    on: 'normal',
    source: 'x',
    digest: 'x',
  });
const finished = (id: number, step: string, status: string, more: JsonObject = {}) =>
  record(id, 'job.step.finished', { ...ids, step, status, ms: 1200, ...more });
const attempt = (id: number, status: string, more: JsonObject = {}, n = 1) =>
  record(id, 'job.attempt', {
    attempt: { job_id: JOB, attempt_id: `${JOB}.${n}`, status },
    fence: n,
    owner: 'd',
    ...more,
  });
/** With its place in the log, as the daemon sends it: what came before the stored log was read is then told apart. */
const log = (at: number, step: string, ...lines: string[]): { event: StreamEvent } => ({
  event: { event: 'log', job_id: JOB, attempt_id: `${JOB}.1`, step, stream: 'stdout', lines, at },
});

const RUN = specOf('run', { kind: 'privileged' });
const LOGS = specOf('jobs logs');
const started_ = (canned: Partial<Canned>): Promise<StandinDaemon> =>
  new StandinDaemon({
    commands: [RUN, LOGS],
    reply: () => ({ job: { id: JOB, follow: true } }),
    job: () => jobOf('RUNNING'),
    ...canned,
  }).start();

test('a job is followed to its end: steps, output, verdict, exit 0', async () => {
  await using daemon = await started_({
    lines: [{ step: 'one', stream: 'stdout', line: 'before we came' }],
    streams: [
      [
        100,
        started(3, 'two'),
        log(1, 'two', 'hello \u001b[31mred', 'world'),
        finished(4, 'two', 'PASS'),
        attempt(5, 'PASS'),
      ],
    ],
  });
  const { code, out, err } = await reeve(daemon.home, ['run']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('one │ before we came\n');
  expect(out).toMatch(/▸ two +sh/);
  expect(out).toContain('two │ hello ␛[31mred\ntwo │ world\n');
  expect(out).toMatch(/✓ two +sh +1\.2 s/);
  expect(out).toContain('✓ PASS  Self restore on reeve/none in 5.0 s\n');
  expect(out).toContain('→ reeve jobs show job_1f2e3d4c');
  expect(daemon.asked.find((a) => a.path.startsWith('/v1/events'))?.path).toBe(`/v1/events?job=${JOB}`);
});

test.each(['FAIL', 'UNKNOWN', 'TIMED_OUT', 'CANCELLED'])(
  'a job that ends %s exits 1 and says where to look',
  async (status) => {
    await using daemon = await started_({
      streams: [
        [
          100,
          finished(3, 'two', 'FAIL', { why: 'exit code 3' }),
          attempt(4, status, { why: 'step two failed' }),
        ],
      ],
    });
    const { code, out } = await reeve(daemon.home, ['run']);
    expect(code).toBe(1);
    expect(out).toContain(`${status}  Self restore`);
    expect(out).toContain('step two failed');
    expect(out).toContain('→ reeve jobs');
  },
);

test('a job that was over before we looked', async () => {
  await using daemon = await started_({ job: () => jobOf('PASS', { ended_at: 1_700_000_001_000 }) });
  const { code, out } = await reeve(daemon.home, ['run']);
  expect(code).toBe(0);
  expect(out).toContain('✓ PASS  Self restore on reeve/none in 1.0 s');
});

test('an attempt that is tried again is not the end', async () => {
  await using daemon = await started_({
    streams: [
      [
        100,
        attempt(3, 'FAIL', { retry_at: 1_700_000_009_000 }),
        attempt(4, 'RUNNING', {}, 2),
        attempt(5, 'PASS', {}, 2),
      ],
    ],
  });
  const { code, out } = await reeve(daemon.home, ['run']);
  expect(code).toBe(0);
  expect(out).toContain('another attempt');
  expect(out).toContain('(attempt 2)');
});

test('a stream that breaks off is taken up after the last record that came', async () => {
  await using daemon = await started_({
    streams: [
      [100, started(7, 'two'), null],
      [100, finished(8, 'two', 'PASS'), attempt(9, 'PASS')],
    ],
  });
  const { code, err } = await reeve(daemon.home, ['run']);
  expect(code).toBe(0);
  expect(err).toContain('the daemon is away');
  const streams = daemon.asked.filter((a) => a.path.startsWith('/v1/events'));
  expect(streams.map((a) => a.headers['last-event-id'])).toEqual([undefined, '7']);
});

test('a daemon that restarts is waited for', async () => {
  await using daemon = await started_({ streams: [[100, started(7, 'two')]] });
  const home = daemon.home;
  let next: StandinDaemon | undefined;
  let stopped = false;
  const { code, err } = await reeve(home, ['run'], {
    onOut: (out) => {
      if (stopped || !out.includes('▸ two')) return;
      stopped = true;
      void daemon.stop().then(async () => {
        next = new StandinDaemon({ job: () => jobOf('PASS', { ended_at: 1_700_000_001_000 }) });
        rmSync(next.home, { recursive: true });
        Object.defineProperty(next, 'home', { value: home });
        await next.start();
      });
    },
  });
  await next?.stop();
  expect(code).toBe(0);
  expect(err).toContain('the daemon is away');
  expect(next?.asked[0]?.headers['last-event-id']).toBe('7');
});

test('Ctrl-C leaves the job running and says how to come back, exit 130', async () => {
  await using daemon = await started_({ streams: [[100, started(7, 'two')]] });
  const { code, err } = await reeve(daemon.home, ['run'], {
    onOut: (out, kill) => {
      if (out.includes('▸ two')) kill('SIGINT');
    },
  });
  expect(code).toBe(130);
  expect(err).toContain('→ reeve jobs logs -f job_1f2e3d4c');
  expect(daemon.commands.map((c) => c.command)).toEqual(['run']);
});

test('--no-follow returns at once; --follow makes a command follow that would not', async () => {
  await using daemon = await started_({
    reply: () => ({ job: { id: JOB, follow: false } }),
    job: () => jobOf('FAIL'),
  });
  const at = await reeve(daemon.home, ['run', '--no-follow']);
  expect(at.code).toBe(0);
  expect(at.err).toContain('jobs logs -f');
  expect((await reeve(daemon.home, ['run'])).code).toBe(0);
  expect((await reeve(daemon.home, ['run', '-f'])).code).toBe(1);
});

test('jobs logs -f prints the log from its beginning, then what comes', async () => {
  await using daemon = await started_({
    reply: () => ({
      blocks: [{ type: 'code', language: 'log', text: 'old' }],
      job: { id: JOB, follow: true },
    }),
    lines: [{ step: 'one', stream: 'stdout', line: 'old' }],
    streams: [[100, log(1, 'one', 'new'), attempt(5, 'PASS')]],
  });
  const { code, out } = await reeve(daemon.home, ['jobs', 'logs', '-f']);
  expect(code).toBe(0);
  expect(out.match(/old|new/g)).toEqual(['old', 'new']);
});

test('--json waits for the end and prints one document with the verdict', async () => {
  await using daemon = await started_({
    streams: [
      [
        100,
        started(3, 'two'),
        finished(4, 'two', 'FAIL', { why: 'exit 3' }),
        attempt(5, 'FAIL', { why: 'two failed' }),
      ],
    ],
  });
  const { code, out, err } = await reeve(daemon.home, ['run', '--json']);
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    command: 'run',
    job: {
      id: JOB,
      status: 'FAIL',
      attempt: 1,
      why: 'two failed',
      steps: [{ name: 'two', status: 'FAIL', why: 'exit 3', ms: 1200 }],
    },
  });
});

test('a plan is never confirmed without being asked for: no terminal, no --force', async () => {
  const confirm = { digest: `sha256:${'cd'.repeat(32)}`, question: 'Run it?', destructive: true };
  await using daemon = await started_({
    reply: (r) =>
      r.confirm === confirm.digest || r.force === true
        ? { title: 'done' }
        : { title: 'The plan', blocks: [{ type: 'code', language: 'sh', text: 'rm -r scratch' }], confirm },
  });
  const asked = await reeve(daemon.home, ['run']);
  expect(asked.code).toBe(2);
  expect(asked.out).toContain('rm -r scratch');
  expect(asked.err).toContain('NOT_A_TERMINAL');
  expect(asked.err).toContain(`--confirm ${confirm.digest}`);
  const json = await reeve(daemon.home, ['run', '--json']);
  expect(json.code).toBe(3);
  expect(JSON.parse(json.out)).toMatchObject({
    ok: false,
    confirm,
    error: { code: 'CONFIRMATION_REQUIRED' },
  });
  expect(daemon.commands).toHaveLength(2);
  expect((await reeve(daemon.home, ['run', '--confirm', confirm.digest])).code).toBe(0);
  expect((await reeve(daemon.home, ['run', '--force'])).code).toBe(0);
});

test('the answer of a started job is lost: the nonce that makes asking again safe is named', async () => {
  await using daemon = await started_({});
  const catalogue = daemon.canned;
  let served = false;
  catalogue.raw = (request, response) => {
    if (request.url === '/v1/commands') return void request.socket.destroy();
    served = true;
    response.end(JSON.stringify({ v: 1, digest: 'd', reeve: '0.1.0', commands: [RUN] }));
  };
  const { code, err } = await reeve(daemon.home, ['run']);
  expect(served).toBe(true);
  expect(code).toBe(4);
  expect(err).toMatch(/--nonce [0-9a-f-]{36}/);
  expect(err).toContain(`--nonce ${daemon.commands[0]?.nonce ?? 'none'}`);
});

test('event streams in any cut: CRLF, comments, data of several lines, bytes one at a time', async () => {
  const text = `: hi\r\nretry: 1\r\nid: 4\r\n\r\nid: 5\nevent: log\ndata: {"event":"log","job_id":"j","attempt_id":"a",\ndata: "step":"s","stream":"stdout","lines":["日"]}\n\ndata: {broken\n\n`;
  const cut = (size: number): AsyncIterable<Buffer> =>
    (async function* () {
      const all = Buffer.from(text);
      for (let i = 0; i < all.length; i += size) yield all.subarray(i, i + size);
    })();
  for (const size of [1, 2, 3, 7, 1000]) {
    const got = [];
    for await (const message of messages(cut(size))) got.push(message);
    expect(got.map((m) => m.id)).toEqual([4, 5, undefined]);
    expect(got[1]?.event).toMatchObject({ event: 'log', lines: ['日'] });
    expect(got[2]?.event).toBeUndefined();
  }
});

test('what a job says of itself is shown in bounds, with nothing that acts on a terminal, and is data with --json', async () => {
  const outputs = {
    title: 'shop: notes \u001b[31m',
    headline: 'one\ntwo',
    changes: Array.from({ length: 15 }, (_, n) => `file-${n}: would be written`).join('\n'),
    left: 'mine: kept',
    entries: '1',
    lost: '0',
    hint: 'not a number',
  };
  const digest = `sha256:${'a'.repeat(64)}`;
  const artifacts = [{ ref: `artifact:${digest}`, digest, mediaType: 'text/markdown', name: 'notes.md' }];
  const canned = { streams: [[attempt(3, 'PASS', { outputs, artifacts })]] };
  await using daemon = await started_(canned);
  const { out } = await reeve(daemon.home, ['run']);
  expect(out).toContain('  shop: notes ␛[31m\n  one\n  two\n\n  file-0: would be written\n');
  expect(out).toContain('  file-11: would be written\n  and 3 more\n  1 entry\n');
  expect(out).toContain('→ reeve jobs document job_1f2e3d4c\n');
  await using again = await started_({
    job: () => jobOf('PASS', { outputs, artifacts, ended_at: 1_700_000_001_000 }),
  });
  const { job } = JSON.parse((await reeve(again.home, ['run', '--json'])).out) as { job: JsonObject };
  expect(job['result']).toEqual({
    title: outputs.title,
    headline: ['one', 'two'],
    changes: outputs.changes.split('\n'),
    left: ['mine: kept'],
    counts: { entries: 1, lost: 0 },
    document: 'notes.md',
  });
});
