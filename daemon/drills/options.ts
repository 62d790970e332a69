import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';

/** The options of a step, as a driver takes them. @throws DRIVER_OPTIONS_INVALID */
export function readOptions<T>(driver: string, schema: z.ZodType<T>, options: JsonObject): T {
  const { driver: _driver, ...rest } = options;
  const result = schema.safeParse(rest);
  if (result.success) return result.data;
  const why = result.error.issues
    .map((issue) => [...issue.path, issue.message].join(': '))
    .join('; ')
    .slice(0, 500);
  throw fail('DRIVER_OPTIONS_INVALID', { driver, why });
}

/** A whole number; also as the text that an input becomes. */
export const Whole = (min: number, max: number) =>
  z
    .union([
      z.int(),
      z
        .string()
        .regex(/^\d{1,15}$/, 'a whole number')
        .transform(Number),
    ])
    .pipe(z.int().min(min).max(max));

/** Yes or no; also as the text that an input becomes. */
export const Flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** A path; a relative one is below the estate's root. */
export const PathOption = z.string().min(1).max(400);
export const absolute = (root: string, path: string): string =>
  isAbsolute(path) ? resolve(path) : resolve(root, path);
