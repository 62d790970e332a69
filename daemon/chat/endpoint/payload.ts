import type { Platform } from '../../../contracts/chat.ts';
import { fail } from '../../../contracts/errors.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import { parseJsonBody } from '../../json-body.ts';
import type { SignedRequest } from '../../ports/chat.ts';

/** Fields of a form: Slack sends about fifteen. */
const FIELDS = 100;

/** What a request says, once its signature is known to be right. Throws BODY_INVALID, BODY_TYPE. */
export function payloadOf(platform: Platform, { body, header }: SignedRequest): JsonObject {
  const type = (header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return objectIn(body);
  if (platform !== 'slack' || type !== 'application/x-www-form-urlencoded')
    throw fail('BODY_TYPE', { type: type ?? '(none)' });
  const form: [string, string][] = [...new URLSearchParams(body.toString('utf8'))];
  const names = new Set(form.map(([name]) => name));
  if (names.size !== form.length || form.length > FIELDS || names.has('__proto__'))
    throw fail('BODY_INVALID', { why: 'the form has a field twice, too many, or one that is refused' });
  const fields = Object.fromEntries(form);
  // What is pressed and sent comes as JSON in this field, a slash command as fields of its own.
  return fields['payload'] === undefined ? fields : objectIn(Buffer.from(fields['payload']));
}

function objectIn(bytes: Buffer): JsonObject {
  const parsed = parseJsonBody(bytes);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw fail('BODY_INVALID', { why: 'the body is no object' });
  return parsed as JsonObject;
}
