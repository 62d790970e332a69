import { expect, test } from 'vitest';
import { estateChecks } from '../../daemon/compose/estate-checks.ts';
import { checkEstate } from '../../daemon/estate/load.ts';

/** `line: message` of every mistake. */
async function problems(text: string): Promise<string[]> {
  const estate = `version: 1\nestate: { name: t }\nprojects: { shop: { environments: { dev: {} } } }\n${text}`;
  const found = await checkEstate(Buffer.from(estate), estateChecks({ has: async () => true }));
  return found.problems.map(({ line, message, severity }) => `${line} ${severity}: ${message}`);
}
const probe = (keys: string): string => `{ kind: tcp, project: shop, env: dev, host: h, port: 1${keys} }`;

test('an estate whose probes and windows are in order has no problems', async () => {
  expect(
    await problems(
      [
        'probes:',
        `  gate: ${probe('')}`,
        `  web: ${probe(', depends_on: [gate], interval: 1s, timeout: 900ms')}`,
        'maintenance:',
        "  nightly: { cron: '0 4 * * *', duration: 1h, timezone: Europe/Berlin, probes: [web] }",
        '  move: { from: 2026-12-01T22:00, until: 2026-12-02T02:00, projects: [shop] }',
        'watch: { uplink: ["1.1.1.1:443", "[2606:4700::1111]:443"] }',
      ].join('\n'),
    ),
  ).toEqual([]);
});

test.each([
  [
    'kind',
    `{ kind: tpc, project: shop, env: dev, host: h, port: 1 }`,
    'no kind of probe tpc; did you mean tcp?',
  ],
  ['key of the kind', probe(', hots: x'), 'unknown key "hots"; did you mean host?'],
  ['common key', probe(', intervall: 5s'), 'unknown key "intervall"; did you mean interval?'],
  ['key of nothing', probe(', zebra: 5s'), 'unknown key "zebra"; tcp knows host, port'],
  [
    'missing key',
    `{ kind: tcp, project: shop, env: dev, host: h }`,
    '"port" is missing: a probe of kind tcp needs it',
  ],
  ['value', `{ kind: tcp, project: shop, env: dev, host: h, port: 99999 }`, 'probes.p.port: too big'],
  [
    'project',
    `{ kind: tcp, project: shpo, env: dev, host: h, port: 1 }`,
    'no project shpo; did you mean shop?',
  ],
  [
    'environment',
    `{ kind: tcp, project: shop, env: def, host: h, port: 1 }`,
    'no environment def; did you mean dev?',
  ],
  ['dependency', probe(', depends_on: [q]'), 'no probe q; did you mean p?'],
  ['cycle', probe(', depends_on: [p]'), 'these wait for one another: p → p'],
  [
    'timeout',
    probe(', interval: 10s, timeout: 10s'),
    'the timeout (10000 ms) must be shorter than the interval',
  ],
])('a probe with a wrong %s', async (_what, text, message) => {
  const found = await problems(`probes:\n  p: ${text}`);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^5 error: /);
  expect(found[0]).toContain(message);
});

test('a longer cycle is named whole', async () => {
  const found = await problems(
    `probes:\n  a: ${probe(', depends_on: [b]')}\n  b: ${probe(', depends_on: [c]')}\n  c: ${probe(', depends_on: [a]')}`,
  );
  expect(found).toEqual(['5 error: probes.a.depends_on: these wait for one another: a → b → c → a']);
});

test.each([
  ["{ cron: '0 4 * * *' }", 'needs `duration`'],
  ["{ cron: '61 4 * * *', duration: 1h }", 'cron'],
  ["{ cron: '0 0 30 2 *', duration: 1h }", 'never due'],
  ["{ cron: '0 4 * * *', duration: 1h, from: 2026-12-01T22:00 }", 'either `cron` and `duration`, or'],
  ['{ title: nothing }', 'either `cron` and `duration`, or'],
  ['{ from: 2026-12-02T22:00, until: 2026-12-01T22:00 }', 'not after'],
  ["{ cron: '0 4 * * *', duration: 1h, timezone: Mars/Base }", 'no time zone Mars/Base'],
  ["{ cron: '0 4 * * *', duration: 1h, probes: [wep] }", 'no probe wep; there is none yet'],
  ["{ cron: '0 4 * * *', duration: 1h, projects: [shpo] }", 'did you mean shop?'],
])('the window %s', async (text, message) => {
  const found = await problems(`maintenance:\n  w: ${text}`);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^5 error: maintenance\.w/);
  expect(found[0]).toContain(message);
});

test('an uplink that is no host:port', async () => {
  expect(await problems('watch: { uplink: [1.1.1.1] }')).toEqual([
    '4 error: watch.uplink.0: "1.1.1.1" is not host:port, such as 1.1.1.1:443',
  ]);
});
