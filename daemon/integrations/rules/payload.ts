import { ReeveError } from '../../../contracts/errors.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import { parseJsonBody } from '../../json-body.ts';
import { cut } from '../../text.ts';

/** What of a delivery rules go by. */
export type Received = Pick<
  RecordBody<'webhook.received'>,
  'delivery' | 'source' | 'event' | 'at' | 'payload'
>;

/** The payload, or why there is none, for people. */
export async function readPayload(
  bodyOf: (delivery: Received) => Promise<Buffer>,
  delivery: Received,
): Promise<{ value: object; text: string } | string> {
  try {
    const body = await bodyOf(delivery);
    const value = parseJsonBody(body);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'the payload is no object';
    return { value, text: body.toString('utf8') };
  } catch (error) {
    if (error instanceof ReeveError) return cut(error.message, 300);
    throw error;
  }
}
