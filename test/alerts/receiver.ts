import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Got {
  path: string;
  method: string;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body, where it is JSON. */
  json: Record<string, never> & {
    type?: string;
    data?: {
      title: string;
      text: string;
      alerts: { key: string; state: string; episode: number }[];
      others: number;
    };
  };
}

export interface Receiver {
  url: string;
  host: string;
  got: Got[];
  /** How the next requests are answered; absent: 204. */
  answer: ((got: Got, response: ServerResponse) => void) | undefined;
  close(): Promise<void>;
}

/** A real HTTP server that keeps what it is sent. */
export async function receiver(port = 0): Promise<Receiver> {
  const it: Receiver = { url: '', host: '', got: [], answer: undefined, close: async () => undefined };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const got: Got = {
        path: request.url ?? '',
        method: request.method ?? '',
        headers: request.headers,
        text,
        json: text.startsWith('{') ? (JSON.parse(text) as Got['json']) : {},
      };
      it.got.push(got);
      if (it.answer === undefined) response.writeHead(204).end();
      else it.answer(got, response);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  it.host = `127.0.0.1:${bound}`;
  it.url = `http://${it.host}`;
  it.close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  onTestFinished(() => it.close());
  return it;
}

export const status = (code: number, headers: Record<string, string> = {}, body = '') => {
  return (_got: Got, response: ServerResponse): void => void response.writeHead(code, headers).end(body);
};
