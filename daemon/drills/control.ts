import { ReeveError, errorTable, fail } from '../../contracts/errors.ts';

/** A damage that was done to a copy on purpose, and the code it was noticed with. */
export interface Control {
  damage: string;
  noticed: string;
}

const unanswered = new WeakSet<Error>();

/** Marks an error of a verification that got no answer: a wrong answer for it, but no proof that damage was noticed. */
export function noAnswer<E extends Error>(error: E): E {
  unanswered.add(error);
  return error;
}

/**
 * The negative control: demands that a verification which has just passed rejects now that its copy is damaged. Only an
 * integrity error counts as noticing; anything else proves nothing.
 *
 * @throws DRILL_WORTHLESS when the damage passes, or cannot be judged.
 */
export async function mustNotice(damage: string, verify: () => Promise<unknown>): Promise<Control> {
  try {
    await verify();
  } catch (error) {
    if (error instanceof ReeveError && errorTable[error.code].exit === 'integrity' && !unanswered.has(error))
      return { damage, noticed: error.code };
    const said = error instanceof Error ? error.message : String(error);
    const why = `the negative control (${damage}) could not be judged: ${said}`;
    throw fail('DRILL_WORTHLESS', { why }, { cause: error });
  }
  throw fail('DRILL_WORTHLESS', { why: `verification passed a copy that was damaged: ${damage}` });
}

/** The outputs that evidence and assertions see. */
export const controlOutput = (controls: readonly Control[]): string =>
  `noticed: ${controls.map(({ damage, noticed }) => `${damage} (${noticed})`).join('; ')}`;
