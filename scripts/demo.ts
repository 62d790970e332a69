import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { styleText } from 'node:util';

/** A tour of Reeve on a temporary home and a copy of the example estate. Everything it shows is done for real. */

const repo = path.resolve(import.meta.dirname, '..');
const cli = path.join(repo, 'cli', 'main.ts');
const base = await mkdtemp(path.join(os.tmpdir(), 'reeve-demo-'));
const home = path.join(base, 'home');
const estate = path.join(base, 'estate');
const environment = {
  ...process.env,
  REEVE_HOME: home,
  REEVE_PORT: '0',
  COLUMNS: String(process.stdout.columns || 100),
};
if (process.stdout.isTTY) Object.assign(environment, { FORCE_COLOR: '1' });
let daemon: ChildProcess | undefined;

function say(title: string, text: string): void {
  console.log(`\n${styleText(['bold', 'cyan'], `■ ${title}`)}\n${styleText('dim', text)}\n`);
}

/** Runs the CLI as a person would and returns its exit code and output. */
async function reeve(
  args: string[],
  options: { quiet?: boolean } = {},
): Promise<{ code: number; out: string }> {
  if (options.quiet !== true)
    console.log(
      styleText('green', `$ reeve ${args.map((a) => (/[\s"]/.test(a) ? JSON.stringify(a) : a)).join(' ')}`),
    );
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: estate,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (options.quiet !== true) process.stdout.write(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => options.quiet !== true && process.stdout.write(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, out };
}

async function expect(args: string[], wanted: number, options: { quiet?: boolean } = {}): Promise<string> {
  const { code, out } = await reeve(args, options);
  if (code !== wanted) throw new Error(`reeve ${args.join(' ')} ended with ${code}, expected ${wanted}`);
  if (options.quiet !== true && wanted !== 0) console.log(styleText('dim', `(exit status ${code})`));
  return out;
}

async function start(show: boolean): Promise<void> {
  const child = spawn(process.execPath, [cli, 'up'], {
    cwd: estate,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  daemon = child;
  // The daemon's own hints are for who started it by hand.
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const from = text.length;
    text += chunk.toString();
    const hints = text.indexOf('\nTry, in a second');
    if (show) process.stdout.write(text.slice(from, hints === -1 ? undefined : Math.max(from, hints)));
  });
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) throw new Error('the daemon ended');
    if ((await reeve(['status', '--json'], { quiet: true })).code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the daemon did not start');
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  const child = daemon;
  daemon = undefined;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

/** Waits until no drill runs, so that the tour's pages do not mix. */
async function settle(): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const { out } = await reeve(['status', '--json'], { quiet: true });
    const { data } = JSON.parse(out) as { data: { jobs: { running: number; queued: number } } };
    if (data.jobs.running + data.jobs.queued === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function tour(): Promise<void> {
  await mkdir(estate, { recursive: true });
  for (const name of ['reeve.yaml', 'runbooks'])
    await cp(path.join(repo, name), path.join(estate, name), { recursive: true });

  say(
    '1. Start',
    'One command makes a home, keys and a ledger, and at once proves that its own backup can be restored.',
  );
  await start(true);
  await settle();
  console.log();
  await expect(['preauth', 'verify', '--keys'], 0);

  say('2. Refused', 'Nothing privileged runs without a grant. The refusal itself is a record.');
  await expect(['deploy', '--project', 'my-project', '--env', 'staging'], 3);

  say('3. A grant', 'Signed, short-lived, least privilege: one project, one action, one environment.');
  const made = await expect(
    'preauth create-grant --project-ids my-project --auto-deploy-staging --uses 1 --expires-in-hours 1 --reason demo'.split(
      ' ',
    ),
    0,
  );
  const grant = /gr_[0-9a-f]+/.exec(made)?.[0] ?? '';

  say('4. Allowed', 'The same command with the grant: the plan runs step by step.');
  await expect(['deploy', '--project', 'my-project', '--env', 'staging', '--preauth-grant', grant], 0);
  console.log(
    styleText('dim', '\nThe grant was for staging, once. A second time is refused, and so is prod:'),
  );
  await expect(['deploy', '--project', 'my-project', '--env', 'staging', '--preauth-grant', grant], 3);
  await expect(['deploy', '--project', 'my-project', '--env', 'prod', '--preauth-grant', grant], 3);

  say(
    '5. The restore drill',
    'Back up the ledger, restore it elsewhere, prove its Merkle root, measure RPO and RTO.',
  );
  await expect(['drill', 'run', 'self-restore', '--force'], 0);
  await expect(['drill', 'history'], 0);

  say(
    '6. A crash',
    'The daemon is killed (kill -9) and half a record is left at the end of the ledger, as by a power cut.',
  );
  await stop('SIGKILL');
  const segments = (await readdir(path.join(home, 'ledger'))).filter((f) => f.endsWith('.jsonl')).toSorted();
  await appendFile(path.join(home, 'ledger', segments.at(-1) ?? ''), '{"body":{"torn":');
  await start(false);
  await settle();
  const tail = await expect(['ledger', 'tail', '--type', 'ledger.repaired', '--json'], 0, { quiet: true });
  const repaired = (JSON.parse(tail) as { data: { type: string; body: object }[] }).data.find(
    (r) => r.type === 'ledger.repaired',
  );
  if (repaired === undefined) throw new Error('the torn tail was not healed');
  console.log(
    `Healed by truncation, the cut bytes kept aside, and on the record:\n${JSON.stringify(repaired.body, null, 2)}`,
  );

  say(
    '7. Anyone can verify',
    'Offline, from the files alone: every record, the Merkle root, every signed checkpoint.',
  );
  await expect(['ledger', 'verify'], 0);

  say('8. The trajectory', 'Every step that ran, with the line of the runbook it rests on.');
  const folder = path.join(estate, 'grimoires', 'loa', 'a2a', 'trajectory');
  for (const file of (await readdir(folder)).toSorted().slice(-1)) {
    const lines = (await readFile(path.join(folder, file), 'utf8')).trimEnd().split('\n');
    for (const line of lines.slice(-3)) console.log(JSON.stringify(JSON.parse(line), null, 2));
    console.log(styleText('dim', `${lines.length} lines in grimoires/loa/a2a/trajectory/${file}`));
  }
  await stop('SIGTERM');
  console.log(styleText(['bold', 'green'], '\n✓ That was Reeve. Start your own: npm start\n'));
}

/** Runs the tour; resolves to the exit code. Ctrl-C, or a reader that has gone, ends it and leaves nothing behind. */
export async function demo(): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void leave().then(() => process.kill(process.pid, signal)));
  process.stdout.on('error', () => void leave().then(() => process.exit(0)));
  try {
    await tour();
    return 0;
  } catch (error) {
    console.error(
      styleText('red', `\nThe tour stopped: ${error instanceof Error ? error.message : String(error)}`),
    );
    return 1;
  } finally {
    await leave();
  }
}

async function leave(): Promise<void> {
  await stop('SIGKILL');
  await rm(base, { recursive: true, force: true });
}

if (import.meta.main) process.exitCode = await demo();
