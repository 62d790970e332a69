import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReeveError, type ErrorCode } from '../../contracts/errors.ts';
import { EstateConfig } from '../../contracts/estate.ts';
import { grantFromFlags, type GrantFlags } from '../../daemon/grants/flags.ts';

const { projects } = EstateConfig.parse({
  version: 1,
  estate: { name: 'test' },
  projects: {
    'my-project': { environments: { dev: {}, staging: {}, prod: { approvals: 1 } } },
    site: { environments: { staging: {}, production: {} } },
  },
});
const context = { projects, person: 'alice' };
const from = (flags: Omit<GrantFlags, 'project_ids'> & { project_ids?: string | string[] }) =>
  grantFromFlags({ project_ids: 'my-project', ...flags }, context);

function code(run: () => unknown): ErrorCode | 'accepted' {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (error instanceof ReeveError) return error.code;
    throw error;
  }
}

test('the staging-only example', () => {
  expect(
    from({
      auto_deploy_dev: true,
      auto_deploy_staging: true,
      no_auto_deploy_prod: true,
      expires_in_hours: '2',
    }),
  ).toEqual({
    how: 'created',
    iss: 'alice',
    sub: 'person:alice',
    prj: ['my-project'],
    cap: ['deploy:dev', 'deploy:staging'],
    lifetime_ms: 2 * 3_600_000,
    uses: 10,
    cls: 'std',
    reason: '',
  });
});

test('the prod example with rollback', () => {
  const grant = from({ auto_deploy_prod: true, auto_rollback: true, expires_in_hours: 1 });
  expect(grant).toMatchObject({ cap: ['deploy:prod', 'rollback:prod'], lifetime_ms: 3_600_000, cls: 'std' });
});

test('the break-glass example needs a reason and is held to two hours', () => {
  const flags = { auto_deploy_prod: true, break_glass: true, expires_in_hours: 2 };
  expect(code(() => from(flags))).toBe('REASON_REQUIRED');
  expect(from({ ...flags, reason: 'site is down' })).toMatchObject({ cls: 'break_glass', uses: 1 });
  expect(code(() => from({ ...flags, reason: 'x', expires_in_hours: 2.001 }))).toBe('GRANT_LIFETIME');
  expect(code(() => from({ auto_deploy_dev: true, expires_in_hours: 25 }))).toBe('GRANT_LIFETIME');
});

test('rollback, heal and push reach the named environments, or those that are not production', () => {
  expect(from({ auto_rollback: true }).cap).toEqual(['rollback:dev', 'rollback:staging']);
  expect(from({ auto_heal: true }).cap).toEqual(['heal:dev', 'heal:none', 'heal:staging']);
  expect(from({ auto_push: true }).cap).toEqual(['patch:dev', 'patch:none', 'patch:staging']);
  expect(from({ auto_push: true, auto_deploy_prod: true }).cap).toEqual([
    'deploy:prod',
    'patch:none',
    'patch:prod',
  ]);
  expect(from({ project_ids: 'site', auto_heal: true }).cap).toEqual(['heal:none', 'heal:staging']);
});

test('--cap names the rest exactly', () => {
  expect(from({ cap: 'promote:prod, run_drill:none' }).cap).toEqual(['promote:prod', 'run_drill:none']);
  expect(from({ cap: ['run:dev'] })).toMatchObject({ cap: ['run:dev'], uses: 1 });
  expect(from({ project_ids: ['my-project,site'], cap: 'run:production' }).prj).toEqual([
    'my-project',
    'site',
  ]);
  expect(code(() => from({ cap: 'run:moon' }))).toBe('ENVIRONMENT_UNKNOWN');
  expect(code(() => from({ cap: 'fly:prod' }))).toBe('USAGE');
});

test('a flag and its opposite contradict each other', () => {
  for (const name of ['deploy_dev', 'deploy_staging', 'deploy_prod', 'rollback', 'push', 'heal'] as const) {
    expect(code(() => from({ [`auto_${name}`]: true, [`no_auto_${name}`]: true }))).toBe('USAGE');
    expect(code(() => from({ cap: 'run:dev', [`no_auto_${name}`]: true }))).toBe('accepted');
  }
});

test('attack 16: no projects, no capabilities or a star is refused', () => {
  expect(code(() => from({}))).toBe('GRANT_EMPTY_SCOPE');
  expect(code(() => from({ project_ids: ' , ', auto_push: true }))).toBe('GRANT_EMPTY_SCOPE');
  for (const cap of ['*', '*:*', 'deploy:*', '*:prod'])
    expect(code(() => from({ cap }))).toBe('GRANT_EMPTY_SCOPE');
  expect(code(() => from({ project_ids: '*', auto_push: true }))).toBe('GRANT_EMPTY_SCOPE');
});

test('attack 17: look-alikes and case in --cap and --project-ids are refused', () => {
  for (const cap of [
    'Deploy:prod',
    'dеploy:prod',
    'deploy：prod',
    'de\u0301ploy:prod',
    'deploy:prod\u200b',
  ]) {
    expect(code(() => from({ cap }))).toBe('USAGE');
  }
  for (const project_ids of ['My-Project', 'my-prоject', 'my‐project']) {
    expect(code(() => from({ project_ids, auto_push: true }))).toBe('PROJECT_UNKNOWN');
  }
});

test('attack 18: __proto__ and constructor are no actions, environments, projects or flags', () => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    expect(code(() => from({ cap: `${name}:prod` }))).toBe('USAGE');
    expect(code(() => from({ cap: `deploy:${name}` }))).not.toBe('accepted');
    expect(code(() => from({ project_ids: name, auto_push: true }))).toBe('PROJECT_UNKNOWN');
  }
  const polluted: unknown = JSON.parse(
    '{"project_ids":"my-project","auto_push":true,"__proto__":{"break_glass":true}}',
  );
  expect(code(() => grantFromFlags(polluted, context))).toBe('USAGE');
});

test('numbers and subjects that are none are usage errors', () => {
  const ok = { cap: 'run:dev' };
  for (const hours of [0, -1, NaN, Infinity, '', '1h', '0x10', ' 1']) {
    expect(
      code(() => from({ ...ok, expires_in_hours: hours })),
      String(hours),
    ).toBe('USAGE');
  }
  for (const uses of [0, -1, 1.5, 1001, '', 'ten']) expect(code(() => from({ ...ok, uses }))).toBe('USAGE');
  expect(from({ ...ok, subject: 'bob' }).sub).toBe('person:bob');
  expect(from({ ...ok, subject: 'mandate:schedule:nightly' }).sub).toBe('mandate:schedule:nightly');
  for (const subject of ['Bob', 'role:admin', 'bоb', 'person:']) {
    expect(code(() => from({ ...ok, subject }))).toBe('USAGE');
  }
});

test('property: flags of any form give a request or a ReeveError', () => {
  const value = fc.oneof(
    fc.boolean(),
    fc.string(),
    fc.double(),
    fc.array(fc.string()),
    fc.constant(undefined),
  );
  const names = [
    'project_ids',
    'cap',
    'auto_push',
    'break_glass',
    'expires_in_hours',
    'uses',
    'reason',
    'subject',
  ];
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value), (flags) => {
      expect(['string']).toContain(
        typeof code(() => grantFromFlags({ project_ids: 'site', ...flags }, context)),
      );
    }),
    { numRuns: 500 },
  );
});
