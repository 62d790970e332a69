import { fail } from '../../contracts/errors.ts';
import { Plan } from '../../contracts/plan.ts';
import type { Cosigning } from '../ports/cosign.ts';
import type { Running } from './running.ts';
import type { Store } from './store.ts';

/** Signed statements become calls at the door, as the person whose key signed them. */
export function composeCosign(store: Store, { deps, door, people }: Running): Cosigning {
  const { grants, artifacts } = deps;
  return {
    async look(token) {
      const { person, statement } = grants.look(token);
      const request = (await grants.requests()).find(({ id }) => id === statement.request);
      if (!people.exists(person)) throw fail('PERSON_UNKNOWN', { account: statement.kid });
      if (request === undefined) throw fail('REQUEST_NOT_FOUND', { id: statement.request });
      people.require(person, 'view', request.project, request.env);
      const bytes = await artifacts.get(request.plan_ref.digest ?? '');
      const { id, state, by, cap, project, env, reason, needs, approvals, expires, lifetime_ms, uses } =
        request;
      return {
        aud: store.origin,
        person,
        request: id,
        state,
        asked_by: by,
        cap,
        project,
        env,
        reason,
        needs,
        approved_by: approvals.map((approval) => approval.by),
        expires,
        lifetime_ms,
        uses,
        keep: request.keep === true,
        plan: Plan.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))),
      };
    },
    async decide(token) {
      const { person, statement } = grants.decision(token);
      const { kid, decision, request, reason } = statement;
      return door.admit(
        { person, via: 'cli', account: kid, interactive: true, cosign: token },
        {
          command: decision === 'approve' ? 'grant approve' : 'grant deny',
          args: { request },
          // It was shown, and asked, where it was signed.
          force: true,
          ...(reason === '' ? {} : { reason }),
        },
      );
    },
  };
}
