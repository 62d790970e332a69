import { z } from 'zod';
import { recordBodies, type RecordType } from '../../contracts/record.ts';
import { compiled } from '../compiled.ts';
import { orderedSchema } from './ordered.ts';

/** `ordered`: JSON.stringify writes its canonical form, if all strings are well-formed. */
export type ParsedBody = z.ZodSafeParseResult<unknown> & { ordered?: boolean };
type Check = (body: unknown) => ParsedBody;

const checks = new Map<RecordType, Check>();

/** The same as `recordBodies[type].safeParse(body)`. */
export function parseBody(type: RecordType, body: unknown): ParsedBody {
  let check = checks.get(type);
  if (check === undefined) {
    check = checkOf(recordBodies[type]);
    checks.set(type, check);
  }
  return check(body);
}

function checkOf(schema: z.ZodType): Check {
  const ordered = orderedSchema(schema);
  const whole = compiled<unknown>(schema);
  if (ordered === undefined) return whole;
  const fast = z.compile(ordered);
  return (body) => {
    const result = fast.safeParse(body);
    return result.success ? { success: true, data: result.data, ordered: true } : whole(body);
  };
}
