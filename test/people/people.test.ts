import { expect, test } from 'vitest';
import { Verb } from '../../contracts/estate.ts';
import { parseEstate } from '../../daemon/estate/load.ts';
import { createPeople, type LivePeople } from '../../daemon/people/index.ts';

const ESTATE = `version: 1
estate: { name: test }
people:
  ana: { roles: [operator, approver], os_users: [ana, 1500], discord: ['123456789012345678'], slack: [T0123ABCD/U0123ABCD], github: [42] }
  bob: { roles: [viewer] }
  cat: { roles: [captain], linear: [cat-id] }
roles:
  captain: { verbs: [view, deploy, approve, administer], projects: [web], environments: [dev, prod] }
projects:
  web: { environments: { dev: {}, staging: {}, prod: { approvals: 1, approvers: [ana, cat] } } }
  api: { environments: { dev: {}, prod: { approvals: 1 } } }
`;

async function people(
  text = ESTATE,
  owner: { uid: number; user?: string } = { uid: 1000, user: 'me' },
): Promise<LivePeople> {
  const { config } = await parseEstate(Buffer.from(text));
  const environment = (project: string, env: string) => {
    const found = config.projects[project]?.environments[env];
    if (found === undefined) throw new Error('not in this test');
    return found;
  };
  const current = () => ({ config, digest: `sha256:${'0'.repeat(64)}`, root: '/e', file: '/e/reeve.yaml' });
  return createPeople({ config: { current, environment }, owner });
}

test('attack 24: every account of a person is that one person', async () => {
  const p = await people();
  const accounts = [
    { kind: 'os', uid: 1500 },
    { kind: 'os', uid: 7, user: 'ana' },
    { kind: 'discord', id: '123456789012345678' },
    { kind: 'slack', id: 'T0123ABCD/U0123ABCD' },
    { kind: 'github', id: 42 },
  ] as const;
  expect(accounts.map((account) => p.identify(account))).toEqual(['ana', 'ana', 'ana', 'ana', 'ana']);
});

test('the owner of the home is `owner` with the role admin, unless mapped', async () => {
  const p = await people();
  expect([p.identify({ kind: 'os', uid: 1000, user: 'me' }), p.owner(), p.exists('owner')]).toEqual([
    'owner',
    'owner',
    true,
  ]);
  for (const verb of Verb.options) expect(p.allows('owner', verb)).toBe(true);
  const mapped = await people(ESTATE, { uid: 1500 });
  expect([mapped.owner(), mapped.exists('owner'), mapped.list()]).toEqual([
    'ana',
    false,
    ['ana', 'bob', 'cat'],
  ]);
  expect(mapped.allows('owner', 'view')).toBe(false);
});

test.each([
  { kind: 'os', uid: 2000, user: 'mallory' },
  { kind: 'os', uid: 2000, user: '1500' },
  { kind: 'discord', id: '1000' },
  { kind: 'slack', id: 'T0123ABCD' },
  { kind: 'linear', id: 'ana' },
  { kind: 'github', id: 1500 },
] as const)('the unmapped account %o is nobody', async (account) => {
  const p = await people();
  expect(() => p.identify(account)).toThrow(expect.objectContaining({ code: 'PERSON_UNKNOWN' }));
});

test('roles allow by verb, project and environment, and say why', async () => {
  const p = await people();
  expect(p.explain('cat', 'deploy', 'web', 'prod')).toEqual({ allowed: true, why: 'by the role captain' });
  expect(p.explain('cat', 'deploy', 'web', 'staging')).toEqual({
    allowed: false,
    why: 'no role of cat (captain) has the verb deploy on web/staging',
  });
  expect(p.allows('cat', 'deploy', 'api', 'dev')).toBe(false);
  expect(p.allows('cat', 'deploy', 'web', 'none')).toBe(false);
  expect(p.allows('ana', 'deploy', 'api', 'none')).toBe(true);
  expect(p.allows('bob', 'deploy', 'api', 'dev')).toBe(false);
  expect(() => p.require('bob', 'deploy', 'api', 'dev')).toThrow('bob may not deploy on api/dev.');
});

test('what concerns the estate as a whole is not allowed by a role for a part of it', async () => {
  const p = await people();
  expect(p.allows('cat', 'administer')).toBe(false);
  expect(p.allows('cat', 'administer', 'web')).toBe(false);
  expect(p.allows('cat', 'administer', 'web', 'dev')).toBe(true);
  expect(p.allows('cat', 'view')).toBe(true);
  expect(p.allows('cat', 'view', 'web')).toBe(true);
  expect(p.allows('cat', 'view', 'api')).toBe(false);
  expect(() => p.requireEverywhere('cat', 'deploy')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  expect(() => p.requireEverywhere('ana', 'deploy')).not.toThrow();
});

test.each(['nobody', 'constructor', '__proto__', 'admin', ''])(
  'the unknown person %j may do nothing',
  async (id) => {
    const p = await people();
    expect(p.exists(id)).toBe(false);
    for (const verb of Verb.options) expect(p.allows(id, verb)).toBe(false);
    expect(() => p.requireEverywhere(id, 'view')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  },
);

test('approvers are those of the policy, or else everyone with the verb there, the unmapped owner too', async () => {
  const p = await people();
  expect(p.approversFor('web', 'prod')).toEqual(['ana', 'cat']);
  expect(p.approversFor('api', 'prod')).toEqual(['ana', 'owner']);
  expect((await people(ESTATE, { uid: 1500 })).approversFor('api', 'prod')).toEqual(['ana']);
});

test('a declared person `owner` has the declared roles, not admin', async () => {
  const p = await people(
    ESTATE.replace('  bob:', '  owner: { roles: [viewer], discord: ["999999999999999999"] }\n  bob:'),
  );
  expect(p.identify({ kind: 'os', uid: 1000 })).toBe('owner');
  expect([p.allows('owner', 'view'), p.allows('owner', 'administer')]).toEqual([true, false]);
});
