import { Plan } from '../../../contracts/plan.ts';
import { STEP_APPROVAL } from '../../../contracts/runbook.ts';
import type { Block } from '../../../contracts/reply.ts';
import type { RequestView } from '../../ports/grants.ts';
import { own } from '../../own.ts';
import type { ChatDeps } from '../deps.ts';
import { chatProjection } from '../projection.ts';
import type { Card, CardSource } from './card.ts';

/** A request for approval, kept up to date; who asked is told of the end where it was asked. */
export const requests: CardSource = {
  types: ['grant.requested', 'grant.approved', 'grant.denied', 'grant.lapsed'],
  async cards(record, deps) {
    const { type, body } = record;
    if (type === 'grant.requested') return [await opened(body.id, deps)].flat();
    if (type !== 'grant.approved' && type !== 'grant.denied' && type !== 'grant.lapsed') return [];
    const request = await find(deps, body.id);
    if (request === undefined) return [];
    const changes = `request:${request.id}`;
    // Another approver has still to see the plan, and to have the button.
    if (request.state === 'open')
      return (await opened(body.id, deps)).map(({ call: _, ...open }) => ({ ...open, changes }));
    return [{ ...card(request), changes }, told(request, deps)];
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
  const base = card(request);
  return [
    {
      ...base,
      blocks: [...base.blocks, ...deps.planBlocks(plan, request.plan)],
      call: request.approvers,
      button: {
        for: request.approvers,
        once: false,
        command: 'grant approve',
        args: { request: id },
        label: 'Look and decide',
        tone: 'info',
        expires: request.expires,
      },
    },
  ];
}

const WORDS: Record<RequestView['state'], { tone: Card['tone']; words: string }> = {
  open: { tone: 'warn', words: 'waits for approval' },
  approved: { tone: 'good', words: 'is approved' },
  granted: { tone: 'good', words: 'is approved' },
  denied: { tone: 'bad', words: 'is denied' },
  expired: { tone: 'warn', words: 'has expired' },
  lapsed: { tone: 'bad', words: 'was approved but did not run' },
};

function card(request: RequestView): Card {
  const { id, by, reason, needs, approvals, state, expires, denied, lapsed } = request;
  const blocks: Block[] = [
    {
      type: 'fields',
      fields: [
        { label: 'Request', value: id },
        { label: 'Asked by', value: by },
        { label: 'Reason', value: reason },
        {
          label: 'Approved',
          value: `${approvals.length} of ${needs}${approvals.map((a) => ` ${a.by}`).join(',')}`,
        },
        ...(state === 'open' ? [{ label: 'Waits until', value: { time: expires } }] : []),
        ...(denied === null ? [] : [{ label: 'Denied', value: `by ${denied.by}: ${denied.reason}` }]),
        ...(lapsed === null ? [] : [{ label: 'Did not run', value: `${lapsed.code}: ${lapsed.why}` }]),
      ],
    },
  ];
  return { topic: 'approvals', tone: WORDS[state].tone, title: titleOf(request), blocks };
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
function told(request: RequestView, { state }: ChatDeps): Card {
  const where = own(state.get(chatProjection).requests.by, request.id);
  return { ...card(request), ...(where === undefined ? {} : { where }), call: [request.by] };
}
