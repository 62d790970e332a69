import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Runbook } from '../../contracts/runbook.ts';
import { fileArtifacts } from '../../daemon/artifacts/store.ts';
import { systemClock } from '../../daemon/clock.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { callRunbook } from '../../daemon/jobs/call.ts';
import type { Runbooks } from '../../daemon/ports/runbooks.ts';
import { createRedactor } from '../../daemon/redact.ts';
import { createRunbooks, createStepRunner } from '../../daemon/runbook/index.ts';
import { tempDir } from '../helpers/ledger.ts';
import { CONFIG_DIGEST, TestConfig } from './parts.ts';
import { World, until } from './world.ts';

/** The engine with the loader, planner, step kinds, artifacts and redaction that the daemon uses. */
async function real(files: Record<string, string>) {
  const home = await tempDir('reeve-real-');
  await mkdir(join(home, 'runbooks'));
  for (const [name, text] of Object.entries(files))
    await writeFile(join(home, 'runbooks', `${name}.md`), text);
  await mkdir(join(home, 'store'), { mode: 0o700 });
  const artifacts = fileArtifacts({ fs: nodeFs, dir: join(home, 'store') });
  const config = new TestConfig(home);
  const runbooks: Runbooks = createRunbooks({ config, fs: nodeFs });
  const world: World = await World.open({
    home,
    secrets: { token: 'hunter2hunter2' },
    services: {
      call: (request) => {
        const { engine: jobs, grants } = world;
        return callRunbook({ jobs, grants, runbooks, artifacts }, request);
      },
    },
    engine: {
      artifacts,
      config,
      runbooks,
      redactor: (values) => createRedactor(values),
      steps: createStepRunner({ clock: systemClock, config }),
    },
  });
  const submit = async (id: string, caps: string[] = []) => {
    const plan = await runbooks.plan({ runbook: id, project: 'shop', env: 'staging', inputs: {} });
    expect(plan.config_version).toBe(CONFIG_DIGEST);
    const runbook: Runbook = await runbooks.get(id);
    const request = await world.request({ runbook, plan }, { caps });
    return (await world.engine.submit(request)).job_id;
  };
  const run = async (id: string, caps: string[] = []) => {
    const job = await submit(id, caps);
    await world.engine.wait(job);
    return world.engine.get(job);
  };
  return { home, world, run, submit };
}

const front = (id: string, more = ''): string => `---\nrunbook: ${id}\ntitle: ${id}\n${more}---\n`;

test('a runbook file becomes a job: outputs, a secret that never shows, an assertion, a citation of its line', async () => {
  const text = `${front('ship', 'secrets: [token]\n')}
## 1. Make

\`\`\`sh { name=make }
echo "version=1.2.3" >> "$REEVE_OUTPUT"
echo "using $TOKEN"; printf %s "$TOKEN" | base64
\`\`\`

## 2. Look

\`\`\`assert { name=look }
steps.make.outputs.version == "1.2.3"
\`\`\`
`;
  const { world, run } = await real({ ship: text });
  const job = await run('ship');
  expect(job.attempts[0]?.why).toBeUndefined();
  expect(job.status).toBe('PASS');
  expect(job.attempts[0]?.outputs).toMatchObject({ version: '1.2.3' });
  const logs = JSON.stringify(await world.engine.logs(job.spec.job_id));
  expect(logs).toContain('using [redacted]');
  expect(logs).not.toContain(Buffer.from('hunter2hunter2').toString('base64'));
  const line = text.split('\n').findIndex((l) => l.startsWith('```sh')) + 1;
  expect(world.trajectory[0]?.grounding).toMatchObject({
    source: `runbooks/ship.md:L${line}`,
    step: 'make',
  });
  expect(JSON.stringify(world.trajectory[0]?.grounding)).toContain('version=1.2.3');
});

const CALLER = `${front('outer')}
\`\`\`sh { name=first }
echo first
\`\`\`

\`\`\`call { name=inner runbook=inner }
\`\`\`

\`\`\`assert { name=after }
steps.inner.outputs.answer == "42"
\`\`\`
`;
const CALLED = `${front('inner', 'action: heal\n')}
\`\`\`sh { name=work }
echo "answer=42" >> "$REEVE_OUTPUT"
\`\`\`
`;

test('a called runbook is a job of its own under a child of the caller’s grant', async () => {
  const { world, run } = await real({ outer: CALLER, inner: CALLED });
  const job = await run('outer', ['heal:staging']);
  expect(job.attempts[0]?.why).toBeUndefined();
  expect(job.status).toBe('PASS');
  const inner = world.engine.list({ runbook: 'inner' })[0];
  expect(inner?.spec).toMatchObject({
    parent: job.spec.job_id,
    anchor: { kind: 'parent', id: `${job.spec.job_id}.1/inner` },
  });
  const issued = await world.records('grant.issued');
  const byId = new Map(issued.map(({ body }) => [body.grant.gid, body.grant]));
  const child = byId.get(inner?.spec.grant_id ?? '');
  expect(child).toMatchObject({ cap: ['heal:staging'], uses: 1, plan: inner?.spec.plan_digest });
  const attempt = byId.get(child?.par ?? '');
  expect(attempt?.par).toBe(job.spec.grant_id);
});

test('attack 15: a called runbook that needs more than the caller’s grant allows does not run', async () => {
  const { world, run } = await real({ outer: CALLER, inner: CALLED });
  const job = await run('outer');
  expect(job.status).toBe('FAIL');
  expect(job.attempts[0]?.record.error_code).toBe('GRANT_CHILD_WIDER');
  expect(world.engine.list({ runbook: 'inner' })).toEqual([]);
});

test('attack 23: the called runbook changed after the caller was confirmed', async () => {
  const slow = CALLER.replace('echo first', 'echo first; read x < fifo');
  const { home, world, submit } = await real({ outer: slow, inner: CALLED });
  const { execFileSync } = await import('node:child_process');
  execFileSync('mkfifo', [join(home, 'fifo')]);
  const id = await submit('outer', ['heal:staging']);
  await until(() => world.live.some(({ lines }) => lines.includes('first')));
  await writeFile(join(home, 'runbooks', 'inner.md'), CALLED.replace('answer=42', 'answer=43'));
  await writeFile(join(home, 'fifo'), 'go\n');
  await world.engine.wait(id);
  const job = await world.engine.get(id);
  expect(job.attempts[0]?.record.error_code).toBe('GRANT_PLAN_MISMATCH');
  expect(world.engine.list({ runbook: 'inner' })).toEqual([]);
});

test('cancelling the caller cancels what it called, with its processes', async () => {
  const called = CALLED.replace('echo "answer', 'echo inside; sleep 600; echo "answer');
  const { world, submit } = await real({ outer: CALLER, inner: called });
  const id = await submit('outer', ['heal:staging']);
  await until(() => world.live.some(({ lines }) => lines.includes('inside')));
  await world.engine.cancel(id, 'bob', 'no');
  expect((await world.engine.wait(id)).status).toBe('CANCELLED');
  expect(world.engine.list({ runbook: 'inner' })[0]?.status).toBe('CANCELLED');
});
