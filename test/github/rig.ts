import { onTestFinished } from 'vitest';
import type { Config } from '../../daemon/ports/config.ts';
import type { Github } from '../../daemon/ports/github.ts';
import { openGithub } from '../../daemon/compose/github.ts';
import { IntegrationsSpec } from '../../contracts/estate/integrations.ts';
import { startGithub, type GithubStandin } from '../standins/github/index.ts';

export async function standin(): Promise<GithubStandin> {
  const github = await startGithub();
  onTestFinished(() => github.close());
  return github;
}

/** The client as the daemon opens it, against a stand-in. `secrets`: values by name. */
export function clientOf(
  { api }: GithubStandin,
  github: object,
  secrets: Record<string, string>,
): Github & { said: string[] } {
  const integrations = IntegrationsSpec.parse({ github });
  const said: string[] = [];
  const opened = openGithub({
    clock: { now: () => Date.now() },
    config: { current: () => ({ config: { integrations } }) } as unknown as Config,
    secrets: { get: async (name) => secrets[name] ?? '' },
    api,
    version: '0.0.0',
    warn: (_what, error) => said.push(String(error)),
  });
  return Object.assign(opened, { said });
}
