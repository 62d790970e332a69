import type { EstateConfig } from '../../../contracts/estate.ts';
import { own } from '../../own.ts';
import type { EstateCheck } from '../../ports/estate-check.ts';
import type { StoredSecrets } from '../../ports/secrets.ts';

type Tell = Parameters<EstateCheck>[1];

/** What no schema can see in `integrations.github`. */
export async function checkGithub(
  { integrations: { github }, projects }: EstateConfig,
  tell: Tell,
  secrets: StoredSecrets,
): Promise<void> {
  if (github === undefined) return;
  const at = ['integrations', 'github'];
  const secret = github.app?.key ?? github.token;
  if (secret !== undefined && !(await secrets.has(secret)))
    tell.error(
      [...at, github.app === undefined ? 'token' : 'app'],
      `the secret ${secret} is not stored: reeve secret set ${secret} --value -`,
    );
  for (const [name, project] of Object.entries(github.repositories))
    if (own(projects, project) === undefined)
      tell.error([...at, 'repositories', name], `there is no project ${project}`);
  if (secret === undefined && Object.keys(github.repositories).length > 0)
    tell.error([...at, 'repositories'], 'Reeve may not call GitHub: set app or token, too');
}
