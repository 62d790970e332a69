import { createSocket } from 'node:dgram';

/** What the server says to a question: records as bytes of their right side, an RCODE (RFC 1035), or silence. */
export type DnsAnswer = { data: Buffer[] } | { rcode: number } | 'silence';

export interface DnsServer {
  port: number;
  /** `name/type` in the order they came. */
  asked: string[];
}

export const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, SRV: 33, CAA: 257 } as const;

/** A DNS server on a real UDP socket of this machine; answers come from `answer`. For any process, also outside of a test. */
export async function openDns(
  answer: (name: string, type: number) => DnsAnswer,
  port = 0,
): Promise<DnsServer & { close(): Promise<void> }> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (question, from) => {
    const { name, type, end } = questionOf(question);
    asked.push(`${name}/${type}`);
    const said = answer(name, type);
    if (said === 'silence') return;
    const records = 'data' in said ? said.data : [];
    const header = Buffer.from(question.subarray(0, 12));
    header.writeUInt16BE(0x8180 | ('rcode' in said ? said.rcode : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    header.fill(0, 8, 12);
    const answers = records.map((data) => {
      const head = Buffer.alloc(12);
      head.writeUInt16BE(0xc00c, 0);
      head.writeUInt16BE(type, 2);
      head.writeUInt16BE(1, 4);
      head.writeUInt32BE(60, 6);
      head.writeUInt16BE(data.length, 10);
      return Buffer.concat([head, data]);
    });
    socket.send(Buffer.concat([header, question.subarray(12, end), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  const close = (): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));
  return { port: socket.address().port, asked, close };
}

function questionOf(bytes: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: bytes.readUInt16BE(at + 1), end: at + 5 };
}

/** A domain name as it stands in a message. */
export const encodedName = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);
export const word = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
