import { z } from 'zod';
import { ReeveError, fail } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { Plan, wholePlan } from '../../contracts/plan.ts';
import { STEP_APPROVAL } from '../../contracts/runbook.ts';
import type { Block, Cell, Tone } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction, type ActionContext, type AdminOutcome } from '../ports/actions.ts';
import type { RequestView } from '../ports/grants.ts';

const group = 'Grants';
const requestArg = () => arg.request('request id', { position: 0 });

async function find({ grants }: ActionContext, id: string): Promise<RequestView> {
  const found = (await grants.requests()).find((r) => r.id === id);
  if (found === undefined) throw fail('REQUEST_NOT_FOUND', { id });
  return found;
}

/** Whether it is the question of a running job's step. */
const isStep = ({ cap }: RequestView): boolean => cap.startsWith(`${STEP_APPROVAL}:`);

/** The step that asks must still wait for the answer: one whose job was cut off by a crash never hears it. */
async function requireWaiting({ jobs }: ActionContext, { id, args }: RequestView): Promise<void> {
  const asking = typeof args['job'] === 'string' ? args['job'] : '';
  const job = await jobs.get(asking).catch(() => undefined);
  const now = job?.attempts.at(-1)?.record;
  if (now?.attempt_id !== args['attempt'] || now?.status !== 'RUNNING')
    throw fail('REQUEST_CLOSED', { id, state: 'of a job that does not wait for it any more' });
}

async function planOf({ artifacts }: ActionContext, request: RequestView): Promise<Plan> {
  const bytes = await artifacts.get(request.plan_ref.digest ?? '');
  return Plan.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

/** Approving is for whoever may approve, by policy as it is now, in each place of the plan that asks for approvals. */
async function requireApprover(context: ActionContext, request: RequestView): Promise<Plan> {
  const { people, config, caller } = context;
  const plan = await planOf(context, request);
  const asking = wholePlan(plan).filter(({ project, env }) => config.environment(project, env).approvals > 0);
  for (const { project, env } of asking.length > 0 ? asking : [request]) {
    people.require(caller.person, 'approve', project, env);
    if (!people.approversFor(project, env).includes(caller.person))
      throw fail('FORBIDDEN', { person: caller.person, verb: 'approve', where: `${project}/${env}` });
  }
  return plan;
}

/** Whether policy, as it was when it was asked or as it is now, wants the approver's own signature. */
const wantsKey = ({ config }: ActionContext, request: RequestView, plan: Plan): boolean =>
  request.cosign === true ||
  wholePlan(plan).some(({ project, env }) => config.environment(project, env).cosign);

/** Throws `COSIGN_REQUIRED` for a click, or a command, where only a signature counts. */
function requireKey(context: ActionContext, request: RequestView, plan: Plan): void {
  if (context.caller.cosign !== undefined || !wantsKey(context, request, plan)) return;
  throw fail('COSIGN_REQUIRED', { id: request.id, where: `${request.project}/${request.env}` });
}

const signedBy = ({ by, cosign }: RequestView['approvals'][number]): string =>
  cosign === undefined ? by : `${by} (with a key)`;

const TONES: Partial<Record<RequestView['state'], Tone>> = { open: 'warn', lapsed: 'bad' };

export const requestsList = readAction({
  name: 'grant list',
  summary: 'Requests for approval, newest first',
  group,
  verb: 'view',
  args: z.object({ open_only: arg.boolean('only those that wait').default(false) }),
  examples: ['grant list --open-only'],
  async run({ grants, people, caller }, args) {
    const all = (await grants.requests({ openOnly: args.open_only })).filter((r) =>
      people.allows(caller.person, 'view', r.project, r.env),
    );
    return {
      title: all.length === 0 ? 'No requests' : plural(all.length, 'request'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Request' },
            { label: 'What' },
            { label: 'By' },
            { label: 'Approved by' },
            { label: 'State' },
            { label: 'Waits until' },
          ],
          rows: all.map((r): Cell[] => [
            r.id,
            `${r.cap} on ${r.project}`,
            r.by,
            `${r.approvals.map(signedBy).join(', ') || '–'} (${r.approvals.length}/${r.needs})`,
            { tone: TONES[r.state] ?? 'info', text: r.state },
            { time: r.expires },
          ]),
          empty: 'Nothing waits for approval.',
        },
      ],
      data: all as unknown as Json,
    };
  },
});

export const requestShow = readAction({
  name: 'grant show',
  summary: 'A request with the whole plan it asks for',
  group,
  verb: 'view',
  args: z.object({ request: requestArg() }),
  examples: ['grant show req_…'],
  async run(context, args) {
    const request = await find(context, args.request);
    context.people.require(context.caller.person, 'view', request.project, request.env);
    const plan = await planOf(context, request);
    return {
      title: `${request.by} asks for ${request.cap} on ${request.project}: ${request.reason}`,
      tone: 'info',
      blocks: [
        ...context.planBlocks(plan, request.plan),
        ...approvedBlocks(request),
        { type: 'hint', text: nextOf(request, wantsKey(context, request, plan)) },
      ],
      data: request as unknown as Json,
    };
  },
});

const approvedBlocks = ({ approvals }: RequestView): Block[] =>
  approvals.length === 0
    ? []
    : [
        {
          type: 'fields',
          fields: approvals.map((approval) => ({ label: 'Approved by', value: signedBy(approval) })),
        },
      ];

const nextOf = ({ id, state, lapsed }: RequestView, key: boolean): string =>
  state === 'open'
    ? key
      ? `Only a signature approves it. On the approver's own machine: \`reeve approve ${id}\``
      : `Approve exactly this plan: \`reeve grant approve ${id}\``
    : lapsed === null
      ? `It is ${state}.`
      : `It was approved but did not run (${lapsed.code}): ${lapsed.why} Ask anew; reeve grant deny ${id} closes this one.`;

export const requestApprove = adminAction({
  name: 'grant approve',
  aliases: ['approve'],
  type: 'approve_grant',
  summary: 'Approve exactly the plan that is shown; the last approval starts it',
  group,
  verb: 'approve',
  args: z.object({ request: requestArg() }),
  examples: ['grant approve req_…'],
  async preview(context, args) {
    const request = await find(context, args.request);
    const plan = await requireApprover(context, request);
    requireKey(context, request, plan);
    return {
      question: `Approve ${request.cap} on ${request.project} for ${request.by}, exactly as shown?`,
      blocks: context.planBlocks(plan, request.plan),
    };
  },
  async run(context, args): Promise<AdminOutcome> {
    const { caller, grants, work } = context;
    const asked = await find(context, args.request);
    requireKey(context, asked, await requireApprover(context, asked));
    // The last approval starts the work: while that cannot begin, it is not spent.
    if (isStep(asked)) await requireWaiting(context, asked);
    const last = asked.approvals.length + 1 >= asked.needs && !isStep(asked) && asked.keep !== true;
    if (last) (asked.also?.prj ?? [asked.project]).forEach((project) => work.admit(project));
    const { request, grant } = await grants.approve(asked.id, caller.person, asked.plan, {
      account: caller.account,
      ...(caller.cosign === undefined ? {} : { cosign: caller.cosign }),
    });
    const targets = [{ kind: 'request', id: request.id }];
    const before = { approvals: asked.approvals.length };
    if (grant === undefined)
      return {
        title: `Approved; ${plural(request.needs - request.approvals.length, 'more approval')} needed`,
        tone: 'warn',
        data: { request: request as unknown as Json },
        before,
        after: { approvals: request.approvals.length },
        targets,
      };
    if (request.keep === true)
      return {
        title: `Approved: ${request.by} may run exactly this plan of ${request.cap} on ${request.project}`,
        blocks: [
          {
            type: 'fields',
            fields: [
              { label: 'Grant', value: grant.payload.gid },
              { label: 'Uses', value: grant.payload.uses },
              { label: 'Until', value: { time: grant.payload.exp } },
            ],
          },
        ],
        data: { request: request as unknown as Json, grant_id: grant.payload.gid },
        before,
        after: { approvals: request.approvals.length, grant: grant.payload.gid },
        targets,
      };
    // The question of a running job's step: the answer is the record, nothing new starts.
    if (isStep(request))
      return {
        title: `Approved: the job of ${request.by} goes on`,
        data: { request: request as unknown as Json },
        before,
        after: { approvals: request.approvals.length },
        targets,
      };
    const { job_id } = await context.runApproved(request, grant.payload).catch(async (error: unknown) => {
      // Said to the approver now, and to the requester by the record.
      if (error instanceof ReeveError)
        await grants.lapse(request.id, error.code, error.message).catch(() => undefined);
      throw error;
    });
    return {
      title: `Approved: ${request.by}'s ${request.cap} runs as ${job_id.slice(0, 12)}`,
      data: { request: request as unknown as Json, grant_id: grant.payload.gid, job_id },
      before,
      after: { approvals: request.approvals.length, grant: grant.payload.gid, job: job_id },
      targets,
      job: { id: job_id, follow: true },
    };
  },
});

export const requestDeny = adminAction({
  name: 'grant deny',
  aliases: ['deny'],
  type: 'deny_grant',
  summary: 'Turn a request down (or withdraw your own)',
  group,
  verb: 'view',
  needsReason: true,
  args: z.object({ request: requestArg() }),
  examples: ['grant deny req_… --reason "not on a Friday"'],
  async run(context, args) {
    const { caller } = context;
    const request = await context.grants.deny(
      args.request,
      caller.person,
      context.reason,
      caller.cosign === undefined ? {} : { cosign: caller.cosign },
    );
    return {
      title: `Denied ${request.id}`,
      tone: 'warn',
      data: { request: request as unknown as Json },
      after: { state: request.state },
      targets: [{ kind: 'request', id: request.id }],
    };
  },
});
