import { expect, test } from 'vitest';
import { estateChecks } from '../../daemon/compose/estate-checks.ts';
import { checkEstate } from '../../daemon/estate/load.ts';

/** `line severity: message` of every mistake. */
async function problems(text: string): Promise<string[]> {
  const estate = [
    'version: 1',
    'estate: { name: t }',
    'projects: { shop: { environments: { dev: {} } } }',
    'probes:',
    '  web: { kind: tcp, project: shop, env: dev, host: h, port: 1 }',
    '  off: { kind: tcp, project: shop, env: dev, host: h, port: 1, enabled: false }',
    text,
  ].join('\n');
  const found = await checkEstate(Buffer.from(estate), estateChecks({ has: async () => true }));
  return found.problems.map(
    ({ line, message, severity }) =>
      `${line} ${severity}: ${message.replace(/^(healing|incidents)[.\w]*: /, '')}`,
  );
}
const rule = (keys: string): string => `healing:\n  again: { runbook: heal, ${keys} }`;
const place = 'project: shop, env: dev';

test('rules that are in order have no problems', async () => {
  expect(await problems(rule(`${place}, on: { probes: [web] }, wait: 30s`))).toEqual([]);
  expect(await problems(rule(`${place}, on: { keys: ['probe:web'], sources: [probe, person] }`))).toEqual([]);
  expect(await problems(rule(`${place}, on: { projects: [shop], environments: [dev] }`))).toEqual([]);
});

test.each([
  ['project', `project: shpo, env: dev, on: {}`, '8 error: no project shpo; did you mean shop?'],
  ['environment', `project: shop, env: prod, on: {}`, '8 error: no environment prod; there is dev'],
  ['probe', `${place}, on: { probes: [wbe] }`, '8 error: no probe wbe; did you mean web?'],
  [
    'disabled probe',
    `${place}, on: { probes: [off] }`,
    '8 warning: off is disabled, so nothing of it is ever healed',
  ],
  [
    'project of the match',
    `${place}, on: { projects: [shpo] }`,
    '8 error: no project shpo; did you mean shop?',
  ],
  [
    'environment of the match',
    `${place}, on: { environments: [prod] }`,
    '8 error: no environment prod; there is dev',
  ],
  [
    'source without a probe',
    `${place}, on: { sources: [drill] }`,
    '8 error: an incident of a drill has no probe, and without one nothing could tell whether the heal worked',
  ],
  [
    'key without a probe',
    `${place}, on: { keys: ['deploy:shop/dev'] }`,
    '8 error: "deploy:shop/dev" has no probe that could tell whether the heal worked; keys here are probe:<name>',
  ],
  ['key of no probe', `${place}, on: { keys: ['probe:wbe'] }`, '8 error: no probe wbe; did you mean web?'],
  [
    'too little time',
    `${place}, on: { probes: [web] }, verify_within: 2s`,
    '8 error: 2 s is less than one run of web may take (5 s)',
  ],
])('a mistake is told with its line: %s', async (_name, keys, expected) => {
  expect(await problems(rule(keys))).toEqual([expected]);
});

test('the folder of the postmortems lies below the project', async () => {
  for (const folder of ['../out', '/srv', 'a/../../b'])
    expect(await problems(`incidents: { postmortems: ${folder} }`)).toEqual([
      `7 error: "${folder}" must be a folder below the project's path`,
    ]);
  expect(await problems('incidents: { postmortems: docs/postmortems }')).toEqual([]);
});
