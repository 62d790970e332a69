import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/*
 * A small service of its own process: it listens on a TCP port until SIGUSR2 makes it hang up, and listens again at SIGHUP,
 * as long as the file `broken` is not there. Arguments: the folder, the port or 0.
 */
const [folder = '.', wanted = '0'] = process.argv.slice(2);
let port = Number(wanted);
let server: Server | undefined;

function listen(): void {
  if (server !== undefined || existsSync(`${folder}/broken`)) return;
  server = createServer((socket) => socket.on('error', () => undefined).end('hello\n'));
  server.on('error', () => (server = undefined));
  server.listen(port, '127.0.0.1', () => {
    const address = server?.address();
    if (address !== null && typeof address === 'object') port = address?.port ?? port;
    writeFileSync(`${folder}/service.pid`, String(process.pid));
    process.stdout.write(`${port}\n`);
  });
}
process.on('SIGHUP', listen);
process.on('SIGUSR2', () => {
  server?.close();
  server = undefined;
});
setInterval(() => undefined, 60_000);
listen();
