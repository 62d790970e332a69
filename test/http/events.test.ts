import http from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { StreamEvent } from '../../contracts/api.ts';
import { LIMITS } from '../../daemon/http/context.ts';
import { stopped } from '../helpers/ledger.ts';
import { apiWorld, ask, jobId, jobView, type World } from '../helpers/api-world.ts';

interface Reader {
  response: http.IncomingMessage;
  /** Everything received so far. */
  text(): string;
  events(): StreamEvent[];
  seqs(): number[];
  /** Resolves when what has come satisfies the condition; rejects when the stream ends first. */
  until(done: () => boolean): Promise<void>;
  ended: Promise<void>;
  close(): void;
}

/** Opens an event stream and reads it; `paused` leaves the bytes in the connection. */
function open(
  world: World,
  query: string,
  { headers = {}, paused = false }: { headers?: Record<string, string>; paused?: boolean } = {},
): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      { socketPath: world.at.socket, path: `/v1/events${query}`, headers, agent: false },
      (response) => {
        let text = '';
        const waiting = new Set<() => void>();
        response.setEncoding('utf8');
        const ended = new Promise<void>((over) => {
          response.on('close', () => {
            for (const check of waiting) check();
            over();
          });
        });
        if (!paused) {
          response.on('data', (chunk: string) => {
            text += chunk;
            for (const check of waiting) check();
          });
        }
        const events = (): StreamEvent[] =>
          [...text.matchAll(/^data: ([^\n]*)\n\n/gm)].map((m) => StreamEvent.parse(JSON.parse(m[1] ?? '')));
        resolve({
          response,
          text: () => text,
          events,
          seqs: () => events().flatMap((e) => (e.event === 'record' ? [e.seq] : [])),
          until: (done) =>
            new Promise((ok, bad) => {
              const check = (): void => {
                if (done()) {
                  waiting.delete(check);
                  ok();
                } else if (response.destroyed) bad(new Error(`the stream ended early: ${text.slice(-300)}`));
              };
              waiting.add(check);
              check();
            }),
          ended,
          close: () => request.destroy(),
        });
      },
    );
    request.on('error', (error) => reject(error));
    onTestFinished(() => void request.destroy());
  });
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function appendMany(world: World, count: number, why = 'x'): Promise<void> {
  await Promise.all(range(0, count).map(() => world.ledger.append('daemon.stopped', stopped(why))));
}

test('a stream from 0 brings every record once and in order, then goes on live', async () => {
  const world = await apiWorld();
  await appendMany(world, 700);
  const reader = await open(world, '?from=0');
  await appendMany(world, 100);
  const size = world.ledger.head().size;
  await reader.until(() => reader.seqs().length >= size);
  await appendMany(world, 3);
  await reader.until(() => reader.seqs().length >= size + 3);
  expect(reader.seqs()).toEqual(range(0, size + 3));
  expect(reader.text()).toContain(`id: ${size}\nevent: record\n`);
  expect(reader.response.headers['content-type']).toContain('text/event-stream');
  expect(reader.response.headers['x-content-type-options']).toBe('nosniff');
});

test('a reader that resumes with Last-Event-ID misses nothing and sees nothing twice', async () => {
  const world = await apiWorld();
  const first = await open(world, '?from=0');
  await appendMany(world, 20);
  await first.until(() => first.seqs().length >= 10);
  first.close();
  const seen = first.seqs();
  await appendMany(world, 20);
  const second = await open(world, '', { headers: { 'last-event-id': String(seen.at(-1)) } });
  const size = world.ledger.head().size;
  await second.until(() => second.seqs().at(-1) === size - 1);
  expect([...seen, ...second.seqs()]).toEqual(range(0, size));
});

test('a reader cut off before its first record resumes where it began', async () => {
  const world = await apiWorld();
  const reader = await open(world, '');
  const { size } = world.ledger.head();
  await reader.until(() => reader.text().includes('\n\n'));
  expect(reader.text()).toContain(`id: ${size - 1}\n\n`);
});

test('tail, a place beyond the head, and an id that is not ours', async () => {
  const world = await apiWorld();
  await appendMany(world, 10);
  const { size } = world.ledger.head();
  const reader = await open(world, '?tail=3');
  await reader.until(() => reader.seqs().length >= 3);
  expect(reader.seqs()).toEqual(range(size - 3, size));
  expect((await ask(world, 'socket', { path: `/v1/events?from=${size + 1}` })).json).toMatchObject({
    code: 'LEDGER_RANGE',
  });
  const odd = await open(world, '', { headers: { 'last-event-id': '1e3' } });
  await appendMany(world, 1);
  await odd.until(() => odd.seqs().length > 0);
  expect(odd.seqs()).toEqual([size]);
});

test('lines of running steps come live, for one job when asked', async () => {
  const world = await apiWorld();
  world.jobs.push(jobView(1, 'shop', 'RUNNING'), jobView(2, 'shop', 'RUNNING'));
  const all = await open(world, '');
  const one = await open(world, `?job=${jobId(2)}`);
  for (const n of [1, 2]) {
    const attempt_id = `${jobId(n)}.1`;
    world.publish({
      event: 'log',
      job_id: jobId(n),
      attempt_id,
      step: 's',
      stream: 'stdout',
      lines: [`of ${n}`, '\u2028\n\nid: 9'],
    });
  }
  await all.until(() => all.events().length >= 2);
  await one.until(() => one.events().length >= 1);
  expect(all.events().map((e) => (e.event === 'log' ? e.lines[0] : ''))).toEqual(['of 1', 'of 2']);
  expect(one.events()).toMatchObject([{ job_id: jobId(2), lines: ['of 2', '\u2028\n\nid: 9'] }]);
  // A line that looks like the protocol stays inside its data.
  expect(all.text()).not.toMatch(/^id: 9$/m);
});

test('a job stream carries the records of that job alone', async () => {
  const world = await apiWorld();
  world.jobs.push(jobView(1, 'shop', 'RUNNING'));
  const reader = await open(world, `?job=${jobId(1)}&from=0`);
  await appendMany(world, 5);
  const cancel = (n: number): Promise<unknown> =>
    world.ledger.append('job.cancel_requested', { job_id: jobId(n), by: 'ann', reason: 'r' });
  await cancel(2);
  await cancel(1);
  await reader.until(() => reader.events().length > 0);
  expect(reader.events()).toMatchObject([
    { event: 'record', type: 'job.cancel_requested', body: { job_id: jobId(1) } },
  ]);
});

test('attack 58: a stream leaves out what the reader may not see, from the moment the role is gone', async () => {
  const world = await apiWorld();
  world.jobs.push(jobView(1, 'shop', 'RUNNING'), jobView(2, 'reeve', 'RUNNING'));
  const reader = await open(world, '?from=0');
  const both = async (): Promise<void> => {
    for (const n of [1, 2]) {
      world.publish({
        event: 'log',
        job_id: jobId(n),
        attempt_id: `${jobId(n)}.1`,
        step: 's',
        stream: 'stdout',
        lines: ['l'],
      });
      await world.ledger.append('job.cancel_requested', { job_id: jobId(n), by: 'ann', reason: 'r' });
    }
  };
  await both();
  await reader.until(
    () => reader.events().filter((e) => e.event !== 'record' || e.type.startsWith('job.')).length === 4,
  );
  world.denied.add('subscribe shop prod').add('subscribe shop');
  const before = reader.events().length;
  await both();
  await world.ledger.append('key.retired', {
    kid: `key_${'0'.repeat(16)}`,
    by: 'ann',
    reason: 'of the estate',
  });
  await appendMany(world, 1);
  await reader.until(
    () => reader.events().at(-1)?.event === 'record' && reader.text().includes('daemon.stopped'),
  );
  const after = reader.events().slice(before);
  expect(JSON.stringify(after)).not.toContain(jobId(1));
  expect(JSON.stringify(after)).not.toContain('key.retired');
  expect(JSON.stringify(after)).toContain(jobId(2));
});

test('attack 58: the lines of a step need the verb that its log needs; its records do not', async () => {
  const world = await apiWorld();
  world.jobs.push(jobView(1, 'shop', 'RUNNING'), jobView(2, 'reeve', 'RUNNING'));
  world.denied.add('read shop prod').add('read shop');
  const reader = await open(world, '');
  for (const n of [1, 2]) {
    const job_id = jobId(n);
    const at = { job_id, attempt_id: `${job_id}.1`, step: 's', stream: 'stdout' } as const;
    world.publish({ event: 'log', ...at, lines: [`of ${n}`] });
    await world.ledger.append('job.cancel_requested', { job_id, by: 'ann', reason: 'r' });
  }
  await reader.until(() => reader.seqs().length >= 2 && reader.text().includes('of 2'));
  expect(reader.text()).not.toContain('of 1');
  expect(reader.seqs()).toHaveLength(2);
});

test('a slow reader is bounded: live lines are dropped and counted, records are all delivered', async () => {
  const world = await apiWorld();
  world.jobs.push(jobView(1, 'shop', 'RUNNING'));
  const reader = await open(world, '', { paused: true });
  const { size: start } = world.ledger.head();
  const line = 'y'.repeat(1000);
  const publish = (): void =>
    world.publish({
      event: 'log',
      job_id: jobId(1),
      attempt_id: `${jobId(1)}.1`,
      step: 's',
      stream: 'stdout',
      lines: Array.from({ length: 100 }, () => line),
    });
  for (let i = 0; i < 50; i++) {
    for (let k = 0; k < 10; k++) publish();
    await appendMany(world, 40, 'z'.repeat(150));
  }
  let text = '';
  const total = world.ledger.head().size;
  await new Promise<void>((resolve) => {
    reader.response.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes(`id: ${total - 1}\n`)) resolve();
    });
  });
  const seqs = [...text.matchAll(/^id: (\d+)\nevent: record/gm)].map((m) => Number(m[1]));
  expect(seqs).toEqual(range(start, total));
  // 50 MB of lines went by meanwhile; only what the connection's own buffers took came through.
  expect(text.length).toBeLessThan(8 * 1024 * 1024);
  publish();
  await new Promise<void>((resolve) => {
    reader.response.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('lines not shown')) resolve();
    });
    publish();
  });
  const dropped = [...text.matchAll(/\((\d+) lines not shown\)/g)].reduce((sum, m) => sum + Number(m[1]), 0);
  expect(dropped).toBeGreaterThan(10_000);
});

test('a reader that takes nothing for a long time is disconnected', async () => {
  const world = await apiWorld();
  const reader = await open(world, '?from=0', { paused: true });
  // More than kernel and connection buffers hold.
  for (let i = 0; i < 60; i++) await appendMany(world, 250, 'z'.repeat(190));
  expect(world.server.streams()).toBe(1);
  await world.clock.advance(LIMITS.stallMs);
  reader.response.resume();
  await reader.ended;
  expect(world.server.streams()).toBe(0);
});

test('signs of life come while nothing happens', async () => {
  const world = await apiWorld();
  const reader = await open(world, '');
  await reader.until(() => reader.text() !== '');
  await world.clock.advance(LIMITS.heartbeatMs);
  await world.clock.advance(LIMITS.heartbeatMs);
  await reader.until(() => reader.text().split(': alive').length === 3);
  expect(reader.seqs()).toEqual([]);
});

test('streams are bounded, and a closed one makes room', async () => {
  const world = await apiWorld({ limits: { streams: 2 } });
  const [first] = await Promise.all([open(world, ''), open(world, '')]);
  expect((await ask(world, 'socket', { path: '/v1/events' })).json).toMatchObject({
    code: 'TOO_MANY_STREAMS',
    status: 503,
  });
  first?.close();
  let reader: Reader | undefined;
  while (reader === undefined) {
    const tried = await open(world, '');
    if (tried.response.statusCode === 200) reader = tried;
  }
  expect(world.server.streams()).toBe(2);
});

test('closing ends streams cleanly, lets a running request finish, and takes no new one', async () => {
  let release = (): void => {};
  const started = new Promise<void>((resolve) => {
    release = resolve;
  });
  let entered = (): void => {};
  const inside = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const world = await apiWorld({
    door: {
      admit: async (_caller, { command }) => {
        entered();
        await started;
        return { v: 1, command, ok: true, tone: 'good', title: 'late', blocks: [], data: null };
      },
      catalogue: () => Promise.reject(new Error('not here')),
    },
  });
  const reader = await open(world, '?from=0');
  await reader.until(() => reader.seqs().length > 0);
  const running = ask(world, 'socket', {
    method: 'POST',
    path: '/v1/commands',
    headers: { 'content-type': 'application/json' },
    body: '{"command":"slow"}',
  });
  await inside;
  const closed = world.server.close();
  await reader.ended;
  expect(reader.text()).toMatch(/: the daemon is stopping\n\n$/);
  await expect(ask(world, 'tcp', { path: '/healthz' })).rejects.toThrow('ECONNREFUSED');
  release();
  expect((await running).json).toMatchObject({ title: 'late' });
  await closed;
});

test('closing cuts a request that outlives the grace', async () => {
  const world = await apiWorld({
    door: { admit: () => new Promise(() => {}), catalogue: () => new Promise(() => {}) },
  });
  const hung = ask(world, 'socket', { path: '/v1/catalogue' });
  const cut = hung.then(
    () => 'answered',
    (error: Error) => error.message,
  );
  while (world.identified.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const closed = world.server.close(1000);
  await world.clock.advance(1000);
  await closed;
  expect(await cut).toMatch(/hang up|ECONNRESET/);
});
