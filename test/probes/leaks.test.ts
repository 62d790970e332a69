import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../daemon/clock.ts';
import type { Clock } from '../../daemon/ports/clock.ts';
import { expectNoneLeft, openProbe } from '../helpers/probing.ts';

const host = '127.0.0.1';

async function server(serve: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const made = createServer((socket) => {
    // Read, so that the end of the other side is noticed.
    socket.on('error', () => undefined).resume();
    serve(socket);
  });
  await new Promise<void>((resolve) => made.listen(0, host, resolve));
  onTestFinished(() => new Promise<void>((resolve) => made.close(() => resolve())));
  return { server: made, port: (made.address() as AddressInfo).port };
}

/** Kinds that connect, and how it is pointed at a port. */
const KINDS: readonly [kind: string, options: (port: number) => Record<string, unknown>][] = [
  ['tls', (port) => ({ host, port })],
  ['tls', (port) => ({ host, port, starttls: 'smtp' })],
  ['grpc', (port) => ({ host, port })],
  ['grpc', (port) => ({ host, port, tls: true })],
  ['redis', (port) => ({ host, port })],
  ['redis', (port) => ({ host, port, tls: true })],
  ['websocket', (port) => ({ url: `ws://${host}:${port}` })],
  ['websocket', (port) => ({ url: `wss://${host}:${port}` })],
  ['postgres', (port) => ({ host, port, user: 'it' })],
  ['evm', (port) => ({ url: `http://${host}:${port}`, chain_id: 1, references: refs(port) })],
  ['solana', (port) => ({ url: `http://${host}:${port}`, references: refs(port) })],
  ['dns', (port) => ({ name: 'nobody.test', resolver: `${host}:${port}` })],
];
const refs = (port: number): string[] => [`http://${host}:${port}/a`, `http://${host}:${port}/b`];

/** What keeps a process at work, by kind. */
function held(): Record<string, number> {
  const found: Record<string, number> = {};
  for (const one of process.getActiveResourcesInfo())
    if (/^(?:TCPSocketWrap|TLSWrap|Timeout|ProcessWrap|UDPWrap)$/.test(one))
      found[one] = (found[one] ?? 0) + 1;
  return found;
}

/** A clock that knows how many of its timers have neither run nor been cancelled: they keep no process at work. */
function countingClock(): Clock & { open: Set<object> } {
  const open = new Set<object>();
  return {
    ...systemClock,
    open,
    after(ms, fn) {
      const one = {};
      open.add(one);
      const cancel = systemClock.after(ms, () => {
        open.delete(one);
        fn();
      });
      return () => {
        open.delete(one);
        cancel();
      };
    },
  };
}

const SERVERS: Record<string, (socket: Socket) => void> = {
  silent: () => undefined,
  'hanging up': (socket) => void socket.destroy(),
  noisy: (socket) => void socket.end('noise\r\n\r\n'),
};
const RUNS = 60;

for (const [what, serve] of Object.entries(SERVERS))
  test(`${RUNS} failures in a row at a ${what} server leave no socket and no timer behind, whatever the kind`, async () => {
    const { server: made, port } = await server(serve);
    for (const [kind, options] of KINDS) {
      const clock = countingClock();
      const prober = openProbe(kind, options(port), { clock });
      const before = held();
      for (let i = 0; i < RUNS; i++) {
        const limit = new AbortController();
        const late = setTimeout(() => limit.abort(new Error('late')), what === 'silent' ? 5 : 10_000);
        const { verdict } = await prober.run(limit.signal);
        clearTimeout(late);
        expect([kind, ['down', 'inconclusive'].includes(verdict)]).toEqual([kind, true]);
      }
      await prober.close();
      expect([kind, clock.open.size]).toEqual([kind, 0]);
      await expectNoneLeft(made);
      // The test's own waiting takes a few; what a run leaves behind would be there sixty times.
      const left = (): string[] =>
        Object.entries(held()).flatMap(([one, count]) =>
          count > (before[one] ?? 0) + 5 ? [`${kind}: ${count} of ${one}`] : [],
        );
      await expect.poll(left, { timeout: 10_000 }).toEqual([]);
    }
  });
