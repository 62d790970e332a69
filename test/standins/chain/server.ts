import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a JSON-RPC server does instead of answering well. */
export type Fault =
  | 'ok'
  | '429'
  | '403'
  | 'silent'
  | 'garbage'
  | 'html'
  | 'endless'
  | 'huge'
  | 'error'
  | 'shut'
  | 'redirect'
  | 'swapped'
  | 'echo';

/** An error of the API itself. */
export class RpcFailure extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface RpcServer {
  url: string;
  port: number;
  server: Server;
  fault: Fault;
  /** Methods in the order they were called. */
  called: string[];
  /** Where `redirect` points. */
  target: string;
}

/** A real HTTP server that speaks JSON-RPC 2.0, refuses batches as many providers do, and misbehaves when told. */
export async function rpcServer(methods: Record<string, (params: unknown[]) => unknown>): Promise<RpcServer> {
  const called: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.on('error', () => undefined);
      const say = (status: number, body: string, type = 'application/json'): void =>
        void response.writeHead(status, { 'content-type': type }).end(body);
      switch (state.fault) {
        case 'silent':
          return;
        case 'shut':
          return void request.socket.destroy();
        case '429':
          return say(429, '{"error":"slow down"}');
        case '403':
          return say(403, 'forbidden', 'text/plain');
        case 'html':
          return say(200, '<html>maintenance</html>', 'text/html');
        case 'garbage':
          return say(200, '{"jsonrpc":"2.0","id":1,"result":');
        case 'redirect':
          return void response.writeHead(307, { location: state.target }).end();
        case 'echo':
          return say(
            200,
            JSON.stringify({ id: 1, error: { code: 1, message: `no such key ${request.url}` } }),
          );
        case 'endless': {
          response.writeHead(200);
          const more = (): void => {
            if (!response.destroyed) response.write(Buffer.alloc(256 * 1024, ' '), () => setImmediate(more));
          };
          return more();
        }
      }
      const call = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: unknown;
        method: string;
        params: unknown[];
      };
      const reply = (body: object): void =>
        say(
          200,
          JSON.stringify({ jsonrpc: '2.0', id: state.fault === 'swapped' ? 7 : (call.id ?? null), ...body }),
        );
      if (Array.isArray(call))
        return reply({ error: { code: -32_600, message: 'batches are not supported' } });
      called.push(call.method);
      if (state.fault === 'huge') return reply({ result: `0x${'f'.repeat(64)}` });
      if (state.fault === 'error') return reply({ error: { code: -32_000, message: 'header not found' } });
      const method = methods[call.method];
      if (method === undefined)
        return reply({ error: { code: -32_601, message: `no method ${call.method}` } });
      try {
        reply({ result: method(call.params) });
      } catch (error) {
        if (!(error instanceof RpcFailure)) throw error;
        reply({ error: { code: error.code, message: error.message } });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const { port } = server.address() as AddressInfo;
  const state: RpcServer = { url: `http://127.0.0.1:${port}`, port, server, fault: 'ok', called, target: '' };
  return state;
}
