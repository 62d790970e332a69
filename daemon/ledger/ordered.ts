import { z } from 'zod';
import { Json, JsonObject } from '../../contracts/json.ts';

/*
 * What a schema lets through is copied member by member. When the copy is made with its keys in ascending order, and holds
 * neither fractions nor −0 nor undefined, then JSON.stringify writes its RFC 8785 form and nobody needs to look again (but
 * for lone surrogates, which show in the text). Most bodies are like that, so their schema is made over to accept only
 * those; whoever is refused asks the schema itself.
 */

/**
 * A schema that accepts less than the given one does, and gives the same: values that JSON.stringify writes in canonical
 * form if their strings are well-formed. Undefined where that cannot be promised.
 */
export function orderedSchema(schema: z.core.$ZodType): z.ZodType | undefined {
  if (schema === Json) return orderedJson;
  if (schema === JsonObject) return orderedJsonObject;
  if (schema instanceof z.ZodOptional) return orderedSchema(schema.def.innerType)?.exactOptional();
  if (schema instanceof z.ZodNullable) return orderedSchema(schema.def.innerType)?.nullable();
  if (schema instanceof z.ZodArray) {
    const element = orderedSchema(schema.def.element);
    return element && schema.clone({ ...schema.def, element });
  }
  if (schema instanceof z.ZodUnion) {
    const options = schema.def.options.map(orderedSchema).filter((option) => option !== undefined);
    return options.length < schema.def.options.length ? undefined : schema.clone({ ...schema.def, options });
  }
  if (schema instanceof z.ZodRecord) {
    const valueType = orderedSchema(schema.def.valueType);
    return (
      valueType &&
      schema.clone({ ...schema.def, valueType }).refine((value) => isAscending(Object.keys(value)))
    );
  }
  if (schema instanceof z.ZodObject) return orderedObject(schema);
  if (schema instanceof z.ZodNumberFormat)
    return schema.format === 'safeint' ? schema.refine((value) => !Object.is(value, -0)) : undefined;
  if (schema instanceof z.ZodLiteral) return [...schema.def.values].every(isPlain) ? schema : undefined;
  if (schema instanceof z.ZodEnum) return schema.options.every(isPlain) ? schema : undefined;
  const { type } = schema._zod.def;
  return type === 'string' || type === 'boolean' || type === 'null' ? (schema as z.ZodType) : undefined;
}

function orderedObject(schema: z.ZodObject): z.ZodType | undefined {
  const { catchall } = schema.def;
  if (catchall !== undefined && !(catchall instanceof z.ZodNever)) return undefined;
  const shape: Record<string, z.ZodType> = {};
  for (const key of Object.keys(schema.def.shape).sort()) {
    const member = schema.def.shape[key];
    const ordered = member && orderedSchema(member);
    if (ordered === undefined) return undefined;
    shape[key] = ordered;
  }
  // A key that is an index would come first whatever was said.
  return isAscending(Object.keys(shape)) ? schema.clone({ ...schema.def, shape }) : undefined;
}

const isPlain = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || value === null || isPlainNumber(value);

const isPlainNumber = (value: unknown): boolean => Number.isSafeInteger(value) && !Object.is(value, -0);

function isAscending(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if ((keys[i] ?? '') < (keys[i - 1] ?? '')) return false;
  return true;
}

const orderedJson = z.transform((value, { issues }) => {
  const copy = copyOf(value, 0);
  if (copy === undefined) issues.push({ code: 'custom', input: value });
  return copy;
});
const orderedJsonObject = z.transform((value, { issues }) => {
  const copy = typeof value === 'object' && !Array.isArray(value) ? copyOf(value, 0) : undefined;
  if (copy === undefined || copy === null) issues.push({ code: 'custom', input: value });
  return copy;
});

const MAX_DEPTH = 64;
const ZERO = 0x30;
const NINE = 0x39;

function copyOf(value: unknown, depth: number): Json | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return isPlainNumber(value) ? value : undefined;
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
  const keys = Object.keys(value);
  // Symbols, and what cannot be enumerated.
  if (Reflect.ownKeys(value).length !== keys.length) return undefined;
  if (!isAscending(keys)) keys.sort();
  const copy: JsonObject = {};
  for (const key of keys) {
    const first = key.charCodeAt(0);
    // An index comes before all else in an object, and this name is not an ordinary key.
    if ((first >= ZERO && first <= NINE) || key === '__proto__') return undefined;
    const member = copyOf((value as Record<string, unknown>)[key], depth + 1);
    if (member === undefined) return undefined;
    copy[key] = member;
  }
  return copy;
}
