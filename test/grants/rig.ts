import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ReeveError, type ErrorCode } from '../../contracts/errors.ts';
import type { GrantPayload } from '../../contracts/grant.ts';
import { canonical } from '../../daemon/canonical.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { Core } from '../../daemon/grants/core.ts';
import type { Facts } from '../../daemon/grants/judge.ts';
import { grantsProjection } from '../../daemon/grants/projection.ts';
import { grantService } from '../../daemon/grants/service.ts';
import { signedBytes } from '../../daemon/grants/token.ts';
import { initKeys, loadKeys, type KeyStore } from '../../daemon/keys/store.ts';
import type { Grants, Halt, IssueRequest } from '../../daemon/ports/grants.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { MemoryLedger } from '../helpers/memory-ledger.ts';

export const HOUR = 3_600_000;
export const PLAN = `sha256:${'a'.repeat(64)}`;
export const OTHER_PLAN = `sha256:${'b'.repeat(64)}`;
export const JOB = `job_${'1'.repeat(32)}`;
export const ORIGIN = 'reeve.test/home';

/** The real service and key store over the in-memory ledger. */
export class Rig {
  readonly clock = new ManualClock();
  readonly halts = new Map<string, Halt>();
  readonly random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  readonly dir: string;
  keys: KeyStore;
  ledger: MemoryLedger;
  grants: Grants;

  private constructor(dir: string, keys: KeyStore) {
    this.dir = dir;
    this.keys = keys;
    this.ledger = new MemoryLedger(this.clock, [grantsProjection]);
    this.grants = grantService(this.options());
  }

  static async make(): Promise<Rig> {
    const dir = await mkdtemp(join(tmpdir(), 'reeve-grants-'));
    const keys = await initKeys(Rig.keyOptions(dir));
    const rig = new Rig(dir, keys);
    await rig.grants.enrolKeys('owner');
    return rig;
  }

  static keyOptions(dir: string) {
    const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
    return { folder: join(dir, 'keys'), fs: nodeFs, clock: new ManualClock(), random };
  }

  options() {
    const { ledger, keys, clock, random } = this;
    const halted = (project: string): Halt | undefined => this.halts.get(project) ?? this.halts.get('*');
    return { ledger, state: ledger, keys, clock, random, origin: ORIGIN, halted };
  }

  facts(): Facts {
    return new Core(this.options()).facts();
  }

  /** A new process on the same home: keys read again, state folded again from the lines. */
  async restart(): Promise<void> {
    this.keys = await loadKeys(Rig.keyOptions(this.dir));
    this.ledger = new MemoryLedger(this.clock, [grantsProjection], this.ledger.lines);
    this.grants = grantService(this.options());
  }

  issue(over: Partial<IssueRequest> = {}) {
    return this.grants.issue({ ...BASE, ...over });
  }

  use(grant: string, over: Partial<Parameters<Grants['use']>[0]> = {}) {
    return this.grants.use({
      grant,
      sub: 'person:alice',
      cap: 'deploy:prod',
      project: 'shop',
      plan: PLAN,
      ...over,
    });
  }

  /** Any bytes as a grant, correctly signed with the daemon's own grant key. */
  forge(payload: string | Uint8Array): string {
    const bytes = Buffer.from(payload);
    const signature = this.keys.signer('grant').sign(signedBytes(bytes));
    return `reeve1.${bytes.toString('base64url')}.${Buffer.from(signature).toString('base64url')}`;
  }

  /** A correctly signed grant that the ledger knows, whatever it says. */
  async plant(payload: GrantPayload): Promise<string> {
    await this.ledger.append('grant.issued', { grant: payload, how: 'created' });
    return this.forge(canonical(payload));
  }

  halt(project: string): void {
    const since = this.clock.now();
    this.halts.set(project, {
      since,
      by: 'olga',
      reason: 'smoke',
      scope: project === '*' ? 'all' : 'project',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true, maxRetries: 20 });
  }
}

const BASE: IssueRequest = {
  how: 'created',
  iss: 'alice',
  sub: 'person:alice',
  prj: ['shop'],
  cap: ['deploy:prod', 'rollback:prod'],
  lifetime_ms: HOUR,
  uses: 1,
  reason: 'a release',
};

/** Runs it, demands this code, and demands that the ledger did not grow. */
export async function refused(rig: Rig, code: ErrorCode, run: () => unknown): Promise<ReeveError> {
  const before = rig.ledger.lines.length;
  let error: unknown;
  try {
    await run();
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(ReeveError);
  if (!(error instanceof ReeveError)) throw new Error('unreachable');
  expect(error.code, error.message).toBe(code);
  expect(`${error.message} ${error.hint}`).not.toMatch(/\{\w+\}/);
  expect(rig.ledger.lines.length).toBe(before);
  return error;
}
