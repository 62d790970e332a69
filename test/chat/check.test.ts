import { expect, test } from 'vitest';
import { openChatRig, ESTATE, APPROVALS } from './rig.ts';

test('a channel for heads or reports that nothing posts to is said when the estate is checked', async () => {
  const named = ESTATE.replace(`approvals: "${APPROVALS}"`, `heads: "${APPROVALS}", reports: "${APPROVALS}"`);
  const rig = await openChatRig({ estate: named });
  const said = async () => JSON.stringify((await rig.as('root', { command: 'config check' })).blocks);
  expect(await said()).toMatch(/Nothing posts heads here.*Nothing is told here/);
  await rig.write(
    'reeve.yaml',
    `${named}schedules:
  heads: { runbook: ledger-head, cron: '0 * * * *', project: shop, env: dev }
alerts: { channels: { weekly: { kind: chat, topic: reports } } }
`,
  );
  expect(await said()).not.toMatch(/Nothing posts heads here|Nothing is told here/);
});
