import type { Alerts } from '../../ports/alerts.ts';
import type { Github } from '../../ports/github.ts';

const ALERT = 'github:credential';

export interface CredentialDeps {
  alerts: Pick<Alerts, 'raise' | 'resolve' | 'list'>;
  github: Pick<Github, 'client' | 'renew' | 'trouble'>;
}

/** What people are told of what Reeve signs in to GitHub with: once when it is refused, and how that ended. */
export class Credential {
  readonly #deps: CredentialDeps;
  #refused = false;

  constructor(deps: CredentialDeps) {
    this.#deps = deps;
  }

  /** As an earlier daemon left it: it may have been put right while none ran. */
  recall(): void {
    this.#refused = isTold(this.#deps.alerts);
  }

  /** It was refused, and nothing has been taken since. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Asks GitHub for what costs nothing. Rejects as the client does, and what GitHub says; then it is not taken. */
  async signIn(): Promise<void> {
    const { github } = this.#deps;
    // A token that was refused is kept for an hour otherwise.
    github.renew();
    const client = await github.client();
    try {
      // Does not count against the limit (docs.github.com/rest/rate-limit).
      await client.request('GET /rate_limit', { request: { retries: 0, patience: 0 } });
    } catch (error) {
      // A server without limits has no such page, and has let us in.
      if ((await github.trouble(error))?.kind !== 'gone') throw error;
    }
    await this.taken();
  }

  async taken(): Promise<void> {
    if (!this.#refused) return;
    await this.#deps.alerts.resolve(ALERT, 'GitHub takes the credential');
    this.#refused = false;
  }

  async isRefused(why: string): Promise<void> {
    if (this.#refused) return;
    await this.#deps.alerts.raise({
      key: ALERT,
      severity: 'warn',
      source: 'daemon',
      title: 'GitHub refuses what Reeve signs in with',
      text: `${why}. Nothing is lost: it is written once the app or the token of integrations.github is right again.`,
    });
    this.#refused = true;
  }

  /** reeve.yaml names neither app nor token any more: there is nothing to be put right. */
  async unneeded(): Promise<void> {
    this.#refused = false;
    const { alerts, github } = this.#deps;
    github.renew();
    if (isTold(alerts))
      await alerts.resolve(ALERT, 'integrations.github of reeve.yaml names no app and no token any more');
  }
}

const isTold = (alerts: Pick<Alerts, 'list'>): boolean =>
  alerts.list().some(({ key, state }) => key === ALERT && state === 'open');
