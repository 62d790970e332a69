import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import { Place, REPO } from '../helpers/daemon.ts';
import { newSigner, openTest } from '../helpers/ledger.ts';
import { EFFECT, makePlace, SLOW } from './place.ts';

const DEPLOY = ['deploy', '--project', 'shop', '--env', 'dev', '--force'];
const FAILING = EFFECT.replace('runbook: effect', 'runbook: failing')
  .replace('action: deploy', 'action: run')
  .replace('echo effect >> trace.txt', 'echo "no such database" >&2\nexit 7');

test('exit codes: 0 done, 1 the run failed, 2 usage, 3 refused, 4 no daemon, 5 integrity broken', async () => {
  const place = await makePlace({ 'effect.md': EFFECT, 'failing.md': FAILING });
  const before = await place.reeve(DEPLOY);
  expect(before.code).toBe(4);
  expect(before.err).toContain('DAEMON_UNREACHABLE');
  const daemon = await place.start();
  const deployed = await place.reeve(DEPLOY);
  expect(deployed.code, deployed.out + deployed.err).toBe(0);

  const failed = await place.reeve(['run', 'failing', '--project', 'shop', '--env', 'dev', '--force']);
  expect(failed.code).toBe(1);
  expect(failed.out).toContain('no such database');
  expect(failed.out).toMatch(/→ reeve jobs logs job_/);

  for (const [words, hint] of [
    [['depoly'], 'Did you mean'],
    [['deploy', '--projct', 'shop'], '--project'],
    [['deploy', '--env', 'dev'], '--project'],
    [['jobs', 'show'], 'JOB'],
    [['status', 'please'], 'status'],
  ] as const) {
    const ran = await place.reeve(words);
    expect(ran.code, `${words.join(' ')}: ${ran.err}`).toBe(2);
    expect(ran.err).toContain(hint);
    expect(ran.err).toMatch(/→ /);
    expect(ran.out).toBe('');
  }
  expect((await place.reeve(['deploy', '--project', 'shop', '--env', 'dev'])).code).toBe(3);
  await place.reeve(['halt']);
  expect((await place.reeve(DEPLOY)).code).toBe(3);

  await daemon.end('SIGTERM');
  const copy = path.join(place.base, 'copy');
  await cp(path.join(place.home, 'ledger'), copy, { recursive: true });
  expect((await place.reeve(['ledger', 'verify', '--dir', copy])).code).toBe(0);
  const [name = ''] = (await readdir(copy)).filter((file) => file.endsWith('.jsonl'));
  const text = await readFile(path.join(copy, name), 'utf8');
  await writeFile(path.join(copy, name), text.replace('"deploy"', '"deplay"'));
  const damaged = await place.reeve(['ledger', 'verify', '--dir', copy]);
  expect(damaged.code).toBe(5);
  const json = await place.json(['ledger', 'verify', '--dir', copy]);
  expect(json).toMatchObject({ exit: 5, ok: false });
});

/** Some dozens of processes at once would measure the machine; all of them in one test, its patience. */
const PARTS = 4;

test.each(Array.from({ length: PARTS }, (_, part) => part))(
  '--json is one valid document on stdout for every command that reads (part %i)',
  async (part) => {
    const place = await Place.make();
    onTestFinished(() => place.close());
    await place.start();
    const ran = await place.json(['hello', '--project', 'my-project', '--env', 'dev', '--force']);
    expect(ran).toMatchObject({ exit: 0, ok: true, job: { status: 'PASS' } });
    const made = await place.json([
      ...['preauth', 'create-grant', '--project-ids', 'my-project', '--auto-deploy-dev'],
    ]);
    const opened = await place.json(['incidents', 'open', 'a test', '--project', 'my-project']);
    const known: Record<string, string> = {
      incident: (opened.data as { id: string }).id,
      job: ran.job?.id ?? '',
      runbook: 'hello',
      schedule: 'self-restore',
      grant: (made.data as { grant_id: string }).grant_id,
      grant_id: (made.data as { grant_id: string }).grant_id,
      name: 'hello',
      shell: 'bash',
      seq: '3',
    };
    const catalogue = JSON.parse(
      await readFile(path.join(place.home, 'catalogue.json'), 'utf8'),
    ) as Catalogue;
    const reads = catalogue.commands
      .filter((c) => c.kind === 'read')
      .filter((_, index) => index % PARTS === part);
    expect(reads.length).toBeGreaterThan(5);
    const seen: { spec: (typeof reads)[number]; answer: Awaited<ReturnType<typeof place.json>> }[] = [];
    for (const spec of reads) seen.push({ spec, answer: await place.json(words(spec, known)) });
    for (const { spec, answer } of seen) {
      expect(answer.command ?? answer.error?.code, spec.name).toBeDefined();
      // Nobody's approval is asked for in the example estate, so there is no request to show; nor has it Linear.
      if (['NOT_BUILT_HERE', 'REQUEST_NOT_FOUND', 'LINEAR_OFF'].includes(answer.error?.code ?? ''))
        expect(answer.exit).toBe(3);
      // Nor is anything probed, told, promised or delivered there: not found, which is wrong usage.
      else if (answer.error?.status === 404) expect(answer.exit).toBe(2);
      else
        expect({ name: spec.name, exit: answer.exit, ok: answer.ok, error: answer.error }).toEqual({
          name: spec.name,
          exit: 0,
          ok: true,
        });
    }
  },
);

test('--json is one valid document also for what needs no daemon, and for a refusal', async () => {
  const place = await Place.make();
  onTestFinished(() => place.close());
  await place.start();
  for (const local of [
    ['status'],
    ['ledger', 'verify'],
    ['ledger', 'tail'],
    ['ledger', 'show', '0'],
    ['ledger', 'checkpoint'],
    ['--version'],
  ])
    expect(await place.json(local), local.join(' ')).toMatchObject({ exit: 0, ok: true });
  const refused = await place.json(['deploy', '--project', 'my-project', '--env', 'dev']);
  expect(refused).toMatchObject({ exit: 3, ok: false, error: { code: 'GRANT_REQUIRED' } });
  expect(await place.json(['depoly'])).toMatchObject({ exit: 2, ok: false, error: { code: 'USAGE' } });
});

/** A command line with every required argument. */
function words(spec: CommandSpec, known: Record<string, string>): string[] {
  const places = spec.args.filter((a) => a.position !== undefined && (a.required || a.name === 'runbook'));
  const positional = places
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
    .map((a) => known[a.name] ?? known[a.type] ?? 'missing');
  const flags = spec.args
    .filter((a) => a.position === undefined && a.required)
    .flatMap((a) => [`--${a.flag}`, known[a.name] ?? 'missing']);
  return [...spec.name.split(' '), ...positional, ...flags];
}

test('jobs logs -f follows a running job, each line once and as it comes, to its end', async () => {
  const place = await makePlace({
    'slow.md': SLOW('slow', false, 'echo first line\n').replace('echo ended', 'echo last line\necho ended'),
  });
  await place.start();
  const started = await place.json([
    'run',
    'slow',
    '--project',
    'shop',
    '--env',
    'dev',
    '--force',
    '--no-follow',
  ]);
  let told = false;
  const followed = await place.reeve(['jobs', 'logs', '-f', started.job?.id ?? ''], {
    onOut: (out) => {
      if (told || !out.includes('first line')) return;
      told = true;
      void place.write('go', '');
    },
  });
  expect(followed.code, followed.err).toBe(0);
  const lines = followed.out.split('\n').filter((line) => line.includes('│'));
  expect(lines.filter((line) => line.endsWith('│ first line'))).toHaveLength(1);
  expect(lines.filter((line) => line.endsWith('│ last line'))).toHaveLength(1);
  expect(followed.out).toMatch(/✓ PASS/);
  const again = await place.reeve(['jobs', 'logs', started.job?.id ?? '']);
  expect(again.out).toContain('first line');
  expect(again.out).toContain('last line');
});

test('without a terminal a run is told line by line, each step and each line of output once and in order', async () => {
  const steps = ['one', 'two', 'three'].map(
    (name) => `\`\`\`sh { name=${name} }\necho out of ${name}; echo err of ${name} >&2\n\`\`\`\n`,
  );
  const runbook = EFFECT.slice(0, EFFECT.indexOf('```')) + steps.join('\n');
  const place = await makePlace({ 'effect.md': runbook });
  await place.start();
  const ran = await place.reeve(DEPLOY);
  expect(ran.code, ran.err).toBe(0);
  for (const name of ['one', 'two', 'three']) {
    expect(ran.out.match(new RegExp(`✓ ${name} +sh`, 'g'))).toHaveLength(1);
    expect(ran.out.match(new RegExp(`${name} │ out of ${name}$`, 'gm'))).toHaveLength(1);
    expect(ran.out.match(new RegExp(`${name} │ err of ${name}$`, 'gm'))).toHaveLength(1);
  }
  const order = ['✓ one', '✓ two', '✓ three', '✓ PASS'].map((text) => ran.out.indexOf(text));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(ran.out).not.toContain('\u001b[');
});

test('runbook lint names file and line of a broken runbook, and so does trying to run it', async () => {
  const renamed = (name: string): string => EFFECT.replace('runbook: effect', `runbook: ${name}`);
  const place = await makePlace({
    'effect.md': EFFECT,
    'front.md': renamed('front').replace('timeout: 1m', 'timeout: 1 fortnight'),
    'step.md': renamed('step').replace('name=work', 'name=work timeot=1m'),
  });
  await place.start();
  const lint = await place.reeve(['runbook', 'lint']);
  expect(lint.code).toBe(1);
  expect(lint.out).toMatch(/runbooks\/front\.md:5 .*timeout/);
  expect(lint.out).toMatch(/runbooks\/step\.md:8 .*timeot/);
  expect(lint.out).not.toContain('effect.md:');
  const run = await place.reeve(['run', 'front', '--project', 'shop', '--env', 'dev', '--force']);
  expect(run.code).toBe(2);
  expect(run.err).toContain('RUNBOOK_INVALID');
  expect(run.err).toMatch(/runbooks\/front\.md:5/);
  // One broken file does not keep the others from running.
  const deployed = await place.reeve(DEPLOY);
  expect(deployed.code, deployed.out + deployed.err).toBe(0);
  expect(await place.read('trace.txt')).toBe('effect\n');
});

test('at a terminal the plan is shown and asked for: no does nothing, yes runs it, and the record says cli', async (context) => {
  if (spawnSync('script', ['--version']).status !== 0) {
    expect(process.env['CI'], 'CI must have script(1)').toBeUndefined();
    return context.skip('skipped: script(1) of util-linux is not here to give a terminal');
  }
  const place = await makePlace({ 'effect.md': EFFECT });
  await place.start();
  const no = await atTerminal(place, ['deploy', '--project', 'shop', '--env', 'dev'], ['n']);
  expect(no.code, no.out).toBe(3);
  expect(no.out).toContain('echo effect >> trace.txt');
  expect(no.out).toContain('CONFIRMATION_DECLINED');
  expect(await place.read('trace.txt')).toBe('');
  const yes = await atTerminal(place, ['deploy', '--project', 'shop', '--env', 'dev'], ['y']);
  expect(yes.code, yes.out).toBe(0);
  expect(yes.out).toMatch(/✓ .*PASS/);
  expect(await place.read('trace.txt')).toBe('effect\n');
  const [grant] = await place.records('grant.issued');
  expect(grant?.body).toMatchObject({ how: 'confirmed' });
  const [queued] = await place.records('job.queued');
  expect(JSON.stringify(queued?.body)).toContain('"via":"cli"');
});

/** Runs the CLI on a terminal of its own, and types the keys once it asks. */
async function atTerminal(
  place: Place,
  args: string[],
  keys: string[],
): Promise<{ code: number; out: string }> {
  const cli = path.join(REPO, 'cli', 'reeve');
  const child = spawn('script', ['-qec', [cli, ...args].join(' '), '/dev/null'], {
    cwd: place.estate,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: place.base,
      REEVE_HOME: place.home,
      TERM: 'xterm',
      TZ: 'UTC',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (out.includes('exactly as shown?')) for (const key of keys.splice(0)) child.stdin.write(key);
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, out };
}

test('verifying a large ledger shows how far it is on a terminal, and nothing of it in a pipe or with --json', async (context) => {
  if (spawnSync('script', ['--version']).status !== 0) {
    expect(process.env['CI'], 'CI must have script(1)').toBeUndefined();
    return context.skip('skipped: script(1) of util-linux is not here to give a terminal');
  }
  const place = await makePlace({});
  const { ledger } = await openTest(path.join(place.home, 'ledger'), newSigner());
  const files = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(397, '/'));
  await Promise.all(Array.from({ length: 400 }, () => ledger.append('zone.drift', { mode: 'warn', files })));
  await ledger.close();
  const shown = await atTerminal(place, ['ledger', 'verify'], []);
  expect(shown.code, shown.out).toBe(0);
  expect(shown.out).toMatch(/\r\u001B\[KVerifying {2}.*█.*░.* \d+ % {2}[\d.]+ MiB of 15\.\d MiB/);
  // The bar is gone before the answer stands there.
  expect(shown.out).toMatch(/\r\u001B\[K[^\r]*Verified: all 401 records/);
  for (const args of [['--json'], ['--quiet']])
    expect((await atTerminal(place, ['ledger', 'verify', ...args], [])).out).not.toContain('Verifying');
  const piped = await place.reeve(['ledger', 'verify']);
  expect(piped.code).toBe(0);
  expect(piped.out + piped.err).not.toMatch(/Verifying|\r|\u001B/);
});
