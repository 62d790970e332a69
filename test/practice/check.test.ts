import { expect, test } from 'vitest';
import { estateChecks } from '../../daemon/compose/estate-checks.ts';
import { checkEstate } from '../../daemon/estate/load.ts';

const HEAD = `version: 1
estate: { name: t }
projects: { shop: { environments: { prod: {} } } }
probes:
  web: { kind: tcp, project: shop, env: prod, host: 127.0.0.1, port: 1 }
  old: { kind: tcp, project: shop, env: prod, host: 127.0.0.1, port: 1, enabled: false }
slos:
`;

/** `line severity: message` of every mistake in the lines below. */
async function problems(slos: string): Promise<string[]> {
  const found = await checkEstate(Buffer.from(HEAD + slos), estateChecks({ has: async () => true }));
  return found.problems.map(({ line, message, severity }) => `${line} ${severity}: ${message}`);
}

test('an objective that is in order has no problems', async () => {
  expect(
    await problems(
      "  a: { project: shop, env: prod, probes: [web], objective: '99.9', window: 30d, latency: 800ms }\n",
    ),
  ).toEqual([]);
});

test('every mistake has its line and what to write instead', async () => {
  expect(
    await problems(`  a: { project: shpo, env: prod, probes: [wbe, web, web], objective: '99.9' }
  b: { project: shop, env: prd, probes: [old], objective: '0' }
  c: { project: shop, env: prod, probes: [web], objective: '90', window: 90d }
  d: { project: shop, env: prod, probes: [web], objective: '99', min_bad: 1, latency: 5s, window: 30m }
`),
  ).toEqual([
    '8 error: slos.a.project: no project shpo; did you mean shop?',
    '8 error: slos.a.probes.0: no probe wbe; did you mean web?',
    '8 error: slos.a.probes.2: web stands here twice',
    '9 error: slos.b.env: no environment prd; did you mean prod?',
    '9 warning: slos.b.probes.0: old is disabled and counts for nothing',
    '9 error: slos.b.objective: an objective of 0 % is none',
    '10 warning: slos.c.objective: even when everything fails, the budget of 90 % is not spent 14.4 times too fast: the alert over 1h never comes',
    '10 warning: slos.c.window: samples are not kept so long (watch.retention): older ones are counted until the next start only',
    '11 warning: slos.d.min_bad: one failed run of a probe may page; 2 or more keep it from that',
    '11 warning: slos.d.latency: no probe waits so long: a slower answer is down already',
    '11 error: slos.d.window: a window below 1h has no alert',
  ]);
});
