import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { errno } from '../../durable.ts';
import { COMMAND_PATH, execute, type Exit } from '../../execute.ts';
import { probeKind, type ProberDeps } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { found, foundAt, resolveTarget } from '../target.ts';
import { Host, sentence } from '../talk.ts';

const schema = z.strictObject({
  host: Host,
  count: z.int().min(1).max(20).default(3),
  /** More lost packets than this, in per cent, is degraded; all of them is down. */
  max_loss: z.number().min(0).max(99).default(0),
});
type Options = z.infer<typeof schema>;

const PAUSE_S = 0.2;
const MAX_OUTPUT = 64 * 1024;
const NOT_PERMITTED =
  'ping is not permitted here: it needs the capability cap_net_raw, or a group within net.ipv4.ping_group_range';

/**
 * Echo requests by the system's ping(8): Node has neither raw nor datagram ICMP sockets, and the daemon is to need no
 * privilege of its own. It gets the judged address, never the name.
 */
export const icmp = probeKind({
  kind: 'icmp',
  summary: "Sends ICMP echo requests by the system's ping program.",
  schema,
  example: 'host: gateway.internal\ncount: 3\nmax_loss: 34',
  open(options, deps) {
    return {
      async run(signal) {
        const at = await resolveTarget(options.host, 0, deps.allowed(), signal);
        if ('finding' in at) return at.finding;
        return foundAt(at.address, await ping(at.address, at.family, options, deps, signal));
      },
      close: () => undefined,
    };
  },
});

async function ping(
  address: string,
  family: 4 | 6,
  options: Options,
  { clock }: ProberDeps,
  signal: AbortSignal,
): Promise<Finding> {
  let out = '';
  const argv = [
    'ping',
    `-${family}`,
    '-n',
    '-q',
    '-i',
    String(PAUSE_S),
    '-c',
    String(options.count),
    address,
  ];
  try {
    const exit = await execute(
      {
        argv,
        cwd: '/',
        env: { PATH: COMMAND_PATH, LC_ALL: 'C' },
        mark: { attemptId: randomUUID() },
        maxOutput: MAX_OUTPUT,
        graceMs: 200,
      },
      {
        clock,
        signal,
        log(_stream, chunk) {
          out += Buffer.from(chunk).toString('utf8');
          return Promise.resolve();
        },
      },
    );
    return signal.aborted ? unanswered(options, out) : judge(options, out, exit);
  } catch (error) {
    if (signal.aborted) return unanswered(options, out);
    if (errno(error) === 'ENOENT')
      return found('inconclusive', 'there is no ping program here (Debian: iputils-ping)');
    if (['EPERM', 'EACCES'].includes(errno(error))) return found('inconclusive', NOT_PERMITTED);
    return found('inconclusive', sentence(`ping cannot be started (${errno(error) || String(error)})`));
  }
}

const unanswered = ({ host }: Options, said: string): Finding =>
  found('down', sentence(`no answer from ${host} in time${said === '' ? '' : `: ${lastLine(said)}`}`));

function judge({ host, max_loss }: Options, out: string, { code }: Exit): Finding {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(out) ?? [];
  if (sent === undefined || received === undefined || Number(sent) === 0) {
    // ping(8): 2 is an error of its own, before anything was sent.
    if (/not permitted|permission denied|socket.*denied/i.test(out))
      return found('inconclusive', NOT_PERMITTED);
    return found(
      'inconclusive',
      sentence(`ping could not send (exit status ${code ?? '?'}): ${lastLine(out)}`),
    );
  }
  const [, fastest, mean, slowest] = /= ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(out) ?? [];
  const loss = 100 * (1 - Number(received) / Number(sent));
  const figures: Record<string, number> = { loss_percent: Math.round(loss * 10) / 10 };
  if (fastest !== undefined) figures['min_ms'] = Number(fastest);
  if (slowest !== undefined) figures['max_ms'] = Number(slowest);
  const ms = mean === undefined ? null : Number(mean);
  const lost = `${Number(sent) - Number(received)} of ${sent} packets to ${host} were lost`;
  if (Number(received) === 0) return { ...found('down', `${host} does not answer: ${lost}`), figures };
  return loss > max_loss ? { ...found('degraded', lost, ms), figures } : { ...found('up', '', ms), figures };
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() ?? '';
