import { isAbsolute, normalize } from 'node:path';
import type { EstateConfig } from '../../contracts/estate.ts';
import type { EstateCheck } from '../ports/estate-check.ts';

/** More often would make the disk work for nothing: no drill measures so finely. */
const SHORTEST = 5000;

/** Mistakes of `sentinels` that the schema of reeve.yaml cannot see. */
export async function checkSentinels(
  config: EstateConfig,
  tell: Parameters<EstateCheck>[1],
  has: (secret: string) => Promise<boolean>,
): Promise<void> {
  for (const [name, spec] of Object.entries(config.sentinels)) {
    const at = ['sentinels', name];
    if (spec.every < SHORTEST) tell.error([...at, 'every'], `at least ${SHORTEST / 1000}s`);
    if (spec.kind === 'postgres') {
      if (!(await has(spec.secret)))
        tell.warning(
          [...at, 'secret'],
          `the secret ${spec.secret} is not there yet: reeve secret set ${spec.secret} --value -`,
        );
      continue;
    }
    const key = spec.kind === 'files' ? 'folder' : 'file';
    const path = spec.kind === 'files' ? spec.folder : spec.file;
    const zone = zoneOf(config, path);
    if (zone !== undefined)
      tell.error(
        [...at, key],
        `${path} is in the zone ${zone}, which the daemon does not write to by itself`,
      );
  }
}

function zoneOf({ zones }: EstateConfig, path: string): string | undefined {
  if (isAbsolute(path)) return undefined;
  const inside = normalize(path).replace(/\/+$/, '');
  return [...zones.system, ...zones.app].find((zone) => {
    const folder = normalize(zone).replace(/\/+$/, '');
    return inside === folder || inside.startsWith(`${folder}/`);
  });
}
