import type { EstateConfig } from '../../contracts/estate.ts';
import { own } from '../own.ts';
import type { EstateCheck } from '../ports/estate-check.ts';

type Tell = Parameters<EstateCheck>[1];

/** What no schema can see in `release` of a project. */
export async function checkReleases(
  { projects, integrations: { github } }: EstateConfig,
  tell: Tell,
  has: (secret: string) => Promise<boolean>,
): Promise<void> {
  for (const [project, { release }] of Object.entries(projects)) {
    const at = ['projects', project, 'release'];
    for (const field of ['token', 'key'] as const) {
      const name = release.push?.[field];
      if (name !== undefined && !(await has(name)))
        tell.error(
          [...at, 'push', field],
          `the secret ${name} is not stored: reeve secret set ${name} --value -`,
        );
    }
    if (release.github === undefined) continue;
    if (github?.app === undefined && github?.token === undefined)
      tell.error([...at, 'github'], 'Reeve may not call GitHub: set integrations.github.app or token');
    else if (own(github.repositories, release.github) !== project)
      tell.error(
        [...at, 'github'],
        `integrations.github.repositories does not say that ${release.github} is of ${project}`,
      );
  }
}
