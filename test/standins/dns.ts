import { onTestFinished } from 'vitest';
import { openDns, type DnsAnswer, type DnsServer } from './dns-socket.ts';

export { TYPES, encodedName, word, type DnsAnswer } from './dns-socket.ts';

/** A DNS server for one test. */
export async function dnsServer(answer: (name: string, type: number) => DnsAnswer): Promise<DnsServer> {
  const server = await openDns(answer);
  onTestFinished(() => server.close());
  return server;
}
