import { LinearWebhookClient } from '@linear/sdk/webhooks';
import type {
  EntityWebhookPayloadWithCommentData,
  EntityWebhookPayloadWithIssueData,
} from '@linear/sdk/webhooks';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { IssueEvent, type CommentEvent } from '../../daemon/integrations/linear/payload.ts';
import { linear } from '../../daemon/integrations/webhooks/sources/linear.ts';
import { noDrift, type Drift, type Named } from '../helpers/drift.ts';
import { startLinear } from '../standins/linear/index.ts';

type Issue = z.input<typeof IssueEvent>;

/** What was before is of the same fields as what is now; the SDK says of it only that it is an object. */
type Before = Named<NonNullable<Issue['updatedFrom']>>;

test('every field that is read of a delivery is one of the SDK’s, of its type', () => {
  // These are for the compiler: a field that an upgrade renames, drops or retypes is named in its message.
  noDrift<Drift<Omit<Named<Issue>, 'updatedFrom'>, EntityWebhookPayloadWithIssueData>>();
  noDrift<Exclude<keyof Before, keyof EntityWebhookPayloadWithIssueData['data']>>();
  noDrift<Drift<z.input<typeof CommentEvent>, EntityWebhookPayloadWithCommentData>>();

  // That it does find what is otherwise.
  // @ts-expect-error -- a field that Linear has not
  noDrift<Drift<{ data: { colour: string } }, EntityWebhookPayloadWithIssueData>>();
  // @ts-expect-error -- another type
  noDrift<Drift<{ data: { priority: string } }, EntityWebhookPayloadWithIssueData>>();
  // @ts-expect-error -- one that may be missing
  noDrift<Drift<{ data: { assigneeId: string } }, EntityWebhookPayloadWithIssueData>>();
  // @ts-expect-error -- in a list
  noDrift<Drift<{ data: { labels: { id: number }[] } }, EntityWebhookPayloadWithIssueData>>();
  expect(IssueEvent.shape.type.value).toBe('Issue');
});

test('what the SDK takes we take, and what it refuses we refuse', async () => {
  const standin = await startLinear('lin_wh_8yyyzzz85a5abcdefabcdef');
  const { world } = standin;
  world.createIssue(world.user('ana'), { teamId: world.team.id, title: 'told' });
  await standin.close();
  const [{ body: text, headers } = { body: '', headers: {} }] = standin.deliveries;
  const sdk = new LinearWebhookClient(standin.secret);
  const key = linear.key(standin.secret);
  const at = Number((JSON.parse(text) as { webhookTimestamp: number }).webhookTimestamp);
  const signed = headers['linear-signature'] ?? '';
  const ours = (body: string, signature: string, now = Date.now()): boolean => {
    const all: Record<string, string> = { ...headers, 'linear-signature': signature };
    try {
      linear.verify({ body: Buffer.from(body), header: (name) => all[name] }, [key], now);
      return true;
    } catch {
      return false;
    }
  };
  const theirs = (body: string, signature: string): boolean => {
    try {
      return sdk.verify(Buffer.from(body), signature);
    } catch {
      return false;
    }
  };
  const cases: [string, string][] = [
    [text, signed],
    [`${text} `, signed],
    [text, signed.toUpperCase().replace(/^./, '0')],
    [text, signed.slice(2)],
    [text, ''],
  ];
  expect(cases.map((one) => ours(...one))).toEqual([true, false, false, false, false]);
  expect(cases.map((one) => theirs(...one))).toEqual([true, false, false, false, false]);
  expect([ours(text, signed, at + 61_000), ours(text, signed, at - 61_000)]).toEqual([false, false]);
  // No smaller than what the SDK takes by default.
  expect(linear.maxBody).toBe(5 * 1024 * 1024);
});
