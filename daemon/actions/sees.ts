import type { People } from '../ports/people.ts';

/** Whether somebody may see what is of this place. What is of none that is known is for those who may see everything. */
export function sees(
  people: Pick<People, 'allows' | 'allowsEverywhere'>,
  person: string,
  place: { project?: string | undefined; env?: string | undefined } | undefined,
): boolean {
  return place?.project === undefined
    ? people.allowsEverywhere(person, 'view')
    : people.allows(person, 'view', place.project, place.env);
}
