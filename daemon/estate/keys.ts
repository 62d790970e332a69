import { z } from 'zod';
import type { Path } from './yaml.ts';

/** The keys a schema knows at a path, for suggestions: walks objects, records, arrays and their wrappers. */
export function keysAt(schema: z.ZodType, path: Path): string[] {
  let at: unknown = schema;
  for (const part of path) {
    const inner = unwrap(at);
    if (inner instanceof z.ZodObject) at = inner.shape[String(part)];
    else if (inner instanceof z.ZodRecord) at = inner.valueType;
    else if (inner instanceof z.ZodArray) at = inner.element;
    else return [];
  }
  const inner = unwrap(at);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function unwrap(schema: unknown): unknown {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  )
    return unwrap(schema.unwrap());
  return schema;
}
