import type { StatusView } from '../../contracts/api.ts';
import type { Platform } from '../../contracts/chat.ts';
import type { ErrorResponse } from '../../contracts/errors.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import type { Estate } from '../ports/config.ts';
import type { Clock } from '../ports/clock.ts';
import type { MandateView } from '../ports/mandates.ts';
import type { PublicKeyInfo } from '../ports/keys.ts';
import type { Asked } from './ask.ts';

/** What the ledger's files say, read without a daemon and without trusting one. */
export interface LedgerLook {
  size: number;
  /** Time of the newest record, ms; null: there is none. */
  lastTs: number | null;
  /** The newest result of each drill, and the newest PASS. */
  drills: Record<string, { at: number; verdict: string; passed: number | null }>;
  /** Platforms whose bot may relay. */
  bots: ReadonlySet<Platform>;
}

/** What bots/deploy.ts says of the commands of a platform. */
export interface Deployed {
  changes: string[];
  left: string[];
}

/** What the checks look at. Everything is read when it is first asked for, and once. Nothing is changed. */
export interface Look {
  clock: Clock;
  /** Absolute. */
  home: string;
  /** Whether there was a first start. */
  homeThere(): Promise<boolean>;
  /** What is not as it should be with the home's folders and files. */
  homeFaults(): Promise<{ narrows: string[]; refused: string[] }>;
  /** Free and all bytes of the home's disk. */
  disk(): Promise<{ free: number; all: number }>;
  /** The estate that a daemon started here would load. Rejects as that daemon would. */
  estate(): Promise<Estate & { warnings: readonly string[] }>;
  runbooks(): Promise<readonly Runbook[]>;
  /** What may run unattended, and whether it is as a person has accepted it. */
  mandates(): Promise<readonly MandateView[]>;
  keys(): Promise<readonly PublicKeyInfo[]>;
  verify(): Promise<{ problems: readonly Pick<ErrorResponse, 'message' | 'hint'>[]; torn: number | null }>;
  ledger(): Promise<LedgerLook>;
  /** What the running daemon says of itself. Rejects DAEMON_UNREACHABLE and its like. */
  status(): Promise<StatusView>;
  /** The path of a program that runbooks and probes would find; undefined: they would not. */
  program(name: string): Promise<string | undefined>;
  /** GET of Discord's API, as the bot. Rejects SECRET_NOT_FOUND without a token, and what keeps the store shut. */
  discord(path: string): Promise<Asked>;
  /** A method of Slack's Web API, with one of the bot's two tokens. */
  slack(method: string, args: Record<string, string>, token: 'bot' | 'app'): Promise<Asked>;
  /** HTTP status of an unsigned request to an address of this daemon as platforms reach it; a text: why there is none. */
  knock(url: string): Promise<number | string>;
  /** What differs between the commands there are and those that the platform was told of. */
  deployed(platform: Platform): Promise<Deployed>;
  /** When platforms answered: their clock less ours, ms. */
  skews: { platform: Platform; ms: number }[];
}
