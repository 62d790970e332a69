import type { Verb } from '../../contracts/estate.ts';

/** People and what their roles allow, by person id. */
export interface People {
  exists(person: string): boolean;
  /**
   * Without a project: `administer` must hold everywhere, any other verb somewhere. With a project and no environment:
   * `view` must hold in some environment, any other verb in all.
   */
  allows(person: string, verb: Verb, project?: string, env?: string): boolean;
  /** Rejects FORBIDDEN with what would be needed. */
  require(person: string, verb: Verb, project?: string, env?: string): void;
  /** Whether the verb holds for the estate as a whole, whatever is limited to some projects or environments. */
  allowsEverywhere(person: string, verb: Verb): boolean;
  /** Demands the verb for the estate as a whole, whatever is limited to some projects. Rejects FORBIDDEN. */
  requireEverywhere(person: string, verb: Verb): void;
  /** Who may approve here, by policy, or else by role. */
  approversFor(project: string, env: string): string[];
}
