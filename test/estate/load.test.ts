import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import { EstateConfig } from '../../contracts/estate.ts';
import { findEstate, loadEstate, parseEstate, SHIPPED } from '../../daemon/estate/load.ts';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-estate-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 20 }));

const MINIMAL = `version: 1
estate: { name: test }
projects:
  web:
    environments: { dev: {}, prod: { approvals: 1 } }
`;
const parse = (text: string): ReturnType<typeof parseEstate> => parseEstate(Buffer.from(text));

/** All mistakes of a text as `line:col: message`. */
async function mistakes(text: string): Promise<string[]> {
  try {
    await parse(text);
  } catch (error) {
    if (!(error instanceof ReeveError) || error.code !== 'CONFIG_INVALID') throw error;
    return (error.more ?? []).map((line) => line.replace(/^reeve\.yaml:/, ''));
  }
  throw new Error('it was accepted');
}

test('the shipped file is valid, without a warning, and found when the working directory has none', async () => {
  expect(await findEstate(undefined, dir)).toBe(SHIPPED);
  const estate = await loadEstate(SHIPPED);
  expect(estate.warnings).toEqual([]);
  expect(estate.config.schedules['self-restore']).toMatchObject({ runbook: 'self-restore', at_start: true });
  expect(Object.keys(estate.config.projects)).toEqual(['reeve', 'my-project']);
  expect(estate.root).toBe(path.dirname(SHIPPED));
});

test('every key of the schema stands in the shipped file, so that it teaches all of them', async () => {
  const text = fs.readFileSync(SHIPPED, 'utf8');
  const keys = (schema: unknown): string[] => {
    if (typeof schema !== 'object' || schema === null) return [];
    const properties = 'properties' in schema ? Object.keys(schema.properties ?? {}) : [];
    return [...properties, ...Object.values(schema).flatMap(keys)];
  };
  const { z } = await import('zod');
  const all = new Set(keys(z.toJSONSchema(EstateConfig, { io: 'input' })));
  const absent = [...all].filter((key) => !new RegExp(`\\b${key}:`).test(text));
  expect(absent).toEqual([]);
});

test('a file in the working directory wins, a named one wins over that', async () => {
  fs.writeFileSync(path.join(dir, 'reeve.yaml'), MINIMAL);
  expect(await findEstate(undefined, dir)).toBe(path.join(dir, 'reeve.yaml'));
  expect(await findEstate('/x/y.yaml', dir)).toBe('/x/y.yaml');
});

test('keys that would sign nothing are a mistake', async () => {
  const [first] = await mistakes(MINIMAL.replace('{ approvals: 1 }', '{ cosign: true }'));
  expect(first).toContain('nothing is signed where no approval is asked for');
});

test('what is loaded is frozen to its depth, defaults filled in, durations in ms', async () => {
  const { config } = await parse(MINIMAL.replace('approvals: 1', 'request_lifetime: 30m'));
  expect(config.projects['web']?.environments['prod']).toEqual({
    approvals: 0,
    cosign: false,
    request_lifetime: 1_800_000,
    confirm_typed: false,
  });
  expect(() => Reflect.set(config.projects, 'x', 1)).not.toThrow();
  expect(config.projects['x']).toBeUndefined();
  expect(Object.isFrozen(config.projects['web']?.environments['dev'])).toBe(true);
});

test('all mistakes come at once, each with its line and column, unknown keys with a suggestion', async () => {
  const text = `version: 1
estate:
  name: Test
  timzone: UTC
people:
  ana: { roles: [operater], os_users: [ana] }
projects:
  web:
    environment: { dev: {} }
`;
  expect(await mistakes(text)).toEqual([
    '3:9: estate.name: use lower-case letters, digits, - and _, starting with a letter',
    '4:3: estate: unknown key "timzone"; did you mean timezone?',
    '9:5: projects.web: "environments" is missing',
    '9:5: projects.web: unknown key "environment"; did you mean environments?',
  ]);
});

test('the error itself names the file, the place and the count', async () => {
  await expect(parse('version: 2\nestate: { name: a }\nprojects: {}\n')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    at: 'reeve.yaml:1:10',
    message: expect.stringMatching(/^reeve\.yaml has 2 mistakes: reeve\.yaml:1:10: version: /) as string,
    exit: 2,
  });
});

test.each([
  [
    'roles of people',
    'people:\n  ana: { roles: [operater] }\n',
    '7:18: people.ana.roles.0: no role operater; did you mean operator?',
  ],
  [
    'accounts of two people',
    'people:\n  ana: { roles: [admin], os_users: [ana] }\n  bob: { roles: [viewer], os_users: [ana] }\n',
    '8:38: people.bob.os_users.0: the account ana belongs to ana already',
  ],
  [
    'reserved ids',
    'people:\n  daemon: { roles: [admin] }\n',
    '7:3: people: daemon stands for Reeve itself; use another id',
  ],
  [
    'projects of schedules',
    "schedules:\n  a: { runbook: x, cron: '* * * * *', project: wep, env: dev }\n",
    '7:48: schedules.a.project: no project wep; did you mean web?',
  ],
  [
    'environments of schedules',
    "schedules:\n  a: { runbook: x, cron: '* * * * *', project: web, env: qa }\n",
    '7:58: schedules.a.env: no environment qa; there is dev, prod',
  ],
  [
    'cron lines',
    "schedules:\n  a: { runbook: x, cron: '61 * * * *', project: web, env: dev }\n",
    /^7:26: schedules\.a\.cron: "61 \* \* \* \*" is no cron line/,
  ],
  [
    'cron lines that are never due',
    "schedules:\n  a: { runbook: x, cron: '0 0 30 2 *', project: web, env: dev }\n",
    '7:26: schedules.a.cron: "0 0 30 2 *" is never due',
  ],
  [
    'time zones',
    "schedules:\n  a: { runbook: x, cron: '* * * * *', project: web, env: dev, timezone: Mars/Base }\n",
    '7:73: schedules.a.timezone: no time zone Mars/Base',
  ],
  [
    'projects of roles',
    'roles:\n  r: { verbs: [view], projects: [nope] }\n',
    '7:34: roles.r.projects.0: no project nope; there is web',
  ],
  [
    'paths that leave the estate',
    'runbooks: { path: ../other }\n',
    '6:19: runbooks.path: must be a folder inside the estate',
  ],
  [
    'zones that leave the estate',
    'zones: { state: [/etc] }\n',
    '6:18: zones.state.0: must be a folder inside the estate',
  ],
])('cross-check: %s', async (_, more, want) => {
  const [first] = await mistakes(MINIMAL + more);
  expect(first).toMatch(want);
});

const prod = (policy: string, people: string): string => MINIMAL.replace('{ approvals: 1 }', policy) + people;

test('approvals that can never come in are a mistake; ones that can hardly, a warning', async () => {
  const ana = 'people:\n  ana: { roles: [approver] }\n';
  expect(await mistakes(prod('{ approvals: 3 }', ana))).toEqual([
    '5:49: projects.web.environments.prod.approvals: 3 approvals are asked for, but only 2 could approve: ana, owner',
  ]);
  expect((await parse(prod('{ approvals: 1 }', ana))).warnings).toEqual([]);
  expect((await parse(prod('{ approvals: 1 }', ''))).warnings).toEqual([
    expect.stringContaining(
      'reeve.yaml:5:49: projects.web.environments.prod.approvals: 1 approval is asked for of owner',
    ) as string,
  ]);
  const viewer = 'people:\n  vic: { roles: [viewer] }\n';
  expect(await mistakes(prod('{ approvers: [vic, ann] }', viewer))).toEqual([
    '5:50: projects.web.environments.prod.approvers.0: vic has no role with the verb approve here',
    '5:55: projects.web.environments.prod.approvers.1: no person ann; there is vic',
  ]);
});

const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${Array.from('bcdefghi', (c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(', ')}]`).join('\n')}\n`;

test.each([
  ['an alias bomb', bomb],
  ['too many bytes', `${MINIMAL}#${'x'.repeat(1024 * 1024)}`],
  ['deep brackets', `version: ${'['.repeat(500_000)}`],
  ['deep lists', `version: ${'- '.repeat(500_000)}`],
  ['deep keys', `${'? '.repeat(500_000)}a`],
  ['deep indentation', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ['two documents', `${MINIMAL}---\n${MINIMAL}`],
  ['a duplicate key', `${MINIMAL}projects: {}\n`],
  ['an unknown tag', `${MINIMAL}limits: !!js/function 'x'\n`],
  ['nothing', ''],
  ['a comment', '# only\n'],
  ['a word', 'hello'],
  ['JSON', '[1,2,3]'],
  ['__proto__', `${MINIMAL}__proto__: { polluted: true }\n`],
  ['constructor', `${MINIMAL}constructor: { prototype: {} }\n`],
  ['__proto__ as a project', MINIMAL.replace('web:', '__proto__:')],
  ['a control character', 'version: 1\u0000'],
  ['an endless quote', `version: "${'x\n'.repeat(50_000)}`],
  ['many mistakes', `version: 1\n${Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')}`],
])('refused within bounds: %s', async (_, text) => {
  const found = await mistakes(text);
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThanOrEqual(50);
  expect(found[0]).toMatch(/^\d+:\d+: /);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test('bytes that are not UTF-8 and folders are refused, a missing file is named', async () => {
  await expect(parseEstate(Buffer.from([0x76, 0xff, 0xfe]))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  await expect(loadEstate(dir)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(loadEstate(path.join(dir, 'no.yaml'))).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
});

/** What parsing these bytes came to: accepted, refused with its mistakes named, or something that must not happen. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    await parseEstate(bytes);
    return 'accepted';
  } catch (error) {
    const known = error instanceof ReeveError && error.code === 'CONFIG_INVALID';
    return known && (error.more ?? []).length > 0 ? 'refused' : String(error);
  }
}
const fine = /^(accepted|refused)$/;

test('fuzz: arbitrary bytes are either valid or CONFIG_INVALID', async () => {
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
    expect(await outcome(bytes)).toMatch(fine);
  });
  await fc.assert(property, { numRuns: 500 });
});

test('fuzz: arbitrary structures under the known keys are either valid or CONFIG_INVALID', async () => {
  const known = fc.constantFrom(...Object.keys(EstateConfig.shape), 'x', '__proto__');
  const document = fc.dictionary(known, fc.jsonValue({ maxDepth: 4 }));
  const property = fc.asyncProperty(document, async (value) => {
    expect(await outcome(Buffer.from(JSON.stringify(value)))).toMatch(fine);
  });
  await fc.assert(property, { numRuns: 500 });
});

test('fuzz: the shipped file with pieces cut, doubled and swapped is either valid or CONFIG_INVALID', async () => {
  const text = fs.readFileSync(SHIPPED);
  const at = fc.nat({ max: text.length });
  const noise = fc.constantFrom(
    '',
    ' ',
    '\n',
    '\t',
    ':',
    '- ',
    '{',
    '[',
    '"',
    "'",
    '&a ',
    '*a',
    '!',
    '|',
    '\0',
    '\ufeff',
    '---\n',
  );
  const edit = fc.tuple(at, at, noise);
  await fc.assert(
    fc.asyncProperty(edit, async ([a, b, insert]) => {
      const cut = Buffer.concat([text.subarray(0, a), Buffer.from(insert), text.subarray(b)]);
      expect(await outcome(cut)).toMatch(fine);
    }),
    { numRuns: 150 },
  );
});
