import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Block, Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction, type ActionContext } from '../ports/actions.ts';
import type { DeliveryCommand, DeliveryView } from '../ports/webhooks.ts';

const group = 'Webhooks';

/** Where senders reach this daemon. */
const baseOf = ({ config, status }: Pick<ActionContext, 'config' | 'status'>): string =>
  config.current().config.integrations.url ?? status().address;

export const webhookList = readAction({
  name: 'webhook list',
  aliases: ['webhook'],
  summary: 'Who calls in from outside, and the newest deliveries',
  group,
  verb: 'administer',
  args: z.object({
    source: arg.string('only this one: github, linear, generic/NAME', { max: 80 }).optional(),
    event: arg.string('only this event', { max: 120 }).optional(),
    limit: arg.integer('how many deliveries', { min: 1, max: 500 }).default(20),
  }),
  examples: ['webhook list', 'webhook list --source github --event push'],
  run(context, { source, event, limit }) {
    const sources = context.webhooks.sources();
    const base = baseOf(context);
    const deliveries = context.webhooks
      .list()
      .filter((one) => (source ?? one.source) === one.source && (event ?? one.event) === one.event)
      .slice(0, limit);
    const table: Block = {
      type: 'table',
      columns: [
        { label: 'Delivery' },
        { label: 'When' },
        { label: 'Source' },
        { label: 'Event' },
        { label: 'Bytes', align: 'right' },
        { label: 'Sender’s id' },
      ],
      rows: deliveries.map((one): Cell[] => [
        one.delivery.slice(0, 12),
        { time: one.received },
        one.source,
        one.event,
        one.payload.size ?? 0,
        one.id,
      ]),
      empty: 'Nothing came yet. `reeve webhook test SOURCE` sends something.',
    };
    return {
      title: sources.length === 0 ? 'Nobody calls in' : `${plural(sources.length, 'source')} of webhooks`,
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Source' },
            { label: 'Deliveries', align: 'right' },
            { label: 'Newest' },
            { label: 'URL for the sender' },
            { label: 'Secrets' },
          ],
          rows: sources.map((one): Cell[] => [
            one.source,
            one.count,
            one.latest === null ? 'never' : { time: one.latest },
            `${base}/webhooks/${one.source}`,
            one.secrets.join(', '),
          ]),
          empty: 'Add one under integrations: in reeve.yaml.',
        },
        ...(sources.length === 0 ? [] : [table]),
      ],
      data: {
        sources: sources.map((one) => ({
          ...one,
          secrets: [...one.secrets],
          url: `${base}/webhooks/${one.source}`,
        })),
        deliveries: deliveries.map(dataOf),
      },
    };
  },
});

const dataOf = ({ delivery, source, id, event, payload, seq, received, sent, again }: DeliveryView) => ({
  delivery,
  source,
  id,
  event,
  digest: payload.digest ?? '',
  size: payload.size ?? 0,
  seq,
  received,
  sent: sent ?? null,
  again,
});

const delivery = arg.string('its id or the beginning of it', { position: 0, max: 40 });
/** More is for a file: `--output`. */
const MAX_SHOWN = 100_000;

export const webhookShow = readAction({
  name: 'webhook show',
  summary: 'One delivery: who sent what, and its body',
  group,
  verb: 'administer',
  args: z.object({ delivery }),
  examples: ['webhook show dlv_3f2a91c0'],
  async run({ webhooks }, args) {
    const view = webhooks.get(args.delivery);
    const command = webhooks.command(view.delivery);
    const body = await webhooks.text(view.delivery);
    const text = pretty(body);
    return {
      title: `${view.source}: ${view.event}`,
      tone: 'info',
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'Delivery', value: view.delivery },
            { label: 'Sender’s id', value: view.id },
            { label: 'Received', value: { time: view.received } },
            ...(view.sent === undefined ? [] : [{ label: 'Signed', value: { time: view.sent } }]),
            { label: 'Digest', value: view.payload.digest ?? '' },
            { label: 'Ledger record', value: view.seq },
            ...(view.again === 0 ? [] : [{ label: 'Handled once more', value: view.again }]),
            ...(command === null ? [] : [{ label: 'Asked for', value: askedOf(command) }]),
          ],
        },
        {
          type: 'code',
          language: 'json',
          text:
            text.length > MAX_SHOWN
              ? `${text.slice(0, MAX_SHOWN)}\n… ${text.length - MAX_SHOWN} more characters`
              : text,
        },
      ],
      data: { ...dataOf(view), command, body: body.slice(0, MAX_SHOWN) },
    };
  },
});

/** `deploy, by ana: refused, The comment is 2 days old …` */
export const askedOf = ({ person, command, outcome, why }: DeliveryCommand): string =>
  `${command}, by ${person}: ${outcome ?? 'nothing is known yet'}${why === '' ? '' : `, ${why}`}`;

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

export const webhookRedeliver = adminAction({
  name: 'webhook redeliver',
  type: 'redeliver_webhook',
  summary: 'Have a delivery handled once more; what it already started is not started again',
  group,
  verb: 'administer',
  args: z.object({ delivery }),
  examples: ['webhook redeliver dlv_3f2a91c0'],
  async run({ webhooks, caller }, args) {
    const view = await webhooks.redeliver(args.delivery, caller.person);
    return {
      title: `${view.source} ${view.event} is handled once more`,
      data: dataOf(view),
      targets: [{ kind: 'delivery', id: view.delivery }],
    };
  },
});

export const webhookTest = adminAction({
  name: 'webhook test',
  type: 'test_webhook',
  summary: 'Call a source as its sender would, with right and wrong signatures',
  group,
  verb: 'administer',
  args: z.object({
    source: arg.string('github, linear, or generic/NAME', { position: 0, max: 80 }),
    local: arg.boolean('straight to this daemon, not through integrations.url').default(false),
  }),
  examples: ['webhook test github', 'webhook test generic/billing --local'],
  async run(context, { source, local }) {
    const base = local ? context.status().address : baseOf(context);
    if (base === '') throw fail('WEBHOOK_UNKNOWN', { source });
    const { url, tries } = await context.webhooks.test(source, base);
    const ok = tries.every((one) => one.ok);
    return {
      title: ok
        ? `${source} takes what is signed and refuses the rest`
        : `${source} does not answer as it must`,
      ok,
      tone: ok ? 'good' : 'bad',
      blocks: [
        { type: 'fields', fields: [{ label: 'Called', value: url }] },
        {
          type: 'table',
          columns: [
            { label: '' },
            { label: 'What' },
            { label: 'Status', align: 'right' },
            { label: 'Answer' },
          ],
          rows: tries.map((one): Cell[] => [
            one.ok ? { tone: 'good', text: '✓' } : { tone: 'bad', text: '✗' },
            one.what,
            one.status ?? 'none',
            one.said,
          ]),
          empty: '',
        },
      ],
      data: { source, url, ok, tries: tries.map((one) => ({ ...one })) },
      targets: [{ kind: 'webhook', id: source }],
    };
  },
});
