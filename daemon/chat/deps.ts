import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { ChatDoor } from '../ports/door.ts';
import type { Grants } from '../ports/grants.ts';
import type { Incidents } from '../ports/incidents.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Live } from '../ports/live.ts';
import type { People } from '../ports/people.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { StateView } from '../ports/state.ts';
import type { Actor } from '../../contracts/admin.ts';
import type { ErrorResponse } from '../../contracts/errors.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Block } from '../../contracts/reply.ts';
import type { Identify } from './who.ts';

/** What chat is built on. */
export interface ChatDeps {
  clock: Clock;
  ledger: Ledger;
  state: StateView;
  config: Config;
  people: People;
  identify: Identify;
  door: ChatDoor;
  jobs: Jobs;
  grants: Grants;
  incidents: Incidents;
  runbooks: Runbooks;
  artifacts: Artifacts;
  secrets: Pick<Secrets, 'get'>;
  live: Live;
  planBlocks(plan: Plan, digest: string): Block[];
  /** Writes the record of a refusal. */
  refused(actor: Actor, command: string, error: ErrorResponse): Promise<number | undefined>;
  /** Hides what is secret in a text. */
  clean(text: string): string;
  hex(digits: number): string;
  warn(what: string, error: unknown): void;
}
