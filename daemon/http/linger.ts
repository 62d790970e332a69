import type { Socket } from 'node:net';
import type { Clock } from '../ports/clock.ts';

/** How long a sender that has been refused may take to hear of it, ms. */
export const LINGER_MS = 5000;

/**
 * Closes the connection of a refused upload so that its sender gets the answer (RFC 9112 §9.6): the answer and our end are
 * sent, and what it still sends is read and dropped until it closes, too, or its time is over. Closed at once, unread bytes
 * make the system reset the connection, and the sender sees that instead of the answer.
 */
export function linger(socket: Socket, clock: Pick<Clock, 'after'>): void {
  // What node:http calls after the last response of a connection.
  socket.destroySoon = () => {
    const cancel = clock.after(LINGER_MS, () => socket.destroy());
    socket.once('close', cancel);
    socket.end();
  };
}
