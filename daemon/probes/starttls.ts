import type { Socket } from 'node:net';
import { Reader } from './reader.ts';
import { Trouble } from './talk.ts';

/** Protocols that begin in the clear and turn to TLS when asked. */
export const STARTTLS = ['smtp', 'imap', 'postgres'] as const;

/** Asks for TLS. Rejects Trouble when the server does not want it. */
export async function askForTls(socket: Socket, protocol: (typeof STARTTLS)[number]): Promise<void> {
  const reader = new Reader(socket, 64 * 1024);
  if (protocol === 'postgres') {
    // SSLRequest: length 8, code 80877103 (PostgreSQL, message formats).
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    const answer = (await reader.bytes(1)).toString('latin1');
    if (answer !== 'S') throw new Trouble('the PostgreSQL server does not offer TLS');
  } else if (protocol === 'smtp') {
    await smtp(reader, '220');
    socket.write('EHLO reeve\r\n');
    await smtp(reader, '250');
    socket.write('STARTTLS\r\n');
    await smtp(reader, '220');
  } else {
    const greeting = await reader.line();
    // BYE turns us away; PREAUTH is already beyond the state in which TLS can begin (RFC 3501, 6.2.1 and 7.1).
    if (!/^\* OK\b/i.test(greeting)) throw new Trouble(`the IMAP server greets with "${greeting}"`);
    socket.write('a STARTTLS\r\n');
    let line = await reader.line();
    while (line.startsWith('* ')) line = await reader.line();
    if (!/^a OK/i.test(line)) throw new Trouble(`the IMAP server answers STARTTLS with "${line}"`);
  }
  reader.release();
}

/** One reply of possibly several lines (RFC 5321, 4.2). */
async function smtp(reader: Reader, code: string): Promise<void> {
  for (;;) {
    const line = await reader.line();
    if (!line.startsWith(code)) throw new Trouble(`the SMTP server says "${line}"`);
    if (line[3] !== '-') return;
  }
}
