import { createRequire } from 'node:module';
import type { StatusView } from '../../contracts/api.ts';
import type { CoSignView } from '../../contracts/cosign.ts';
import type { Block, Reply } from '../../contracts/reply.ts';
import { Problem } from '../io/problem.ts';
import { bundleWanted, CACHE, freshBundle } from './bundle.ts';

/** What the daemon side of a command that runs in this process may do with the terminal. */
export interface LocalIo {
  /** Shows a reply as the answer of a running daemon would be shown. */
  reply(reply: Pick<Reply, 'tone' | 'title' | 'blocks'>): void;
  /** One harmless line on stderr, left out by --quiet. */
  note(text: string): void;
}

/** `reeve up`. Undefined: not given on the command line. */
export interface UpOptions {
  home: string;
  port: number | undefined;
  config: string | undefined;
  logFile: string | undefined;
  logLevel: 'debug' | undefined;
  drill: boolean;
  /** Called once the API answers. */
  ready?: () => void;
}

export type LedgerCommand = 'verify' | 'tail' | 'show' | 'prove' | 'checkpoint';

/** Every option of the offline ledger commands; each command reads its own. */
export interface LedgerOptions {
  /** Absolute: the home whose ledger it is. */
  home: string;
  /** Another ledger folder, absolute. */
  dir?: string;
  /** C2SP vkeys to believe. */
  keys?: string[];
  /** verify: a head kept elsewhere. */
  anchor?: { size: number; root: string };
  /** tail */
  lines?: number;
  type?: string;
  /** show, prove */
  seq?: number;
  /** prove: consistency with the ledger of this size. */
  since?: number;
  /** verify: bytes checked, of all. */
  onProgress?: (done: number, total: number) => void;
}

export interface UpModule {
  /** Runs until it is told to stop; answers the exit code. Rejects a ReeveError when it cannot start. */
  up(options: UpOptions): Promise<number>;
}
interface OfflineModule {
  /** Never needs a daemon. Trouble is a Reply with `error`, or a rejected ReeveError. */
  offlineLedger(command: LedgerCommand, options: LedgerOptions): Promise<Reply>;
}
interface CheckModule {
  /** reeve.yaml and its runbooks, looked at without a daemon. Rejects a ReeveError when there is no file to look at. */
  offlineCheck(): Promise<Reply>;
}
interface DoctorModule {
  /** Never rejects. `status`: what the daemon of that home says of itself. */
  doctor(options: {
    home: string;
    env: NodeJS.ProcessEnv;
    config?: string;
    status(): Promise<StatusView>;
  }): Promise<Reply>;
}
interface LocalKey {
  kid: string;
  line: string;
}
interface CosignModule {
  makeKey(file: string): Promise<LocalKey>;
  readKey(file: string): Promise<LocalKey>;
  lookToken(key: LocalKey, request: string, now: number): string;
  /** What the daemon answered, made into what is shown here. */
  shownOf(answer: unknown): { view: CoSignView; digest: string; blocks: Block[] };
  decisionToken(
    key: LocalKey,
    shown: ReturnType<CosignModule['shownOf']>,
    decided: { decision: 'approve' | 'deny'; reason: string },
    now: number,
  ): string;
}
interface DemoModule {
  demo(io: LocalIo): Promise<number>;
}

/**
 * The one place where the CLI reaches into the daemon: loaded when it is needed, by name, so that no other command pays for
 * it and the CLI stays a program of its own.
 */
async function load(file: string, name: string, what: string): Promise<unknown> {
  const url = new URL(file, import.meta.url).href;
  let loaded: unknown;
  try {
    loaded = await import(url);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (!missing || !String(error).includes(url.replace('file://', ''))) throw error;
    throw new Problem('NOT_BUILT_HERE', { what, next: 'Update the clone: git pull && npm ci.' }, [], error);
  }
  if (loaded !== null && typeof loaded === 'object' && name in loaded) return loaded;
  throw new Problem('NOT_BUILT_HERE', { what, next: 'Update the clone: git pull && npm ci.' });
}

/** The daemon, from its bundle when there is a right one. */
export async function loadUp(cache = CACHE): Promise<UpModule> {
  const bundle = bundleWanted() ? freshBundle(cache) : undefined;
  // Whatever is wrong with the bundle, or was done to it just now: the files themselves are right.
  const bundled = bundle === undefined ? undefined : required(bundle);
  return bundled ?? ((await load('../../daemon/main.ts', 'up', 'the daemon')) as UpModule);
}

/** An `import` would search the whole text for what it exports. */
function required(bundle: string): UpModule | undefined {
  try {
    const loaded = createRequire(import.meta.url)(bundle) as Partial<UpModule>;
    return loaded.up === undefined ? undefined : { up: loaded.up };
  } catch {
    return undefined;
  }
}

export const loadOffline = async (): Promise<OfflineModule> =>
  (await load('../../daemon/offline.ts', 'offlineLedger', 'reading the ledger')) as OfflineModule;
export const loadCheck = async (): Promise<CheckModule> =>
  (await load('../../daemon/compose/offline-check.ts', 'offlineCheck', 'checking reeve.yaml')) as CheckModule;
export const loadCosign = async (): Promise<CosignModule> =>
  (await load('../../daemon/cosign-local.ts', 'lookToken', 'signing with a key of your own')) as CosignModule;
export const loadDemo = async (): Promise<DemoModule> =>
  (await load('../../scripts/demo.ts', 'demo', 'the tour')) as DemoModule;
export const loadDoctor = async (): Promise<DoctorModule> =>
  (await load('../../daemon/compose/doctor.ts', 'doctor', 'the doctor')) as DoctorModule;
