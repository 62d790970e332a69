import type { IntegrationsSpec } from '../../../contracts/estate/integrations.ts';
import type { EstateCheck } from '../../ports/estate-check.ts';
import type { StoredSecrets } from '../../ports/secrets.ts';
import { sourcesOf } from './open.ts';

type Tell = Parameters<EstateCheck>[1];

/**
 * A source whose secret is not stored, or is none, would take what anybody made up, or nothing: the file is refused, at
 * the start of the daemon, too.
 */
export async function checkIntegrations(
  spec: IntegrationsSpec,
  tell: Tell,
  secrets: StoredSecrets,
): Promise<void> {
  for (const { name, kind, secrets: names } of sourcesOf(spec)) {
    const at = name.startsWith('generic/')
      ? ['integrations', 'generic', name.slice('generic/'.length)]
      : ['integrations', name];
    for (const secret of names) {
      if (!(await secrets.has(secret))) {
        tell.error(
          at,
          `the secret ${secret} is not stored; store it before this is switched on: reeve secret set ${secret} --value -`,
        );
        continue;
      }
      if (secrets.get === undefined) continue;
      try {
        kind.key(await secrets.get(secret));
      } catch (error) {
        tell.error(
          at,
          `the secret ${secret} can sign nothing: ${error instanceof Error ? error.message : ''}`,
        );
      }
    }
  }
}
