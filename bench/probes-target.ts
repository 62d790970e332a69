import { createServer } from 'node:http';

// A loopback service, in a process of its own. Idle connections stay open as long as with a common reverse proxy (75 s).
const server = createServer({ keepAliveTimeout: 75_000 }, (_, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end('ok');
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
