import { fail } from '../../contracts/errors.ts';
import type { Config } from '../ports/config.ts';
import type { Clock } from '../ports/clock.ts';
import type { Github, GithubClient, GithubRepository } from '../ports/github.ts';
import type { Secrets } from '../ports/secrets.ts';

export interface GithubParts {
  clock: Pick<Clock, 'now'>;
  config: Config;
  secrets: Pick<Secrets, 'get'>;
  /** Another address of the API. */
  api: string | undefined;
  version: string;
  warn(what: string, error: unknown): void;
}

/** GitHub, as reeve.yaml says. Its client is loaded with the first call. */
export function openGithub({ clock, config, secrets, api, version, warn }: GithubParts): Github {
  let open: { key: string; client: GithubClient } | undefined;
  const known = new Map<string, GithubRepository>();
  const spec = () => config.current().config.integrations.github;

  async function client(): Promise<GithubClient> {
    const { app, token } = spec() ?? {};
    const secret = app?.key ?? token;
    if (secret === undefined) throw fail('GITHUB_NOT_CONFIGURED');
    const value = await secrets.get(secret);
    const key = JSON.stringify([app, secret, value]);
    if (open?.key === key) return open.client;
    const { openClient, GITHUB_API } = await import('../integrations/github/client.ts');
    const made = openClient({
      auth:
        app === undefined ? { token: value } : { app: app.id, installation: app.installation, key: value },
      secret,
      api: api ?? GITHUB_API,
      version,
      warn: (what) => warn('github', what),
    });
    known.clear();
    open = { key, client: made };
    return made;
  }
  return {
    configured: () => spec()?.app !== undefined || spec()?.token !== undefined,
    client,
    renew() {
      open = undefined;
    },
    async trouble(error) {
      const { troubleOf } = await import('../integrations/github/trouble.ts');
      return troubleOf(error, clock.now());
    },
    projectOf({ id, full_name }) {
      const all = Object.entries(spec()?.repositories ?? {});
      const named = all.find(([name]) => name === String(id));
      return (named ?? all.find(([name]) => name.toLowerCase() === full_name.toLowerCase()))?.[1];
    },
    repositoriesOf: (project) =>
      Object.entries(spec()?.repositories ?? {})
        .filter(([, one]) => one === project)
        .map(([name]) => name),
    async repository(named) {
      const before = known.get(named);
      if (before !== undefined) return before;
      const github = await client();
      const { data } = /^\d+$/.test(named)
        ? await github.request(`GET /repositories/${named}`)
        : await github.request('GET /repos/{owner}/{repo}', parts(named));
      const { id, full_name } = data as GithubRepository;
      known.set(named, { id, full_name });
      return { id, full_name };
    },
  };
}

function parts(name: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = name.split('/');
  return { owner, repo };
}
