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

/** The sources of the estate that is in force, looked up once each. */
export class Sources {
  #spec: IntegrationsSpec | undefined;
  readonly #known = new Map<WebhookName, Configured>();

  named(spec: IntegrationsSpec, name: WebhookName): Configured | undefined {
    if (spec !== this.#spec) {
      this.#spec = spec;
      this.#known.clear();
    }
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = sourceNamed(spec, name);
    // Names that are none are whatever anybody sends.
    if (found !== undefined) this.#known.set(name, found);
    return found;
  }
}

export const sourcesOf = (spec: IntegrationsSpec): Configured[] =>
  ['github', 'linear', ...Object.keys(spec.generic).map((name) => `generic/${name}`)].flatMap(
    (name) => sourceNamed(spec, name) ?? [],
  );

/** Opens sources and keeps their keys, since a secret is unsealed anew each time it is asked for. */
export class Keyring {
  readonly #secrets: Pick<Secrets, 'get'>;
  readonly #keys = new Map<string, Promise<KeyObject>>();
  #open = new WeakMap<Configured, OpenSource>();

  constructor(secrets: Pick<Secrets, 'get'>) {
    this.#secrets = secrets;
  }

  /** As it was opened since the last change of a secret. */
  opened(configured: Configured): OpenSource | undefined {
    return this.#open.get(configured);
  }

  /** Rejects SECRET_NOT_FOUND, WEBHOOK_BUSY for a secret that can be no key. */
  async open(configured: Configured): Promise<OpenSource> {
    const { name, kind, secrets } = configured;
    const open = this.#open;
    const keys = await Promise.all(secrets.map((secret) => this.#key(kind, secret)));
    const source = { name, kind, keys };
    // Into the one of before when a secret was changed meanwhile.
    open.set(configured, source);
    return source;
  }

  /** After a secret was changed. */
  forget(): void {
    this.#keys.clear();
    this.#open = new WeakMap();
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
