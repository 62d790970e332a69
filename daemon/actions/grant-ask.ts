import { z } from 'zod';
import { MAX_LIFETIME_MS } from '../../contracts/grant.ts';
import { Duration } from '../../contracts/duration.ts';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, type GrantWish } from '../ports/actions.ts';

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

// Chat has room for so many letters only: the description of the command says the rest.
const args = z.object({
  action: arg.choice(names, 'what to do', { position: 0 }),
  project: arg.project('project'),
  env: arg.environment('environment').optional(),
  from: arg.environment('promote: from where').optional(),
  target: arg.string('deployment target').optional(),
  runbook: arg.runbook('which runbook').optional(),
  input: arg.list('its input, name=value').optional(),
  for: arg.duration('how long: 30m, 2h').optional(),
  uses: arg.integer('how often', { min: 1, max: 20 }).default(1),
});

export const grantRequest = adminAction({
  name: 'grant request',
  type: 'request_grant',
  summary: 'Ask to be allowed one exact plan',
  description:
    'The approvers see the whole plan. Once they have said yes, the clock starts and your next fitting command uses the grant by itself, also where your role alone would not allow it. It may be used once, for an hour, unless --uses and --for (at most 24h) say otherwise; --env of promote is where it goes.',
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
      question: `Ask for ${plural(needs, 'approval')} of exactly this plan?`,
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
