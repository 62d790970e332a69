import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { arg } from '../args.ts';
import { adminAction, type ActionContext } from '../ports/actions.ts';
import { grantFields, keyRows } from './grant-blocks.ts';

const group = 'Grants';

export const initKeys = adminAction({
  name: 'preauth init-keys',
  inChat: false,
  type: 'init_keys',
  summary: 'Make the signing keys (done by the first start); --rotate retires them and makes new ones',
  group,
  verb: 'administer',
  args: z.object({
    rotate: arg.boolean('retire the current key and make a new one').default(false),
    purpose: arg.choice(['grant', 'checkpoint', 'bot'], 'which key to rotate').default('grant'),
  }),
  examples: ['preauth init-keys', 'preauth init-keys --rotate --reason "laptop lost"'],
  async run({ keys, grants, caller }, args) {
    const before = keys.list().map((k) => ({ kid: k.kid, purpose: k.purpose, retired: k.retired !== null }));
    if (args.rotate) {
      await keys.rotate(args.purpose);
      await grants.enrolKeys(caller.person);
    }
    const after = keys.list();
    return {
      title: args.rotate
        ? `A new ${args.purpose} key signs from now on`
        : 'The keys are there; nothing to do',
      blocks: [keyRows(after)],
      data: after as unknown as Json,
      before,
      after: after.map((k) => ({ kid: k.kid, purpose: k.purpose, retired: k.retired !== null })),
      targets: after.map((k) => ({ kind: 'key', id: k.kid })),
    };
  },
});

const toggle = (about: string) => arg.boolean(about, { negatable: true }).optional();

export const createGrant = adminAction({
  name: 'preauth create-grant',
  inChat: false,
  type: 'create_grant',
  summary: 'Make a signed, short-lived, least-privilege grant ahead of time',
  description:
    'For work that nobody confirms while it runs. Grants name exact projects and exact action:environment pairs, expire by themselves and can be revoked at any moment.',
  group,
  verb: 'approve',
  args: z.object({
    project_ids: arg.list('projects, separated by commas'),
    auto_deploy_dev: toggle('allow deploy:dev'),
    auto_deploy_staging: toggle('allow deploy:staging'),
    auto_deploy_prod: toggle('allow deploy:prod'),
    auto_rollback: toggle('allow rollback in the environments named'),
    auto_push: toggle('allow patch in the environments named'),
    auto_heal: toggle('allow heal in the environments named'),
    cap: arg.list('further exact capabilities, e.g. run_drill:dev').optional(),
    break_glass: arg.boolean('emergency: at most 2 h, needs a reason, opens a review').optional(),
    expires_in_hours: arg.integer('lifetime in hours (1 … 24)', { min: 0, max: 100_000 }).optional(),
    uses: arg.integer('how often it may be used', { min: 1, max: 1000 }).optional(),
    subject: arg.string('who may use it: a person; default: you').optional(),
  }),
  examples: [
    'preauth create-grant --project-ids my-project --auto-deploy-dev --auto-deploy-staging --no-auto-deploy-prod --expires-in-hours 2',
    'preauth create-grant --project-ids my-project --auto-deploy-prod --break-glass --expires-in-hours 2 --reason "site is down"',
  ],
  async run(context, args) {
    const { reason, caller, grants } = context;
    const flags = splitSwitches(args as JsonObject);
    const wanted = context.grantFromFlags({ ...flags, ...(reason === '' ? {} : { reason }) }, caller.person);
    const skipped = checkPolicy(context, wanted, args.break_glass === true);
    const issued = await grants.issue({ ...wanted, ...(skipped.length === 0 ? {} : { skipped }) });
    const view = await grants.show(issued.payload.gid);
    return {
      title: `Grant ${issued.payload.gid} is made`,
      blocks: [
        grantFields(view),
        { type: 'hint', text: `Use it: reeve deploy … --preauth-grant ${issued.payload.gid}` },
        ...(issued.review === undefined
          ? []
          : [
              {
                type: 'hint' as const,
                text: `Break-glass: review ${issued.review} stays open until somebody closes it.`,
              },
            ]),
      ],
      data: { grant_id: issued.payload.gid, token: issued.token, grant: view as unknown as Json },
      after: {
        grant: issued.payload.gid,
        cap: issued.payload.cap,
        prj: issued.payload.prj,
        exp: issued.payload.exp,
      },
      targets: [{ kind: 'grant', id: issued.payload.gid }],
    };
  },
});

/** `--x`/`--no-x` arrive as one boolean; the flags table wants both halves. */
function splitSwitches(args: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(args)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => (k.startsWith('auto_') && v === false ? [`no_${k}`, true] : [k, v])),
  );
}

/** Nobody hands out more than they may approve, nor what policy wants more approvals for. Returns who is skipped. */
function checkPolicy(
  { people, config, caller }: ActionContext,
  wanted: { prj: readonly string[]; cap: readonly string[]; sub: string },
  breakGlass: boolean,
): string[] {
  const skipped = new Set<string>();
  for (const project of wanted.prj)
    for (const cap of wanted.cap) {
      const env = cap.slice(cap.indexOf(':') + 1);
      people.require(caller.person, 'approve', project, env);
      const count = env === 'none' ? 0 : (config.project(project).environments[env]?.approvals ?? 0);
      // Policy may name who approves: then the role alone counts for nothing.
      const approvers = count === 0 ? [] : people.approversFor(project, env);
      const given = wanted.sub !== `person:${caller.person}` && approvers.includes(caller.person) ? 1 : 0;
      if (count <= given) continue;
      const others = approvers.filter((p) => p !== caller.person);
      if (!breakGlass)
        throw fail('APPROVAL_REQUIRED', {
          action: cap,
          project,
          env,
          count,
          approvers: others.join(', ') || 'nobody yet',
        });
      others.forEach((p) => skipped.add(p));
    }
  return [...skipped];
}
