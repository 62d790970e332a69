import { expect, test } from 'vitest';
import { ask } from '../../helpers/probing.ts';
import { lacks } from '../../helpers/needs.ts';

const noPing = lacks('ping', 'iputils-ping');

test.skipIf(noPing)('a host that answers is up, with its mean round trip', async () => {
  expect(await ask('icmp', { host: '127.0.0.1', count: 2 })).toMatchObject({
    verdict: 'up',
    ms: expect.any(Number),
    figures: { loss_percent: 0, min_ms: expect.any(Number), max_ms: expect.any(Number) },
    near: true,
  });
});

test.skipIf(noPing)('a host that does not answer in time is down, and ping is gone soon after', async () => {
  // TEST-NET-1 answers nobody (RFC 5737); without a route it is our own trouble.
  const finding = await ask('icmp', { host: '192.0.2.1', count: 20 }, { allowed: ['192.0.2.0/24'], ms: 400 });
  expect(finding).toMatchObject({ verdict: expect.stringMatching(/^(down|inconclusive)$/), ms: null });
  expect(await ask('process', { cmdline: 'ping -4 * 192.0.2.1', min: 0, max: 0 })).toMatchObject({
    verdict: 'up',
    figures: { count: 0 },
  });
});

test('attack 48: an address that nobody allowed is not pinged', async () => {
  for (const host of ['127.0.0.1', 'localhost', '2130706433', '169.254.169.254', '[::ffff:127.0.0.1]'])
    expect(await ask('icmp', { host }, { allowed: [] })).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('ADDRESS_REFUSED'),
    });
});

test('attack 46: a host that looks like an option is a name that does not exist', async () => {
  const finding = await ask('icmp', { host: '-f127.0.0.1' });
  expect(['down', 'inconclusive']).toContain(finding.verdict);
  expect(finding.why).toContain('-f127.0.0.1');
});
