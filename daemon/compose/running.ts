import type { DoorDeps } from '../admission/door.ts';
import type { Refusals } from '../admission/refusals.ts';
import type { Engine } from '../jobs/engine.ts';
import type { createPeople } from '../people/index.ts';
import type { ChatDoor } from '../ports/door.ts';
import type { Live } from '../ports/live.ts';
import type { Scheduler } from '../schedule/index.ts';
import type { Features } from './features.ts';

/** Everything between the ledger and the API. */
export interface Running {
  door: ChatDoor;
  deps: DoorDeps;
  jobs: Engine;
  live: Live;
  refusals: Refusals;
  scheduler: Scheduler;
  /** Says what is wrong with the schedules, from now on. Returns stop. */
  watchSchedules(): () => Promise<void>;
  people: ReturnType<typeof createPeople>;
  features: Features;
  /** Hides what is secret in a text. */
  clean(text: string): string;
  /** What /readyz says beside the ledger. */
  checks(): { name: string; ok: boolean; why?: string }[];
  /** What reeve.yaml was warned about at the start, with file and line. */
  warnings: readonly string[];
  /** When it was built, ms. */
  startedAt: number;
}
