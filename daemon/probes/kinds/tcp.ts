import { connect } from 'node:net';
import { z } from 'zod';
import { errno } from '../../durable.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { found, foundAt, isOurs, resolveTarget } from '../target.ts';

/** Opens a connection and closes it again. */
export const tcp = probeKind({
  kind: 'tcp',
  summary: 'Opens a TCP connection.',
  schema: z.strictObject({ host: z.string().min(1).max(253), port: z.int().min(1).max(65_535) }),
  example: 'host: db.internal\nport: 5432',
  open({ host, port }, { clock, allowed }) {
    const begin = (address: string, family: 4 | 6, signal: AbortSignal): Promise<Finding> => {
      const started = clock.monotonic();
      return new Promise((resolve) => {
        const socket = connect({ host: address, port, family, autoSelectFamily: false });
        const end = (finding: Finding): void => {
          signal.removeEventListener('abort', late);
          socket.destroy();
          resolve(foundAt(address, finding));
        };
        const late = (): void => end(found('down', `no connection to ${host}:${port} in time`));
        signal.addEventListener('abort', late, { once: true });
        socket.once('connect', () => end(found('up', '', clock.monotonic() - started)));
        socket.on('error', (error) =>
          end(
            found(
              isOurs(error) ? 'inconclusive' : 'down',
              `no connection to ${host}:${port} (${errno(error)})`,
            ),
          ),
        );
        if (signal.aborted) late();
      });
    };
    return {
      async run(signal) {
        const at = await resolveTarget(host, port, allowed(), signal);
        return 'finding' in at ? at.finding : begin(at.address, at.family, signal);
      },
      close: () => undefined,
    };
  },
});
