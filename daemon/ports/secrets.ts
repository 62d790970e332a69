import type { SecretRotationEvent } from '../../contracts/admin.ts';

/** What may be shown of a secret. */
export interface SecretInfo {
  name: string;
  /** Counts from 1 and never goes back, also over a removal. */
  version: number;
  /** When this version was stored, ms. */
  updated: number;
}

/** The part of a SecretRotationEvent that the store knows: names and versions, never a value. */
export type SecretRotation = Pick<SecretRotationEvent, 'secret_name' | 'previous_version' | 'new_version'>;

/** Values the runbooks may use by name. Sealed at rest; a name's value never appears in any record, log or error. */
export interface Secrets {
  /** Sorted by name. */
  list(): Promise<SecretInfo[]>;
  has(name: string): Promise<boolean>;
  /** Rejects `SECRET_NOT_FOUND`, `SECRETS_DAMAGED`. */
  get(name: string): Promise<string>;
  /** Durable when it resolves. Rejects `SECRET_INVALID` for an impossible name or value. */
  set(name: string, value: string): Promise<SecretRotation>;
  /** Durable when it resolves: the value is gone, the version count stays. Rejects `SECRET_NOT_FOUND`. */
  remove(name: string): Promise<SecretInfo>;
  /** Every current value: what redaction removes from all output. */
  values(): Promise<string[]>;
}

/** What checking an estate may ask; without `get` nobody can tell what a secret is worth. */
export type StoredSecrets = Pick<Secrets, 'has'> & Partial<Pick<Secrets, 'get'>>;
