import type { Actor } from '../../../contracts/admin.ts';
import type { Catalogue, CommandSpec } from '../../../contracts/catalogue.ts';
import type { ErrorResponse } from '../../../contracts/errors.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { Block, Reply } from '../../../contracts/reply.ts';
import type { Alerts } from '../../ports/alerts.ts';
import type { Artifacts } from '../../ports/artifacts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Config } from '../../ports/config.ts';
import type { ChatDoor } from '../../ports/door.ts';
import type { Github } from '../../ports/github.ts';
import type { Grants } from '../../ports/grants.ts';
import type { Jobs } from '../../ports/jobs.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { StateView } from '../../ports/state.ts';
import type { Received } from './payload.ts';

/** A line as a command. */
export interface Command {
  command: string;
  args: JsonObject;
  reason?: string | undefined;
}

/** How a front end reads lines and writes replies. */
export interface Speech {
  /** Throws CHAT_TEXT, CHAT_FORCE, COMMAND_UNKNOWN; undefined when help is asked for. */
  parse(catalogue: Catalogue, line: string): Command | undefined;
  /** The command that the first words name. */
  named(catalogue: Catalogue, words: readonly string[]): { spec: CommandSpec; length: number } | undefined;
  /** `whole`: nothing had to be left out. */
  reply(reply: Reply): { text: string; whole: boolean };
  blocks(title: string, blocks: readonly Block[]): string;
}

/** What the GitHub side is built on. */
export interface GithubDeps {
  clock: Clock;
  ledger: Pick<Ledger, 'append' | 'read' | 'subscribe'>;
  state: StateView;
  config: Config;
  artifacts: Pick<Artifacts, 'put' | 'get'>;
  github: Github;
  jobs: Pick<Jobs, 'get'>;
  grants: Pick<Grants, 'requests'>;
  alerts: Pick<Alerts, 'raise' | 'resolve' | 'list'>;
  door: ChatDoor;
  /** Throws PERSON_UNKNOWN. */
  identify(account: number): string;
  refused(actor: Actor, command: string, error: ErrorResponse): Promise<number | undefined>;
  /** Of the newest deliveries, the one of this id. */
  delivered(delivery: string): Received | undefined;
  body(delivery: Received): Promise<Buffer>;
  speech: Speech;
  /** The command with this commit as its runbook's input, where it deploys and its runbook takes one that is not named. */
  bind(
    command: Command,
    spec: CommandSpec | undefined,
    place: { project: string; sha: string },
  ): Promise<Command>;
  clean(text: string): string;
  warn(what: string, error: unknown): void;
}
