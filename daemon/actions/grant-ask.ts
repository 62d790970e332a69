import { z } from 'zod';
import { MAX_LIFETIME_MS } from '../../contracts/grant.ts';
import { Duration } from '../../contracts/duration.ts';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { arg } from '../args.ts';
import { adminAction, type GrantWish } from '../ports/actions.ts';
import { jobArgs } from './wish.ts';

/** Command → what of the arguments it takes beside project, runbook and input. */
const COMMANDS = {
  deploy: ['env', 'target'],
  rollback: ['env', 'target'],
  promote: ['from', 'to', 'target'],
  patch: ['env', 'target'],
  heal: ['env', 'target'],
  run: ['env'],
} as const;
const names = Object.keys(COMMANDS) as [keyof typeof COMMANDS, ...(keyof typeof COMMANDS)[]];
const HOUR = 3_600_000;

const args = z.object({
  action: arg.choice(names, 'what you want to do', { position: 0 }),
  project: arg.project('on which project'),
  env: arg.environment('in which environment; of promote: where it goes').optional(),
  from: arg.environment('promote: where the release is now').optional(),
  target: arg.string('deployment target, e.g. generic_container').optional(),
  runbook: jobArgs.runbook,
  input: jobArgs.input,
  for: arg.duration('how long it may be used, counted from its approval; default 1h, at most 24h').optional(),
  uses: arg.integer('how often it may be used', { min: 1, max: 20 }).default(1),
});

export const grantRequest = adminAction({
  name: 'grant request',
  type: 'request_grant',
  summary: 'Ask for the right to run one exact plan for a while',
  description:
    'The approvers see the whole plan. Once they have said yes, the clock starts and your next fitting command uses the grant by itself, also where your role alone would not allow it.',
  group: 'Grants',
  verb: 'view',
  needsReason: true,
  args,
  examples: [
    'grant request deploy --project my-project --env prod --for 2h --reason "release 7 tonight"',
    'grant request run --project my-project --env prod --runbook vacuum --reason "the disk fills up"',
  ],
  async preview(context, given) {
    const { plan, digest, approvers, needs } = await context.planGrant(wishOf(given));
    return {
      question: `Ask for ${needs} approval(s) of exactly this plan?`,
      blocks: [
        ...context.planBlocks(plan, digest),
        { type: 'fields', fields: [{ label: 'Asked of', value: approvers.join(', ') }] },
      ],
    };
  },
  async run(context, given) {
    const wish = wishOf(given);
    const draft = await context.requestGrant(wish, {
      uses: given.uses,
      lifetime_ms: lifetimeOf(given.for),
    });
    return {
      ...draft,
      after: { command: wish.command, uses: given.uses, lifetime_ms: lifetimeOf(given.for) },
    };
  },
});

/** The command that will use the grant, with exactly the arguments that lead to the same plan. */
function wishOf(given: z.infer<typeof args>): GrantWish {
  const { action, project, env, from, target, runbook, input } = given;
  const all: JsonObject = {
    project,
    ...(input === undefined ? {} : { input }),
    ...(runbook === undefined ? {} : { runbook }),
  };
  const more = { env, to: env, from, target };
  const takes: readonly string[] = COMMANDS[action];
  for (const [name, value] of Object.entries(more))
    if (takes.includes(name) && value !== undefined) all[name] = value;
  for (const name of ['from', 'target'] as const)
    if (!takes.includes(name) && given[name] !== undefined)
      throw bad(`--${name} is nothing that ${action} takes`);
  if (action === 'promote' && (from === undefined || env === undefined))
    throw bad('promote needs --from and --env');
  if (action === 'run' && runbook === undefined) throw bad('run needs --runbook');
  return { command: action, args: all };
}

function lifetimeOf(text: string | undefined): number {
  if (text === undefined) return HOUR;
  const { success, data: ms } = Duration.safeParse(text);
  if (!success) throw bad('--for takes a time such as 30m or 2h');
  const max = MAX_LIFETIME_MS.std;
  if (ms > max) throw fail('GRANT_LIFETIME', { hours: ms / HOUR, max: max / HOUR, cls: 'std' });
  return ms;
}

const bad = (why: string): Error => fail('ARGUMENTS_INVALID', { command: 'grant request', why });
