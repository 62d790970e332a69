import type { KeyObject } from 'node:crypto';
import type { IntegrationsSpec } from '../../../contracts/estate/integrations.ts';
import { fail } from '../../../contracts/errors.ts';
import { own } from '../../own.ts';
import type { Secrets } from '../../ports/secrets.ts';
import type { WebhookName } from '../../ports/webhooks.ts';
import type { OpenSource } from './intake.ts';
import type { SourceKind } from './source.ts';
import { sources } from './sources/index.ts';

/** A source as reeve.yaml has it: its kind and the names of its secrets, the one in force first. */
export interface Configured {
  name: WebhookName;
  kind: SourceKind;
  secrets: readonly [string, ...string[]];
}

type Hook = NonNullable<IntegrationsSpec['github']>['webhook'];

const configured = (name: WebhookName, kind: SourceKind, hook: Hook): Configured => ({
  name,
  kind,
  secrets: hook.previous_secret === undefined ? [hook.secret] : [hook.secret, hook.previous_secret],
});

export function sourceNamed(spec: IntegrationsSpec, name: WebhookName): Configured | undefined {
  if (name === 'github') return spec.github && configured(name, sources.github, spec.github.webhook);
  if (name === 'linear') return spec.linear && configured(name, sources.linear, spec.linear.webhook);
  const hook = own(spec.generic, name.slice('generic/'.length));
  return hook && configured(name, sources.generic, hook);
}

export const sourcesOf = (spec: IntegrationsSpec): Configured[] =>
  ['github', 'linear', ...Object.keys(spec.generic).map((name) => `generic/${name}`)].flatMap(
    (name) => sourceNamed(spec, name) ?? [],
  );

/** Opens sources and keeps their keys, since a secret is unsealed anew each time it is asked for. */
export class Keyring {
  readonly #secrets: Pick<Secrets, 'get'>;
  readonly #keys = new Map<string, Promise<KeyObject>>();

  constructor(secrets: Pick<Secrets, 'get'>) {
    this.#secrets = secrets;
  }

  /** Rejects SECRET_NOT_FOUND, WEBHOOK_BUSY for a secret that can be no key. */
  async open({ name, kind, secrets }: Configured): Promise<OpenSource> {
    const keys = await Promise.all(secrets.map((secret) => this.#key(kind, secret)));
    return { name, kind, keys };
  }

  /** After a secret was changed. */
  forget(): void {
    this.#keys.clear();
  }

  #key(kind: SourceKind, secret: string): Promise<KeyObject> {
    const at = `${kind.kind} ${secret}`;
    const there = this.#keys.get(at);
    if (there !== undefined) return there;
    const made = this.#secrets.get(secret).then((text) => {
      try {
        return kind.key(text);
      } catch (cause) {
        const why = `the stored secret ${secret} is no key: ${cause instanceof Error ? cause.message : ''}`;
        throw fail('WEBHOOK_BUSY', { why }, { cause });
      }
    });
    this.#keys.set(at, made);
    // One that failed is tried again by the next delivery.
    made.catch(() => this.#keys.delete(at));
    return made;
  }
}
