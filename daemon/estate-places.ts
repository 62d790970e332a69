import { fail } from '../contracts/errors.ts';
import type { EstateConfig } from '../contracts/estate.ts';
import { own } from './own.ts';

/**
 * The last environment of each project, which is where its users are; or this project alone, or this environment wherever
 * there is one of the name. Rejects PROJECT_UNKNOWN, ENVIRONMENT_UNKNOWN.
 */
export function lastEnvironments(
  { projects }: Pick<EstateConfig, 'projects'>,
  only: { project?: string | undefined; env?: string | undefined } = {},
): { project: string; env: string }[] {
  const named = only.project === undefined ? Object.keys(projects) : [only.project];
  return named.flatMap((project) => {
    const spec = own(projects, project);
    if (spec === undefined)
      throw fail('PROJECT_UNKNOWN', { project, known: Object.keys(projects).join(', ') });
    const known = Object.keys(spec.environments);
    const env = only.env ?? known.at(-1);
    if (env !== undefined && known.includes(env)) return [{ project, env }];
    if (only.project === undefined) return [];
    throw fail('ENVIRONMENT_UNKNOWN', { project, env: env ?? '', known: known.join(', ') });
  });
}
