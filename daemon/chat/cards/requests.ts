import { Plan } from '../../../contracts/plan.ts';
import { STEP_APPROVAL } from '../../../contracts/runbook.ts';
import type { Block, Cell } from '../../../contracts/reply.ts';
import { plural } from '../../../contracts/units.ts';
import type { RequestView } from '../../ports/grants.ts';
import { own } from '../../own.ts';
import { verbFor } from '../../verb.ts';
import type { ChatDeps } from '../deps.ts';
import { chatProjection } from '../projection.ts';
import type { Card, CardSource } from './card.ts';
import { endOfKept, isEnd } from './kept.ts';

/** A request for approval, kept up to date; who asked is told of the end where it was asked. */
export const requests: CardSource = {
  types: [
    'grant.requested',
    'grant.approved',
    'grant.denied',
    'grant.lapsed',
    'grant.expired',
    'grant.revoked',
    'config.version',
  ],
  async cards(record, deps) {
    if (isEnd(record)) return endOfKept(record, deps);
    const { type, body } = record;
    if (type === 'grant.requested') return opened(body.id, deps);
    if (
      type !== 'grant.approved' &&
      type !== 'grant.denied' &&
      type !== 'grant.lapsed' &&
      type !== 'grant.expired'
    )
      return [];
    const request = await find(deps, body.id);
    if (request === undefined) return [];
    const changes = `request:${request.id}`;
    // Another approver has still to see the plan, and to have the button.
    if (request.state === 'open')
      return (await opened(body.id, deps)).map(({ call: _, ...open }) => ({ ...open, changes }));
    return [{ ...card(request, deps), changes }, told(request, deps)];
  },
};

const find = async ({ grants }: ChatDeps, id: string): Promise<RequestView | undefined> =>
  (await grants.requests()).find((request) => request.id === id);

/** The whole plan, and a button that lets an approver look at it and decide. Without break-glass there is nobody to ask. */
async function opened(id: string, deps: ChatDeps): Promise<Card[]> {
  const request = await find(deps, id);
  if (request === undefined || request.needs === 0) return [];
  const plan = Plan.parse(
    JSON.parse(Buffer.from(await deps.artifacts.get(request.plan_ref.digest ?? '')).toString('utf8')),
  );
  const base = card(request, deps);
  const blocks = [...base.blocks, ...deps.planBlocks(plan, request.plan)];
  // Said late, when a bot was away: nobody is called, and nothing can be pressed any more.
  if (request.state !== 'open') return [{ ...base, blocks }];
  const button = {
    for: request.approvers,
    once: false,
    args: { request: id },
    tone: 'info' as const,
    expires: request.expires,
  };
  const key = request.cosign === true;
  return [
    {
      ...base,
      blocks: key ? [...blocks, signHint(id)] : blocks,
      call: request.approvers,
      // Where only a signature counts, the click shows the request and can do nothing else.
      button: key
        ? { ...button, command: 'grant show', label: 'Look at it' }
        : { ...button, command: 'grant approve', label: 'Look and decide' },
    },
  ];
}

const signHint = (id: string): Block => ({
  type: 'hint',
  text: `A click approves nothing here. On the approver's own machine: \`reeve approve ${id}\`. To turn it down: \`/reeve grant deny ${id}\``,
});

const WORDS: Record<RequestView['state'], { tone: Card['tone']; words: string }> = {
  open: { tone: 'warn', words: 'waits for approval' },
  approved: { tone: 'good', words: 'is approved' },
  granted: { tone: 'good', words: 'is approved' },
  denied: { tone: 'bad', words: 'is denied' },
  expired: { tone: 'warn', words: 'has expired' },
  lapsed: { tone: 'bad', words: 'was approved but did not run' },
};

function card(request: RequestView, deps: ChatDeps): Card {
  const { id, by, reason, needs, approvals, state, expires, denied, lapsed } = request;
  const ended = endOf(request);
  const blocks: Block[] = [
    {
      type: 'fields',
      fields: [
        { label: 'Request', value: id },
        { label: 'Asked by', value: by },
        { label: 'Reason', value: reason },
        {
          label: 'Approved',
          value: [
            `${approvals.length} of ${needs}`,
            ...(approvals.length === 0
              ? []
              : [
                  approvals
                    .map(({ by: who, cosign }) => (cosign === undefined ? who : `${who} (with a key)`))
                    .join(', '),
                ]),
          ].join(': '),
        },
        ...termsOf(request, deps),
        ...(state === 'open' ? [{ label: 'Waits until', value: { time: expires } }] : []),
        ...(ended === undefined
          ? []
          : [{ label: state === 'expired' ? 'Expired' : 'Decided', value: { time: ended } }]),
        ...(denied === null ? [] : [{ label: 'Denied', value: `by ${denied.by}: ${denied.reason}` }]),
        ...(lapsed === null ? [] : [{ label: 'Did not run', value: `${lapsed.code}: ${lapsed.why}` }]),
      ],
    },
  ];
  return { topic: 'approvals', tone: WORDS[state].tone, title: titleOf(request), blocks };
}

/** When it was decided or its time was over. */
function endOf({ state, approvals, denied, lapsed, expired, expires }: RequestView): number | undefined {
  if (state === 'open') return undefined;
  if (state === 'expired') return expired ?? expires;
  return denied?.at ?? lapsed?.at ?? approvals.at(-1)?.at;
}

/** What is asked for beside running it once, at once. */
function termsOf(
  { keep, uses, lifetime_ms, by, cap, project, env, state, approvals }: RequestView,
  { people }: ChatDeps,
): { label: string; value: Cell }[] {
  if (keep !== true) return [];
  const approved = approvals.at(-1)?.at;
  const verb = verbFor(cap.split(':')[0] ?? '');
  return [
    { label: 'Asks for', value: `${plural(uses, 'use')} of exactly this plan, by a command of ${by}` },
    state === 'granted' && approved !== undefined
      ? { label: 'Usable until', value: { time: approved + lifetime_ms } }
      : { label: 'Usable after the approval for', value: { duration: lifetime_ms } },
    ...(people.allows(by, verb, project, env)
      ? []
      : [{ label: 'Role', value: `no role of ${by} allows this; the grant would stand in for it` }]),
  ];
}

function titleOf({ by, cap, project, state }: RequestView): string {
  const [action, env] = cap.split(':');
  const what =
    action === STEP_APPROVAL
      ? `a step of ${by}'s job on ${project}/${env}`
      : `${by}'s ${action} on ${project}/${env}`;
  return `${what} ${WORDS[state].words}`;
}

/** To who asked: in the channel where it was asked, or else beside the card. */
function told(request: RequestView, deps: ChatDeps): Card {
  const where = own(deps.state.get(chatProjection).requests.by, request.id);
  const told = card(request, deps);
  const use: Block[] =
    request.keep === true && request.state === 'granted'
      ? [
          {
            type: 'hint',
            text: `The clock runs. Your next ${request.command} with these arguments uses it: \`/reeve ${lineOf(request)}\``,
          },
        ]
      : [];
  return {
    ...told,
    blocks: [...told.blocks, ...use],
    ...(where === undefined ? {} : { where }),
    call: [request.by],
  };
}

/** As it is typed in chat. */
const lineOf = ({ command, args }: RequestView): string =>
  [
    command,
    ...Object.entries(args).map(
      ([name, value]) => `${name}:${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
  ].join(' ');
