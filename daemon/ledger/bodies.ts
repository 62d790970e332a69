import type { z } from 'zod';
import { recordBodies, type RecordType } from '../../contracts/record.ts';
import { compiled } from '../compiled.ts';

const checks = new Map<RecordType, (body: unknown) => z.ZodSafeParseResult<unknown>>();

/** The same as `recordBodies[type].safeParse(body)`. */
export function parseBody(type: RecordType, body: unknown): z.ZodSafeParseResult<unknown> {
  let check = checks.get(type);
  if (check === undefined) {
    check = compiled<unknown>(recordBodies[type]);
    checks.set(type, check);
  }
  return check(body);
}
