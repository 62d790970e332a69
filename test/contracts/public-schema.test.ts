import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { generated, publicSchema, SCHEMA_FILE } from '../../contracts/generate.ts';

const Definition = z.object({
  type: z.string().optional(),
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.unknown()).default({}),
  enum: z.array(z.string()).optional(),
});
const Schema = z.object({ $schema: z.string(), $defs: z.record(z.string(), z.unknown()) });

const text = readFileSync(SCHEMA_FILE, 'utf8');
const { $schema, $defs } = Schema.parse(JSON.parse(text));
const def = (name: string): z.infer<typeof Definition> => Definition.parse($defs[name]);

test('the published file is the one the schemas make; `npm run generate` renews it', () => {
  expect(text).toBe(publicSchema());
  expect(generated(SCHEMA_FILE, publicSchema(), true)).toBe(0);
});

test('it is draft 2020-12 and has every definition', () => {
  expect($schema).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(Object.keys($defs)).toEqual([
    'AddressingTokenSet',
    'AdminActionType',
    'AdminEvent',
    'ArtifactRef',
    'ConfigVersionRef',
    'ErrorResponse',
    'JobAttemptRecord',
    'JobStatus',
    'JsonValue',
    'SecretRotationEvent',
  ]);
});

test.each([
  ['ArtifactRef', ['ref'], ['digest', 'digest_alg', 'schema_version', 'size_bytes']],
  ['AddressingTokenSet', [], ['manifest_fingerprint', 'run_id']],
  [
    'JobAttemptRecord',
    ['job_id', 'attempt_id', 'status', 'created_at_utc', 'updated_at_utc'],
    ['correlation_ids', 'error_code', 'retryable'],
  ],
  ['ConfigVersionRef', ['config_name', 'config_version'], ['digest', 'ref']],
  [
    'AdminEvent',
    ['admin_event_id', 'action_type', 'actor', 'observed_at_utc', 'reason'],
    ['targets', 'before', 'after', 'result'],
  ],
])(
  '%s requires exactly what the contract says, and knows its optional members',
  (name, required, optional) => {
    const found = def(name);
    expect(found.required.toSorted()).toEqual(required.toSorted());
    expect(Object.keys(found.properties)).toEqual(expect.arrayContaining([...required, ...optional]));
  },
);

test('statuses and actions are closed sets', () => {
  expect(def('JobStatus').enum).toEqual([
    'QUEUED',
    'RUNNING',
    'PASS',
    'FAIL',
    'CANCELLED',
    'TIMED_OUT',
    'SKIPPED',
    'UNKNOWN',
  ]);
  const actions = ['pause', 'resume', 'drain', 'replay', 'rotate_secret', 'change_retention'];
  expect(def('AdminActionType').enum).toEqual(expect.arrayContaining(actions));
});

test('an admin event keeps its members as a secret rotation; a thin error has code and message', () => {
  expect(def('SecretRotationEvent').required).toEqual(expect.arrayContaining(def('AdminEvent').required));
  expect(def('ErrorResponse').required).toEqual(expect.arrayContaining(['code', 'message']));
});

test('every reference leads to a definition of the same file', () => {
  const refs = [...text.matchAll(/"\$ref": "([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(refs.length).toBeGreaterThan(0);
  expect(refs.filter((ref) => $defs[ref.replace('#/$defs/', '')] === undefined)).toEqual([]);
});
