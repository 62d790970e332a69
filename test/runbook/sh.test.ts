import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import { createRedactor } from '../../daemon/redact.ts';
import { strays } from '../../daemon/process-group.ts';
import { makeWorld, runPlan, type World } from './world.ts';

const one = (script: string, attributes = ''): string =>
  `\`\`\`sh { name=one ${attributes} }\n${script}\n\`\`\``;

async function runOne(world: World, script: string, attributes = '', front = '', inputs = {}) {
  await world.write('x', one(script, attributes), front);
  const run = await world.run('x', inputs);
  return { ...run, result: run.results['one'] };
}

/** Whether a process with this id is there and is no zombie. */
const alive = (pid: number): boolean => {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
};

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('attack 47: a step sees a clean environment and nothing of the daemon’s', async () => {
  const world = await makeWorld();
  const poison = {
    NODE_OPTIONS: '--require /nonexistent.js',
    LD_PRELOAD: '/nonexistent.so',
    GIT_SSH_COMMAND: 'touch /tmp/pwned',
    BASH_ENV: '/x',
    ENV: '/x',
    REEVE_HOME: '/home',
    AWS_SECRET_ACCESS_KEY: 'x',
  };
  const before = { ...process.env };
  Object.assign(process.env, poison);
  try {
    const { log, status, plan } = await runOne(
      world,
      'env -0 | tr "\\n\\0" " \\n"; node -e 0',
      '',
      'inputs: { a_b: {} }\n',
      { a_b: 'v' },
    );
    expect(status, log).toBe('PASS');
    const names = log
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0] ?? '')
      .filter((name) => !['PWD', 'OLDPWD', '_', 'SHLVL'].includes(name));
    expect(names.sort()).toEqual(plan.environment_names.filter((name) => name !== 'REEVE_STEP_*'));
    expect(log).toContain('REEVE_INPUT_A_B=v');
    expect(log).toContain('TZ=UTC');
  } finally {
    for (const name of Object.keys(poison)) delete process.env[name];
    Object.assign(process.env, before);
  }
});

test('outputs are handed on, to scripts as variables and to other kinds by name', async () => {
  const world = await makeWorld();
  await world.write(
    'x',
    `${one('echo count=3 >> "$REEVE_OUTPUT"\nprintf "text<<END\\nline 1\\nline 2\\nEND\\n" >> "$REEVE_OUTPUT"')}
\`\`\`sh { name=two-b }
echo "$REEVE_STEP_ONE__COUNT/$REEVE_STEP_ONE__TEXT"
test "$(pwd -P)" = "$(cd "$REEVE_ROOT" && pwd -P)"
echo "$0" "$REEVE_PROJECT_PATH" > "$REEVE_SCRATCH/name"
\`\`\`
\`\`\`assert { name=three }
steps.one.outputs.count == 3 and \${steps.one.outputs.text} contains "line 2"
\`\`\`
\`\`\`notify { name=four title="n=\${steps.one.outputs.count}" }
It is \${steps.one.outputs.count} on \${env}, $\${env}.
\`\`\``,
  );
  const { status, outputs, log } = await world.run('x');
  expect(status, log).toBe('PASS');
  expect(outputs['one']).toEqual({ count: '3', text: 'line 1\nline 2' });
  expect(log).toContain('3/line 1\nline 2');
  expect(world.notified).toMatchObject([{ title: 'n=3', text: 'It is 3 on dev, ${env}.' }]);
});

test.each([
  ['no equals', 'echo hello', /line 1 is no name=value/],
  ['upper case', 'echo "Count=1"', /lower-case/],
  ['open end', 'echo "a<<END"', /has no end/],
  ['not UTF-8', 'printf "a=\\377\\n"', /not UTF-8/],
  ['too much', 'head -c 70000 /dev/zero | tr "\\0" a', /more than 65536 bytes/],
])('invalid outputs fail the step: %s', async (_, script, why) => {
  const { result } = await runOne(await makeWorld(), `{ ${script}; } >> "$REEVE_OUTPUT"`);
  expect(result).toMatchObject({ status: 'FAIL', error_code: 'STEP_OUTPUT_INVALID' });
  expect(result?.why).toMatch(why);
});

test('an output file that was replaced is not followed', async () => {
  const world = await makeWorld();
  for (const how of [
    'ln -s /etc/passwd "$REEVE_OUTPUT"',
    'mkfifo "$REEVE_OUTPUT"',
    'mkdir "$REEVE_OUTPUT"',
  ]) {
    const { result } = await runOne(world, `rm "$REEVE_OUTPUT"; ${how}`);
    expect(result).toMatchObject({ status: 'FAIL', error_code: 'STEP_OUTPUT_INVALID' });
  }
});

test('a failure says how and with which last words, and keeps its outputs for the rollback', async () => {
  const world = await makeWorld();
  await world.write(
    'x',
    `${one('echo a=1 >> "$REEVE_OUTPUT"\necho working\necho "it broke" >&2\nexit 3')}\n## Rollback\n\`\`\`sh { name=undo }\necho "undo $REEVE_STEP_ONE__A"\n\`\`\`\n## Always\n\`\`\`sh { name=tidy }\necho tidy\n\`\`\``,
  );
  const { results, status, log } = await world.run('x');
  expect(status).toBe('FAIL');
  expect(results['one']).toEqual({
    status: 'FAIL',
    error_code: 'STEP_FAILED',
    exit_code: 3,
    why: 'Step one failed: exit status 3: it broke.',
    outputs: { a: '1' },
  });
  expect(log).toContain('undo 1\ntidy\n');
  const unset = await runOne(world, 'echo "$NOT_THERE"\necho never');
  expect([unset.result?.status, unset.log.includes('never')]).toEqual(['FAIL', false]);
  const bash = await runOne(world, 'true | false\n', 'interpreter=bash');
  expect(bash.result).toMatchObject({ status: 'FAIL', exit_code: 1 });
});

test('standard input is empty, and the script is not in a file that a step could change', async () => {
  const { status, log } = await runOne(await makeWorld(), 'wc -c\nls -A "$REEVE_SCRATCH"');
  expect([status, log]).toEqual(['PASS', '0\n.reeve-output-one\n']);
});

test('a step that takes too long ends with its grandchildren, also those that ignore SIGTERM or left the session', async () => {
  const world = await makeWorld();
  const script = `trap "" TERM
(trap "" TERM; sh -c 'trap "" TERM; echo $$ >> "$REEVE_ROOT/pids"; sleep 600') &
setsid sh -c 'trap "" TERM; echo $$ >> "$REEVE_ROOT/pids"; sleep 600' &
echo $$ >> "$REEVE_ROOT/pids"
echo waiting
sleep 600
sleep 600`;
  const { result, log } = await runOne(world, script, 'timeout=1s');
  expect(result).toEqual({
    status: 'TIMED_OUT',
    error_code: 'STEP_TIMED_OUT',
    why: 'Step one took longer than 1s.',
  });
  expect(log).toBe('waiting\n');
  const pids = (await readFile(join(world.root, 'pids'), 'utf8')).trim().split('\n').map(Number);
  expect(pids).toHaveLength(3);
  await until(() => pids.every((pid) => !alive(pid)));
  expect(await strays({ attemptId: `${world.job}.1` })).toEqual([]);
}, 30_000);

test('cancelling stops the step with the reason it was given', async () => {
  const world = await makeWorld();
  await world.write('x', one('echo $$ > "$REEVE_ROOT/pid"\nsleep 600'));
  const plan = await world.plan('x');
  const stop = new AbortController();
  const running = runPlan(world.runner, plan, await world.context(plan, { signal: stop.signal }));
  await until(() => existsSync(join(world.root, 'pid')));
  await until(async () => (await readFile(join(world.root, 'pid'), 'utf8')).endsWith('\n'));
  stop.abort(fail('JOB_CANCELLED', { by: 'ana', reason: 'wrong one' }));
  const { results } = await running;
  expect(results['one']).toMatchObject({
    status: 'CANCELLED',
    error_code: 'JOB_CANCELLED',
    why: 'The job was cancelled by ana: wrong one.',
  });
  expect(alive(Number(await readFile(join(world.root, 'pid'), 'utf8')))).toBe(false);
  const again = await world.runner.run(
    plan.steps[0] ?? never(),
    await world.context(plan, { signal: stop.signal }),
  );
  expect(again.status).toBe('CANCELLED');
});

const never = (): never => {
  throw new Error('there is a step');
};

test('what a step leaves running in its group ends with the step', async () => {
  const world = await makeWorld();
  const { result } = await runOne(world, 'sleep 600 &\necho $! > "$REEVE_ROOT/pid"\necho done');
  expect(result?.status).toBe('PASS');
  const pid = Number(await readFile(join(world.root, 'pid'), 'utf8'));
  await until(() => !alive(pid));
});

test('output beyond the limit stops the step', async () => {
  const world = await makeWorld({ estate: { limits: { output_bytes: 4096 } } });
  const { result, log } = await runOne(world, 'yes');
  expect(result).toMatchObject({ status: 'FAIL', error_code: 'STEP_OUTPUT_LIMIT' });
  expect(log.length).toBeLessThanOrEqual(4096);
});

test('a slow log holds the step up and loses nothing', async () => {
  const world = await makeWorld();
  await world.write(
    'x',
    one(
      'i=0; while [ $i -lt 3000 ]; do echo "line $i 0123456789012345678901234567890123456789"; i=$((i+1)); done',
    ),
  );
  const plan = await world.plan('x');
  let text = '';
  let inside = 0;
  const context = await world.context(plan, {
    log: async (_, chunk) => {
      inside++;
      expect(inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      text += Buffer.from(chunk).toString();
      inside--;
    },
  });
  expect((await world.runner.run(plan.steps[0] ?? never(), context)).status).toBe('PASS');
  expect(text.trim().split('\n')).toHaveLength(3000);
});

test('a log that fails fails the step and leaves nothing running', async () => {
  const world = await makeWorld();
  await world.write('x', one('echo $$ > "$REEVE_ROOT/pid"\necho hello\nsleep 600'));
  const plan = await world.plan('x');
  const context = await world.context(plan, { log: () => Promise.reject(new Error('the log is full')) });
  expect(await world.runner.run(plan.steps[0] ?? never(), context)).toMatchObject({
    status: 'FAIL',
    why: expect.stringContaining('the log is full') as string,
  });
  expect(alive(Number(await readFile(join(world.root, 'pid'), 'utf8')))).toBe(false);
});

test('attack 49: a secret is never in argv, and is redacted from output and error', async () => {
  const secret = 'tr0ub4dor-and-3-horses';
  const world = await makeWorld({
    services: {
      secrets: async (names) =>
        Object.fromEntries(names.map((n) => [n.toUpperCase().replaceAll('-', '_'), secret])),
    },
  });
  const script = `tr "\\0" "\\n" < /proc/$$/cmdline > "$REEVE_ROOT/argv"
printf '%s' "$API_TOKEN" | base64
printf 'user:%s' "$API_TOKEN" | base64
printf '%s' "$API_TOKEN" | cut -c1-8 | tr -d '\\n'; printf '%s\\n' "$API_TOKEN" | cut -c9-
echo "failed with $API_TOKEN" >&2
exit 1`;
  await world.write('x', one(script), 'secrets: [api-token]\n');
  const plan = await world.plan('x');
  expect(plan.environment_names).toContain('API_TOKEN');
  const { results, log } = await runPlan(world.runner, plan, await world.context(plan));
  const argv = await readFile(join(world.root, 'argv'), 'utf8');
  expect(argv).toContain('-eu');
  expect(argv + JSON.stringify(plan)).not.toContain(secret);
  expect(log).toContain(secret);
  const redactor = createRedactor([secret]);
  for (const text of [log, results['one']?.why ?? ''])
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64').slice(0, 20),
      Buffer.from(`user:${secret}`).toString('base64').slice(8, 30),
    ])
      expect(redactor.text(text)).not.toContain(form);
  expect(redactor.text(results['one']?.why ?? '')).toContain('failed with [redacted]');
});

test('a missing secret or interpreter fails the step, and a foreign plan is refused', async () => {
  const world = await makeWorld({ services: { secrets: async () => ({}) } });
  expect((await runOne(world, 'true', '', 'secrets: [token]\n')).result?.error_code).toBe('SECRET_NOT_FOUND');
  await world.write('x', one('true'));
  const plan = await world.plan('x');
  const step = plan.steps[0] ?? never();
  const context = await world.context(plan);
  const gone = { ...step, spec: { ...step.spec, argv: ['/nonexistent/sh', '-c'] } };
  expect(await world.runner.run(gone, context)).toMatchObject({
    status: 'FAIL',
    error_code: 'STEP_FAILED',
    why: expect.stringContaining('ENOENT') as string,
  });
  expect(await world.runner.run({ ...step, spec: { script: 'true' } }, context)).toMatchObject({
    status: 'FAIL',
  });
  expect(await world.runner.run({ ...step, kind: 'nope' }, context)).toMatchObject({ status: 'FAIL' });
  expect(await readdir(context.scratch)).toEqual([]);
});

test('stopping a step leaves another daemon’s attempt of the same id alone', async () => {
  const ours = await makeWorld();
  const theirs = await makeWorld();
  theirs.job = ours.job;
  const script = one('setsid sleep 600 &\necho $! > "$REEVE_ROOT/pid"\nsleep 600');
  const start = async (world: World) => {
    await world.write('x', script);
    const plan = await world.plan('x');
    const stop = new AbortController();
    const running = runPlan(world.runner, plan, await world.context(plan, { signal: stop.signal }));
    const file = join(world.root, 'pid');
    await until(async () => existsSync(file) && (await readFile(file, 'utf8')).endsWith('\n'));
    return { stop, running, pid: Number(await readFile(file, 'utf8')) };
  };
  const [a, b] = [await start(ours), await start(theirs)];
  a.stop.abort(fail('JOB_CANCELLED', { by: 'ana', reason: 'x' }));
  await a.running;
  await until(() => !alive(a.pid));
  expect(alive(b.pid)).toBe(true);
  b.stop.abort(fail('JOB_CANCELLED', { by: 'ana', reason: 'x' }));
  await b.running;
  expect(alive(b.pid)).toBe(false);
});
