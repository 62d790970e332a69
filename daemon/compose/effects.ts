import { githubProjection } from '../integrations/github/projection.ts';
import { linearProjection } from '../integrations/linear/projection.ts';
import { own } from '../own.ts';
import type { Config } from '../ports/config.ts';
import type { Effect } from '../ports/effect.ts';
import type { Github } from '../ports/github.ts';
import type { StateView } from '../ports/state.ts';
import { releasesProjection } from '../release/projection.ts';

interface EffectParts {
  state: StateView;
  config: Config;
  github: Pick<Github, 'projectOf'>;
}

/** What of a delivery Reeve did itself: asked by rules before they start anything. */
export async function effectOf(
  { state, config, github }: EffectParts,
  { source, event }: { source: string; event: string },
  payload: object,
): Promise<Effect | undefined> {
  if (source === 'linear') {
    const { linearEffect } = await import('../integrations/linear/effects.ts');
    return linearEffect(payload, state.get(linearProjection));
  }
  if (source !== 'github') return undefined;
  const { githubEffect } = await import('../integrations/github/effects.ts');
  return githubEffect(event, payload, {
    state: state.get(githubProjection),
    app: config.current().config.integrations.github?.app?.id,
    releases(repository) {
      const project = github.projectOf(repository);
      return (project === undefined ? undefined : own(state.get(releasesProjection), project)) ?? [];
    },
  });
}
