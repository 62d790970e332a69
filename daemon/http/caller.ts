import type { FastifyRequest } from 'fastify';
import { fail } from '../../contracts/errors.ts';
import type { Verb } from '../../contracts/estate.ts';
import type { Caller } from '../ports/door.ts';
import type { ServerDeps } from './context.ts';

/** Who is asking. Throws on a route that never found out. */
export function callerOf(request: Pick<FastifyRequest, 'caller'>): Caller {
  if (request.caller === undefined) throw fail('TOKEN_MISSING');
  return request.caller;
}

/** Throws `FORBIDDEN` unless a role of the caller has the verb in that project and environment. */
export function demand(
  deps: Pick<ServerDeps, 'access'>,
  caller: Caller,
  verb: Verb,
  where: { project: string; env: string },
): void {
  if (deps.access(caller, verb, where.project, where.env)) return;
  throw fail('FORBIDDEN', { person: caller.person, verb, where: `${where.project}/${where.env}` });
}

/** Whether the caller's roles have the verb in every project: what concerns the estate as a whole. */
export const everywhere = (
  deps: Pick<ServerDeps, 'access' | 'projects'>,
  caller: Caller,
  verb: Verb,
): boolean => deps.projects().every((project) => deps.access(caller, verb, project));
