import { styleText } from 'node:util';
import type { App } from './app.ts';

export type Print = (text: string) => void;

const dim = (text: string): string => styleText('dim', text);
const bold = (text: string): string => styleText('bold', text);
const label = (text: string): string => dim(text.padEnd(11));

/** What was started, in a few lines. */
export async function sayStarted({ store, running, url, socket }: App, print: Print): Promise<void> {
  const { config } = running.deps.config.current();
  const runbooks = await running.deps.runbooks.list();
  const { size } = store.ledger.head();
  print(
    [
      '',
      `${bold(styleText('cyan', 'Reeve'))} runs the estate ${bold(config.estate.name)}`,
      '',
      `${label('home')}${store.home.root}${store.firstStart ? styleText('green', '  made now, with keys') : ''}`,
      `${label('estate')}${running.deps.config.current().file}`,
      `${label('ledger')}${size} records, origin ${store.origin}`,
      `${label('runbooks')}${runbooks.length} in ${config.runbooks.path}/, ${Object.keys(config.schedules).length} schedule(s)`,
      `${label('listens on')}${url}  ${dim(`and ${socket}`)}`,
      ...running.warnings.map((warning) => `${styleText('yellow', '!')} ${warning}`),
      ...(running.accepted.length > 0
        ? [
            '',
            `${styleText('yellow', '!')} First start: accepted as found, to run unattended: ${running.accepted.join(', ')}`,
            dim('  From now on a changed schedule or runbook waits for `reeve config accept`.'),
          ]
        : []),
      '',
    ].join('\n'),
  );
}

/** Waits for the drill of the start, if there is one, and says what it proved. */
export async function sayDrill(app: App, print: Print): Promise<void> {
  const { running } = app;
  const { config } = running.deps.config.current();
  const atStart = Object.values(config.schedules).some((s) => s.at_start);
  if (atStart) {
    print(dim('Proving that a backup of this ledger can be restored …\n'));
    const drill = await nextDrill(app);
    if (drill === undefined)
      print(`${styleText('yellow', '!')} The drill of the start did not run; see: reeve schedule list\n`);
    else
      print(
        `${drill.verdict === 'PASS' ? styleText('green', '✓') : styleText('red', '✗')} ${bold(drill.drill)} ${drill.verdict}` +
          `  RPO ${span(drill.rpo_ms)}  RTO ${span(drill.rto_ms)}${drill.why === undefined ? '' : `\n  ${drill.why}`}\n` +
          dim(
            `  evidence: reeve jobs show ${drill.job_id.slice(0, 12)}, grimoires/loa/deployment/reports/\n`,
          ),
      );
  }
}

/** Five commands to try. */
export function sayNext(print: Print): void {
  print(
    [
      '',
      bold('Try, in a second terminal:'),
      ...TRY.map(([command, about]) => `  ${styleText('cyan', command.padEnd(40))}${dim(about)}`),
      '',
      dim('Ctrl-C stops it.'),
      '',
    ].join('\n'),
  );
}

const TRY = [
  ['npx reeve status', 'what runs, what waits, what was proven'],
  ['npx reeve hello', 'see a plan, confirm it, watch it run'],
  ['npx reeve deploy --project my-project', 'a privileged action under a one-use grant'],
  ['npx reeve drill history', 'every drill with its RPO and RTO'],
  ['npx reeve ledger verify', 'check the whole record, offline'],
] as const;

type Drill = ReturnType<App['running']['deps']['drills']['history']>[number];

/** The first result that is recorded from now on, or undefined when the slots of the start were refused. */
function nextDrill({ store, running }: App): Promise<Drill | undefined> {
  const { clock, ledger } = store;
  return new Promise((resolve) => {
    const end = (drill: Drill | undefined): void => {
      unsubscribe();
      cancel();
      resolve(drill);
    };
    const unsubscribe = ledger.subscribe((record) => {
      if (record.type === 'drill.result') end(running.deps.drills.history()[0]);
      if (record.type === 'schedule.slot' && record.body.outcome !== 'ran') end(undefined);
    });
    const cancel = clock.after(120_000, () => end(undefined));
    // The drill may have ended before anybody listened.
    const there = running.deps.drills.history()[0];
    if (there !== undefined && there.at >= running.startedAt) end(there);
  });
}

const span = (ms: number | null): string =>
  ms === null ? '–' : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
