import type { StatusView } from '../../contracts/api.ts';
import { harmless } from '../io/harmless.ts';
import type { Terminal } from '../io/terminal.ts';
import { count, duration, plural, relative, shortId, when } from '../io/units.ts';
import { pad } from '../io/width.ts';
import { statusLook, statusSymbol } from './cell.ts';

/** `reeve status`: what needs a person first, then the figures. */
export function showStatus(terminal: Terminal, s: StatusView, ours: string): void {
  const up = duration(terminal.now - s.started);
  const lines = [
    `${terminal.tone(s.ledger.writable ? 'good' : 'bad', '●')} ${terminal.style('bold', harmless(s.estate))}` +
      `  ${harmless(s.address)}  ${terminal.dim(`reeve ${harmless(s.reeve)}, up ${up}, pid ${s.pid}`)}`,
    ...alarms(terminal, s, ours).map((line) => `  ${line}`),
    ...figures(terminal, s),
  ];
  if (s.last_jobs.length > 0 && !terminal.globals.quiet) lines.push('', ...jobs(terminal, s));
  terminal.out(lines.join('\n'));
}

function alarms(terminal: Terminal, s: StatusView, ours: string): string[] {
  const { wide } = terminal.globals;
  const bad = (text: string): string => terminal.tone('bad', `✗ ${text}`);
  const warn = (text: string): string => terminal.tone('warn', `! ${text}`);
  const since = (at: number, by: string, reason: string): string =>
    `since ${when(at, terminal.now, wide)} by ${harmless(by)}: ${harmless(reason)}`;
  return [
    ...(s.ledger.writable
      ? []
      : [
          bad(
            `the ledger cannot be written: ${harmless(s.ledger.why ?? 'no reason given').replace(/[.]$/, '')}; nothing privileged runs`,
          ),
        ]),
    ...refused(s).map(bad),
    ...s.halted.map((h) => bad(`halted: ${harmless(h.scope)} ${since(h.since, h.by, h.reason)}`)),
    ...(s.paused === null
      ? []
      : [
          warn(
            `${s.paused.drain ? 'draining' : 'paused'} ${since(s.paused.since, s.paused.by, s.paused.reason)}`,
          ),
        ]),
    ...incidents(s).map((text) => (s.incidents.page > 0 ? bad(text) : warn(text))),
    ...(s.jobs.unknown === 0
      ? []
      : [warn(`${plural(s.jobs.unknown, 'job')} of unknown outcome: reeve jobs list --status UNKNOWN`)]),
    ...(s.requests_open === 0
      ? []
      : [warn(`${plural(s.requests_open, 'request')} waiting for approval: reeve grant list`)]),
    ...(s.requests_lapsed > 0
      ? [bad(`${plural(s.requests_lapsed, 'approved request')} did not run: reeve grant list`)]
      : []),
    ...(s.reviews_open === 0
      ? []
      : [warn(`${plural(s.reviews_open, 'break-glass review')} open: reeve review list`)]),
    ...(s.reeve === ours
      ? []
      : [warn(`this CLI is ${ours}, the daemon ${harmless(s.reeve)}: restart the daemon`)]),
  ];
}

function refused({ config_refused = [] }: Partial<StatusView>): string[] {
  const [first, ...more] = config_refused;
  if (first === undefined) return [];
  const rest = more.length === 0 ? '' : `, and ${count(more.length)} more`;
  return [`the file on disk is not in force: ${harmless(first)}${rest}: reeve config check`];
}

function incidents({ incidents }: Partial<Pick<StatusView, 'incidents'>>): string[] {
  // A daemon that is older than this CLI tells of none.
  const { open, newest } = incidents ?? { open: 0, newest: [] };
  const [last] = newest;
  if (open === 0 || last === undefined) return [];
  const what = open === 1 ? harmless(last.title) : `${harmless(last.title)}, and ${count(open - 1)} more`;
  return [`${plural(open, 'incident')} open (${what}): reeve incidents list`];
}

function figures(terminal: Terminal, s: StatusView): string[] {
  const row = (name: string, text: string): string => `  ${terminal.dim(pad(name, 10))}  ${text}`;
  const root = harmless(s.ledger.root);
  return [
    row('ledger', `${plural(s.ledger.size, 'record')}, root ${shortId(root, terminal.globals.wide)}`),
    row('jobs', `${count(s.jobs.running)} running, ${count(s.jobs.queued)} queued`),
    row('grants', `${count(s.grants_active)} active`),
    row('last drill', drill(terminal, s.last_drill)),
  ];
}

function drill(terminal: Terminal, d: StatusView['last_drill']): string {
  if (d === null) return terminal.dim('none yet: reeve drill run self-restore');
  const pass = d.verdict === 'PASS';
  const measured = [
    ...(d.rpo_ms === null ? [] : [`RPO ${duration(d.rpo_ms)}`]),
    ...(d.rto_ms === null ? [] : [`RTO ${duration(d.rto_ms)}`]),
  ].join(', ');
  const verdict = terminal.tone(pass ? 'good' : 'bad', `${pass ? '✓' : '✗'} ${harmless(d.verdict)}`);
  return [verdict, harmless(d.drill), measured, when(d.at, terminal.now, terminal.globals.wide)]
    .filter((t) => t !== '')
    .join('  ');
}

function jobs(terminal: Terminal, s: StatusView): string[] {
  return s.last_jobs.map((job) => {
    const status = statusLook(terminal, job.status)(pad(`${statusSymbol(job.status)} ${job.status}`, 11));
    const id = terminal.dim(shortId(harmless(job.id), terminal.globals.wide));
    return `  ${status}  ${id}  ${harmless(job.title)}  ${terminal.dim(relative(job.at, terminal.now))}`;
  });
}
