import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ProbeSpec } from '../../../contracts/estate/probes.ts';
import { Slug } from '../../../contracts/ids.ts';
import type { ProbeKind } from '../../../daemon/ports/probe-kinds.ts';
import { kinds } from '../../../daemon/probes/kinds/index.ts';

const all: readonly ProbeKind[] = kinds;

test('every kind has a name of its own, and keys that no other meaning claims', () => {
  expect(new Set(all.map(({ kind }) => kind)).size).toBe(all.length);
  for (const { kind, schema, summary } of all) {
    expect(Slug.safeParse(kind).success).toBe(true);
    expect(summary).toMatch(/^[A-Z].*\.$/);
    for (const key of Object.keys(schema.shape)) expect(Object.keys(ProbeSpec.shape)).not.toContain(key);
  }
});

test('the example of every kind is what the kind accepts; a key it does not know is a mistake', async () => {
  for (const { kind, schema, example, check } of all) {
    const options = parse(example) as Record<string, unknown>;
    const parsed = schema.safeParse(options);
    expect(parsed.error?.issues ?? [], kind).toEqual([]);
    expect((await check?.(parsed.data ?? {})) ?? [], kind).toEqual([]);
    expect(schema.safeParse({ ...options, colour: 'red' }).success, kind).toBe(false);
  }
});
