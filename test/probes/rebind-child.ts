/*
 * Runs in a network of its own whose resolver is ours (rebind.test.ts). A name that rebinds: each time somebody asks for it,
 * the answer is the other one of an allowed address and that of the metadata service. Tells what the probes found, which
 * address was connected to, and how often the name was asked for.
 */
import { createServer } from 'node:http';
import { systemClock } from '../../daemon/clock.ts';
import { kinds } from '../../daemon/probes/kinds/index.ts';
import { TYPES, openDns } from '../standins/dns-socket.ts';

const METADATA = '169.254.169.254';
const PORT = 8080;
const CHAIN = `http://chain.test:${PORT}`;
const RUNS = 6;
const reached: Record<string, number> = { '127.0.0.1': 0, [METADATA]: 0 };
const bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

for (const address of Object.keys(reached)) {
  const server = createServer((request, response) => {
    // Its own name again: each hop is resolved anew.
    if (request.url === '/hop') response.writeHead(302, { location: `http://rebind.test:${PORT}/` });
    response.end('ok');
  });
  server.on('connection', () => (reached[address] = (reached[address] ?? 0) + 1));
  await new Promise<void>((resolve) => server.listen(PORT, address, resolve));
}
let turn = 0;
const dns = await openDns((name, type) => {
  if (name !== 'rebind.test' && name !== 'chain.test') return { rcode: 3 };
  if (type !== TYPES.A) return { data: [] };
  return { data: [bytes(turn++ % 2 === 0 ? '127.0.0.1' : METADATA)] };
}, 53);

const found: { kind: string; verdict: string; why: string }[] = [];
for (const [name, options] of [
  ['http', { url: `http://rebind.test:${PORT}/` }],
  ['http', { url: `http://rebind.test:${PORT}/hop`, redirects: 3 }],
  ['tcp', { host: 'rebind.test', port: PORT }],
  ['websocket', { url: `ws://rebind.test:${PORT}/` }],
  ['tls', { host: 'rebind.test', port: PORT }],
  ['grpc', { host: 'rebind.test', port: PORT }],
  ['redis', { host: 'rebind.test', port: PORT }],
  ['postgres', { host: 'rebind.test', port: PORT, user: 'it' }],
  ['icmp', { host: 'rebind.test', count: 1 }],
  // These ask many times in one run, each time anew.
  ['evm', { url: CHAIN, chain_id: 1, references: [`${CHAIN}/a`, `${CHAIN}/b`] }],
  ['solana', { url: CHAIN, references: [`${CHAIN}/a`, `${CHAIN}/b`] }],
] as const) {
  const kind = kinds.find((one) => one.kind === name);
  if (kind === undefined) throw new Error(name);
  for (let i = 0; i < RUNS; i++) {
    const prober = kind.open(kind.schema.parse(options), {
      clock: systemClock,
      secrets: { get: () => Promise.reject(new Error('none')) },
      allowed: () => ['127.0.0.1'],
      root: '/',
      probe: 'it',
      accepted: () => Promise.resolve(),
      memo: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    });
    const { verdict, why } = await prober.run(AbortSignal.timeout(10_000));
    await prober.close();
    found.push({ kind: name, verdict, why });
  }
}
const asked = dns.asked.filter((question) => question === `rebind.test/${TYPES.A}`).length;
process.stdout.write(JSON.stringify({ found, reached, asked }), () => process.exit());
