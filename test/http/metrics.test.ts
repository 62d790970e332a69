import { expect, test } from 'vitest';
import { createMetrics } from '../../daemon/http/metrics.ts';
import { jobId, jobView } from '../helpers/api-world.ts';
import { newSigner, openTest, tempDir } from '../helpers/ledger.ts';

test('metrics count what happened, and again at the next look', async () => {
  const home = await tempDir();
  const { ledger } = await openTest(`${home}/ledger`, newSigner());
  const refusals: Record<string, number> = { FORBIDDEN: 2 };
  const metrics = createMetrics({
    home,
    version: '1.2.3',
    ledger,
    jobs: {
      list: () => [jobView(1, 'shop', 'RUNNING'), jobView(2, 'shop', 'PASS'), jobView(3, 'shop', 'PASS')],
    },
    grantsActive: () => 4,
    refusals: () => refusals,
    streams: () => 1,
    flushes: () => ({ count: 9, seconds: 0.5, max_seconds: 0.1 }),
    artifactErrors: () => 3,
  });
  const end = async (n: number, status: 'PASS' | 'FAIL' | 'RUNNING'): Promise<void> => {
    const { record } = jobView(n, 'shop', status).attempts[0] ?? {};
    if (record === undefined) throw new Error('no attempt');
    await ledger.append('job.attempt', { attempt: record, fence: 1, owner: 'test' });
  };
  await end(1, 'RUNNING');
  await end(1, 'PASS');
  await end(2, 'FAIL');
  const first = await metrics();
  for (const line of [
    'reeve_info{version="1.2.3"} 1',
    `reeve_ledger_records ${ledger.head().size}`,
    'reeve_ledger_writable 1',
    'reeve_grants_active 4',
    'reeve_jobs{status="RUNNING"} 1',
    'reeve_jobs{status="PASS"} 2',
    'reeve_attempts_ended_total{status="PASS"} 1',
    'reeve_attempts_ended_total{status="FAIL"} 1',
    'reeve_refusals_total{code="FORBIDDEN"} 2',
    'reeve_event_streams 1',
    'reeve_artifact_errors_total 3',
    'reeve_ledger_flushes_total 9',
    'reeve_ledger_flush_max_seconds 0.1',
  ]) {
    expect(first.split('\n'), line).toContain(line);
  }
  expect(first).not.toContain('status="RUNNING"} 0');
  expect(first).toMatch(/reeve_storage_bytes\{kind="free"\} [1-9]/);
  expect(first).toMatch(/nodejs_eventloop_lag_seconds [\d.]/);
  expect(first).not.toContain(jobId(1));
  refusals['FORBIDDEN'] = 5;
  await end(3, 'PASS');
  const second = await metrics();
  expect(second).toContain('reeve_refusals_total{code="FORBIDDEN"} 5\n');
  expect(second).toContain('reeve_attempts_ended_total{status="PASS"} 2\n');
  await ledger.close();
});
