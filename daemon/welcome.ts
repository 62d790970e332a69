import { styleText } from 'node:util';
import type { LedgerRecord } from '../contracts/record.ts';
import { plural } from '../contracts/units.ts';
import type { App } from './app.ts';
import type { Settled } from './compose/settle.ts';

export type Print = (text: string) => void;

const dim = (text: string): string => styleText('dim', text);
const bold = (text: string): string => styleText('bold', text);
const label = (text: string): string => dim(text.padEnd(11));

/** What was started, in a few lines. */
export function sayStarted(
  { store, running, url, socket }: App,
  { accepted, waiting, runbooks }: Settled,
  print: Print,
): void {
  const { config } = running.deps.config.current();
  const { size } = store.ledger.head();
  print(
    [
      '',
      `${bold(styleText('cyan', 'Reeve'))} runs the estate ${bold(config.estate.name)}`,
      '',
      `${label('home')}${store.home.root}${store.firstStart ? styleText('green', '  made now, with keys') : ''}`,
      `${label('estate')}${running.deps.config.current().file}`,
      `${label('ledger')}${size} records, origin ${store.origin}`,
      `${label('runbooks')}${runbooks} in ${config.runbooks.path}/, ${plural(Object.keys(config.schedules).length, 'schedule')}`,
      `${label('listens on')}${url}  ${dim(`and ${socket}`)}`,
      ...running.warnings.map((warning) => `${styleText('yellow', '!')} ${warning}`),
      ...(accepted.length > 0
        ? [
            '',
            `${styleText('yellow', '!')} First start: accepted as found, to run unattended: ${accepted.join(', ')}`,
            dim('  From now on a changed schedule or runbook waits for `reeve config accept`.'),
          ]
        : []),
      ...(waiting.length > 0
        ? [
            '',
            `${styleText('yellow', '!')} Does not run before somebody has read and accepted it: ${waiting.slice(0, 20).join(', ')}${waiting.length > 20 ? ` and ${waiting.length - 20} more` : ''}`,
            dim('  Read it: `reeve config diff ID`. Then: `reeve config accept ID`.'),
          ]
        : []),
      '',
    ].join('\n'),
  );
}

/** That there is no room to work, and what can be done all the same. */
export function sayFull({ store, url, socket }: App, print: Print): void {
  print(
    [
      '',
      `${styleText('red', '✗')} ${bold(`The disk of ${store.home.root} is full.`)} Nothing runs and nothing is recorded.`,
      `${label('still work')}reeve status, jobs, ledger verify|tail|show, and reeve halt`,
      `${label('listens on')}${url}  ${dim(`and ${socket}`)}`,
      dim('With some room the start is tried again by itself.'),
      '',
    ].join('\n'),
  );
}

/**
 * Waits for the drill of the start, if there is one, and says what it proved. `from`: size of the ledger before the
 * schedules began.
 */
export async function sayDrill(app: App, print: Print, from: number): Promise<void> {
  const { config, runbooks } = app.running.deps;
  const drills = new Set((await runbooks.list()).filter((r) => r.front.action === 'run_drill').map(idOf));
  const names = Object.entries(config.current().config.schedules)
    .filter(([, schedule]) => schedule.at_start && drills.has(schedule.runbook))
    .map(([name]) => name);
  if (names.length === 0) return;
  print(dim(`Proving by ${names.join(', ')} that what is kept can be restored …\n`));
  const drill = await nextDrill(app, names, from);
  if (typeof drill === 'string')
    print(`${styleText('yellow', '!')} The drill of the start did not run: ${drill}\n`);
  else
    print(
      `${drill.verdict === 'PASS' ? styleText('green', '✓') : styleText('red', '✗')} ${bold(drill.drill)} ${drill.verdict}` +
        `  RPO ${span(drill.rpo_ms)}  RTO ${span(drill.rto_ms)}${drill.why === undefined ? '' : `\n  ${drill.why}`}\n` +
        dim(`  evidence: reeve jobs show ${drill.job_id.slice(0, 12)}, grimoires/loa/deployment/reports/\n`),
    );
}

const idOf = (runbook: { front: { runbook: string } }): string => runbook.front.runbook;

/** Five commands to try. */
export function sayNext({ running }: App, print: Print): void {
  const projects = Object.keys(running.deps.config.current().config.projects);
  const project = projects.find((name) => name !== 'reeve') ?? projects[0] ?? 'my-project';
  print(
    [
      '',
      bold('Try, in a second terminal:'),
      ...commandsToTry(project).map(
        ([command, about]) => `  ${styleText('cyan', command.padEnd(40))}${dim(about)}`,
      ),
      '',
      dim('Ctrl-C stops it.'),
      '',
    ].join('\n'),
  );
}

const commandsToTry = (project: string): [command: string, about: string][] => [
  ['npx reeve status', 'what runs, what waits, what was proven'],
  ['npx reeve hello', 'see a plan, confirm it, watch it run'],
  [`npx reeve deploy --project ${project}`, 'a privileged action under a one-use grant'],
  ['npx reeve drill history', 'every drill with its RPO and RTO'],
  ['npx reeve ledger verify', 'check the whole record, offline'],
];

type Drill = ReturnType<App['running']['deps']['drills']['history']>[number];

/** The first result recorded from there on, or why there is none: the slots of the start did not run. */
function nextDrill({ store, running }: App, names: string[], from: number): Promise<Drill | string> {
  const { clock, ledger, log } = store;
  return new Promise((resolve) => {
    const missed = new Set<string>();
    const end = (drill: Drill | string): void => {
      unsubscribe();
      cancel();
      resolve(drill);
    };
    const heard = ({ type, body }: LedgerRecord): void => {
      if (type === 'drill.result') {
        const drill = running.deps.drills.history().find((d) => d.job_id === body.job_id);
        if (drill !== undefined) end(drill);
      } else if (type === 'schedule.slot' && names.includes(body.schedule) && body.outcome !== 'ran') {
        missed.add(body.schedule);
        if (missed.size === names.length) end(body.why ?? 'see `reeve schedule list`');
      }
    };
    // What is recorded from now on, and what was before anybody listened; the first of both counts.
    const unsubscribe = ledger.subscribe(heard);
    const cancel = clock.after(120_000, () => end('it takes longer; see `reeve jobs list`'));
    void (async () => {
      const { size } = ledger.head();
      for await (const record of ledger.read(from)) if (record.seq < size) heard(record);
    })().catch((error: unknown) => log.warn('records of the start', { error: String(error) }));
  });
}

const span = (ms: number | null): string =>
  ms === null ? '–' : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
