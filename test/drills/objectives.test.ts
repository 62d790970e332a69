import os from 'node:os';
import { expect, test } from 'vitest';
import { openWorld } from '../helpers/app.ts';
import { until } from '../helpers/daemon.ts';

const ESTATE = `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
projects:
  shop: { path: ., environments: { dev: {} } }
`;

const drill = (work: string): string => `---
runbook: trial
title: A trial
action: run_drill
timeout: 1m
objectives: { rto: 1s }
---
## Measure
\`\`\`sh { name=measure }
echo rto_ms=5000 >> "$REEVE_OUTPUT"
${work}
\`\`\`
`;

test.each([
  ['unchanged', 'true'],
  ['edited while it runs', "echo 'and more prose' >> runbooks/trial.md"],
  ['removed while it runs', 'rm runbooks/trial.md'],
])('a drill is held against the objectives of the version that ran: %s', async (_how, work) => {
  const world = await openWorld({ estate: ESTATE, runbooks: { 'trial.md': drill(work) } });
  const started = await world.as('root', {
    command: 'run',
    args: { runbook: 'trial', project: 'shop', env: 'dev' },
    force: true,
  });
  expect(started.ok).toBe(true);
  await until(async () => (await world.records('drill.result')).length > 0);
  const [result] = await world.records('drill.result');
  expect(result?.body).toMatchObject({
    verdict: 'FAIL',
    rto_ms: 5000,
    objective_rto_ms: 1000,
    why: 'RTO is 5 s, over the objective of 1 s',
  });
});
