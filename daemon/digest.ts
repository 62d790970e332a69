import { hash } from 'node:crypto';

/** SHA-256 as 64 lower-case hex digits. Strings are hashed as UTF-8. One-shot `crypto.hash` costs a third of `createHash`. */
export const sha256Hex = (data: string | Uint8Array): string => hash('sha256', data, 'hex');

/** SHA-256 as 32 bytes. */
export const sha256 = (data: string | Uint8Array): Buffer => Buffer.from(hash('sha256', data, 'hex'), 'hex');

/** The OCI digest form, `sha256:<hex>`. */
export const digestOf = (data: string | Uint8Array): string => `sha256:${sha256Hex(data)}`;
