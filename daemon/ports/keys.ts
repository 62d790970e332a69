export type KeyPurpose = 'grant' | 'checkpoint' | 'bot';

/** What anyone may know of a key. */
export interface PublicKeyInfo {
  /** `key_` + first 16 hex digits of SHA-256 over the raw public key. */
  kid: string;
  purpose: KeyPurpose;
  /** Raw Ed25519 public key, base64 (44 characters). */
  publicKey: string;
  /** Milliseconds since the epoch. */
  created: number;
  /** When it was retired, or null while it signs. The private half of a retired key is gone. */
  retired: number | null;
}

/** Signs with one private key that never leaves the key store. Ed25519 (RFC 8032), 64-byte signatures. */
export interface Signer {
  kid: string;
  /** Raw, 32 bytes. */
  publicKey: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

/** Signs the ledger's checkpoints. `origin` is the ledger's name, the first line of each checkpoint. */
export interface CheckpointSigner {
  origin: string;
  keyId: string;
  publicKey: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

/** The key store: one current key per purpose, and the public halves of the retired ones. */
export interface Keys {
  /** Current and retired, oldest first. */
  list(): readonly PublicKeyInfo[];
  /** The current key of a purpose. Throws `KEYS_MISSING`. */
  signer(purpose: KeyPurpose): Signer;
  checkpointSigner(origin: string): CheckpointSigner;
  /** Durable when it resolves: a new key signs, the old one is retired and its private half gone, in one atomic change. */
  rotate(purpose: KeyPurpose): Promise<{ created: PublicKeyInfo; retired: PublicKeyInfo }>;
}

/** Authenticated encryption at rest under the home's master key (XSalsa20-Poly1305, tweetnacl's secretbox). */
export interface Sealer {
  /** Base64 of nonce ‖ box. */
  seal(plain: Uint8Array): string;
  /** Undefined when it was not sealed under this master key or was changed. */
  open(sealed: string): Uint8Array | undefined;
}
