import type { ErrorTable } from './table.ts';

export const webhookErrors = {
  WEBHOOK_UNKNOWN: {
    status: 404,
    exit: 'usage',
    message: 'There is no webhook {source} here.',
    hint: 'Add it under integrations: in reeve.yaml; `reeve webhook list` shows those there are.',
  },
  WEBHOOK_UNSIGNED: {
    status: 401,
    exit: 'refused',
    message: 'The delivery does not carry the signature of {source}.',
    hint: 'Compare the secret of the sender with the stored one, which `reeve webhook list` names; a body that was written anew by a proxy does not fit either.',
  },
  WEBHOOK_STALE: {
    status: 401,
    exit: 'refused',
    message: 'The delivery was signed at {sent}, and it is {now} here: more than {seconds} s apart.',
    hint: 'Compare the clocks of both machines (NTP); otherwise somebody sends what they recorded.',
  },
  WEBHOOK_REPLAYED: {
    status: 409,
    exit: 'refused',
    message: 'A delivery with this {what} was here before, as part of another one; it is not taken twice.',
    hint: 'Have the sender deliver it once more under its own id; `reeve webhook list` shows what came.',
  },
  WEBHOOK_MALFORMED: {
    status: 400,
    exit: 'usage',
    message: 'The delivery cannot be read: {why}.',
    hint: '{fix}',
  },
  WEBHOOK_LENGTH: {
    status: 411,
    exit: 'usage',
    message: 'A delivery says its length before its body (Content-Length).',
    hint: 'Have the sender or the proxy in front send a Content-Length instead of chunks.',
  },
  WEBHOOK_BUSY: {
    status: 503,
    exit: 'failed',
    message: 'The delivery was not taken: {why}.',
    hint: 'Deliver it again in a minute; it does not count as received.',
  },
  DELIVERY_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is no delivery {delivery}.',
    hint: 'See `reeve webhook list`; what is older than {keep} deliveries stands in the ledger.',
  },
  DELIVERY_BODY_GONE: {
    status: 410,
    exit: 'refused',
    message: 'The body of {delivery} is no longer kept.',
    hint: 'Bodies are kept as long as integrations.keep says; have the sender deliver it again.',
  },
} as const satisfies ErrorTable;
