import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * How many connections there may be. Beyond that the one goes that has kept us waiting longest for the rest of a request, or
 * for the next: whoever opens many and says little would keep everybody else out. What is being answered stays, and when
 * all of them are, it is the new one that goes.
 */
export class Connections {
  readonly #max: number;
  readonly #open = new Set<Socket>();
  /** Those whose sender is to say more, the longest first. */
  readonly #waiting = new Set<Socket>();

  constructor(server: Server, max: number) {
    this.#max = max;
    server.on('connection', (socket) => this.#came(socket));
  }

  /** To be called with each request when its head is there. */
  began(request: IncomingMessage, response: ServerResponse): void {
    const { socket, headers } = request;
    const heard = (): boolean => this.#waiting.delete(socket);
    if ((headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined) heard();
    else request.once('end', heard);
    response.once('close', () => {
      if (!socket.destroyed) this.#waiting.add(socket);
    });
  }

  #came(socket: Socket): void {
    socket.once('close', () => this.#gone(socket));
    if (this.#open.size >= this.#max) {
      const [longest = socket] = this.#waiting;
      longest.destroy();
      this.#gone(longest);
      if (longest === socket) return;
    }
    this.#open.add(socket);
    this.#waiting.add(socket);
  }

  #gone(socket: Socket): void {
    this.#open.delete(socket);
    this.#waiting.delete(socket);
  }
}
