import type { Verb } from '../../contracts/estate.ts';

/** People and what their roles allow, by person id. */
export interface People {
  exists(person: string): boolean;
  allows(person: string, verb: Verb, project?: string, env?: string): boolean;
  /** Rejects FORBIDDEN with what would be needed. */
  require(person: string, verb: Verb, project?: string, env?: string): void;
  /** Who may approve here, by policy, or else by role. */
  approversFor(project: string, env: string): string[];
}
