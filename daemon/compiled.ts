import { z } from 'zod';
import { Json, JsonObject } from '../contracts/json.ts';

/*
 * Ready-made checks. `z.compile` makes code of a schema that is three to six times as fast, but not of one that contains
 * itself, as that of any JSON value does: those are swapped for a function that copies plain JSON. What the code does not
 * accept, for whatever reason, the schema itself decides on.
 */

/** The same as `schema.safeParse`. The code is made at the first call. */
export function compiled<T>(schema: z.ZodType<T>): (value: unknown) => z.ZodSafeParseResult<T> {
  let fast: z.ZodType<T> | undefined;
  return (value) => {
    fast ??= z.compile(withoutCycles(schema)) as z.ZodType<T>;
    const result = fast.safeParse(value);
    return result.success ? result : schema.safeParse(value);
  };
}

const plainJson = z.transform((value, { issues }) => {
  const copy = copyOf(value, 0);
  if (copy === undefined) issues.push({ code: 'custom', input: value });
  return copy;
});
const plainJsonObject = z.transform((value, { issues }) => {
  const copy = typeof value === 'object' && !Array.isArray(value) ? copyOf(value, 0) : undefined;
  if (copy === undefined || copy === null) issues.push({ code: 'custom', input: value });
  return copy;
});

function withoutCycles(schema: z.core.$ZodType): z.ZodType {
  if (schema === Json) return plainJson;
  if (schema === JsonObject) return plainJsonObject;
  if (schema instanceof z.ZodOptional) return withoutCycles(schema.def.innerType).optional();
  if (schema instanceof z.ZodDefault)
    return schema.clone({ ...schema.def, innerType: withoutCycles(schema.def.innerType) });
  if (schema instanceof z.ZodObject) {
    const shape = Object.entries(schema.def.shape).map(([key, member]) => [key, withoutCycles(member)]);
    return schema.clone({ ...schema.def, shape: Object.fromEntries(shape) as z.core.$ZodLooseShape });
  }
  return schema as z.ZodType;
}

const MAX_DEPTH = 64;

/** A copy of plain JSON; undefined for anything else, and for what is rare. */
function copyOf(value: unknown, depth: number): Json | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object' || depth === MAX_DEPTH) return undefined;
  return Array.isArray(value) ? copyOfArray(value, depth) : copyOfObject(value, depth);
}

function copyOfArray(value: readonly unknown[], depth: number): Json[] | undefined {
  const copy: Json[] = [];
  for (let i = 0; i < value.length; i++) {
    const member = copyOf(value[i], depth + 1);
    if (member === undefined) return undefined;
    copy.push(member);
  }
  return copy;
}

function copyOfObject(value: object, depth: number): JsonObject | undefined {
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) return undefined;
  const copy: JsonObject = {};
  const keys = Reflect.ownKeys(value);
  for (const key of keys) {
    if (typeof key !== 'string' || key === '__proto__') return undefined;
    if (!Object.prototype.propertyIsEnumerable.call(value, key)) return undefined;
    const member = copyOf((value as Record<string, unknown>)[key], depth + 1);
    if (member === undefined) return undefined;
    copy[key] = member;
  }
  return copy;
}
