import { z } from 'zod';
import type { Json } from '../../contracts/json.ts';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction } from '../ports/actions.ts';
import { grantFields, keyRows } from './grant-blocks.ts';

const group = 'Grants';

export const preauthList = readAction({
  name: 'preauth list',
  summary: 'Grants, newest first',
  group,
  verb: 'view',
  args: z.object({
    active_only: arg.boolean('only those that can be used now').default(false),
    jobs: arg.boolean('also the child grants that running jobs hold').default(false),
  }),
  examples: ['preauth list --active-only'],
  async run({ grants, people, caller }, args) {
    const every = (await grants.list({ activeOnly: args.active_only })).filter(
      (g) =>
        g.sub === `person:${caller.person}` || g.prj.some((p) => people.allows(caller.person, 'view', p)),
    );
    const all = args.jobs ? every : every.filter((g) => g.par === null);
    return {
      title: all.length === 0 ? 'No grants' : plural(all.length, 'grant'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Grant' },
            { label: 'For' },
            { label: 'Projects' },
            { label: 'Allows' },
            { label: 'State' },
            { label: 'Uses', align: 'right' },
            { label: 'Until' },
          ],
          rows: all
            .slice(0, 200)
            .map((g): Cell[] => [
              g.gid,
              g.sub,
              g.prj.join(','),
              g.cap.join(' '),
              { tone: g.state === 'active' ? 'good' : 'info', text: g.state },
              `${g.used}/${g.uses}`,
              { time: g.exp },
            ]),
          empty: 'None. Make one: reeve preauth create-grant --help',
        },
      ],
      data: all as unknown as Json,
    };
  },
});

export const preauthShow = readAction({
  name: 'preauth show',
  inChat: false,
  summary: 'One grant; --token prints it',
  group,
  verb: 'view',
  args: z.object({
    grant: arg.grant('grant id', { position: 0 }),
    token: arg.boolean('print the signed token too').default(false),
  }),
  examples: ['preauth show gr_… --token'],
  async run({ grants, people, caller }, args) {
    const view = await grants.show(args.grant);
    const own = view.sub === `person:${caller.person}`;
    if (!own && !view.prj.some((p) => people.allows(caller.person, 'view', p)))
      people.require(caller.person, 'view', view.prj[0]);
    let token: string | undefined;
    if (args.token) {
      if (!own) people.require(caller.person, 'administer');
      token = await grants.token(view.gid);
    }
    return {
      title: `Grant ${view.gid}`,
      tone: 'info',
      blocks: [
        grantFields(view),
        ...(token === undefined ? [] : [{ type: 'code' as const, language: 'token', text: token }]),
      ],
      data: { grant: view as unknown as Json, ...(token === undefined ? {} : { token }) },
    };
  },
});

export const preauthVerify = readAction({
  name: 'preauth verify',
  inChat: false,
  summary: 'Check a token from its first byte; --keys lists the keys that count',
  group,
  verb: 'view',
  args: z.object({
    token: arg.string('the token', { position: 0, max: 20_000 }).optional(),
    keys: arg.boolean('list keys').default(false),
  }),
  examples: ['preauth verify reeve1.…', 'preauth verify --keys'],
  run({ grants, keys }, args) {
    if (args.token === undefined || args.keys)
      return {
        title: 'Keys of this daemon',
        tone: 'info',
        blocks: [keyRows(keys.list())],
        data: keys.list() as unknown as Json,
      };
    const payload = grants.verify(args.token);
    return {
      title: `The token is valid now: ${payload.gid}`,
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'For', value: payload.sub },
            { label: 'Allows', value: `${payload.cap.join(', ')} on ${payload.prj.join(', ')}` },
            { label: 'Until', value: { time: payload.exp } },
          ],
        },
      ],
      data: payload as unknown as Json,
    };
  },
});

export const preauthRevoke = adminAction({
  name: 'preauth revoke',
  type: 'revoke_grant',
  summary: 'Revoke a grant; a job under it stops at its next step',
  group,
  // Whose it is may take it back, and who may approve there: what exactly is asked once the grant is known.
  verb: 'view',
  args: z.object({ grant: arg.grant('grant id', { position: 0 }) }),
  examples: ['preauth revoke gr_… --reason "no longer needed"'],
  async run({ grants, people, caller, reason }, args) {
    const view = await grants.show(args.grant);
    if (view.sub !== `person:${caller.person}` && view.iss !== caller.person)
      for (const project of view.prj)
        for (const cap of view.cap)
          people.require(caller.person, 'approve', project, cap.slice(cap.indexOf(':') + 1));
    const { grants: hit } = await grants.revoke(
      { gid: view.gid },
      caller.person,
      reason || `revoked by ${caller.person}`,
    );
    return {
      title: `Revoked ${view.gid}${hit.length > 1 ? ` and ${hit.length - 1} under it` : ''}`,
      tone: 'warn',
      data: { revoked: hit },
      before: { state: view.state },
      after: { state: 'revoked' },
      targets: hit.slice(0, 100).map((id) => ({ kind: 'grant', id })),
    };
  },
});
