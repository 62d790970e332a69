import { createSecretKey } from 'node:crypto';
import { send } from '../../outgoing.ts';
import type { WebhookTest } from '../../ports/webhooks.ts';
import { oneLine } from '../../text.ts';
import type { OpenSource } from './intake.ts';

export interface ProbeOptions {
  /** Without a path. */
  base: string;
  now(): number;
  /** Of the delivery. */
  id: string;
  /** network.allow */
  allowed: readonly string[];
}

/** For one answer, ms. */
const PATIENCE = 15_000;

/** Calls a source as its sender would: with a right signature, the same again, a wrong signature, an old body under a new id. */
export async function probe(source: OpenSource, options: ProbeOptions): Promise<WebhookTest> {
  const { name, kind, keys } = source;
  const { base, now, id, allowed } = options;
  const [key] = keys;
  if (key === undefined) throw new Error(`${name} has no key`);
  const url = `${base}/webhooks/${name}`;
  const host = new URL(base).host;
  const { event, body: content } = kind.sample(now());
  const body = Buffer.from(JSON.stringify(content));
  const headers = kind.sign(body, key, { id, event, now: now() });
  const wrong = kind.sign(body, createSecretKey(Buffer.alloc(32, 7)), {
    id: `${id}-forged`,
    event,
    now: now(),
  });
  const renamed = kind.sign(body, key, { id: `${id}-again`, event, now: now() });

  const tries = [];
  for (const [what, sent, expected] of [
    ['a right signature is taken', headers, 200],
    ['the same delivery again is known', headers, 200],
    ['a wrong signature is refused', wrong, 401],
    ['the same body as another delivery is refused', renamed, 409],
  ] as const) {
    try {
      const answer = await send(
        { method: 'POST', url, headers: { ...sent }, body: body.toString() },
        {
          allowed: [...allowed, host],
          signal: AbortSignal.timeout(PATIENCE),
          maxBytes: 64 * 1024,
          redirects: 0,
        },
      );
      const { status } = answer;
      tries.push({ what, status, ok: status === expected, said: oneLine(answer.body.toString(), 300) });
    } catch (error) {
      const said = oneLine(error instanceof Error ? error.message : String(error), 300);
      tries.push({ what, status: null, ok: false, said });
    }
  }
  return { url, tries };
}
