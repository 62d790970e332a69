import type { LinearPlace } from '../../../contracts/records/linear.ts';
import type { IssueEvent } from './payload.ts';

/** Where an issue is by its own word. */
export const placeOf = ({
  archivedAt,
  trashed,
}: {
  archivedAt?: string | null | undefined;
  trashed?: boolean | null | undefined;
}): LinearPlace =>
  trashed === true ? 'trashed' : archivedAt != null && archivedAt !== '' ? 'archived' : 'there';

/** Where an issue is since this delivery; undefined where it tells nothing of that. */
export function placeIn({ action, data, updatedFrom }: IssueEvent): LinearPlace | undefined {
  if (action === 'remove') {
    const place = placeOf(data);
    return place === 'there' ? 'deleted' : place;
  }
  if (action === 'restore') return placeOf(data);
  const isTold = updatedFrom != null && ('archivedAt' in updatedFrom || 'trashed' in updatedFrom);
  return action === 'update' && isTold ? placeOf(data) : undefined;
}

/** In words. */
export function movedTo(identifier: string, before: LinearPlace, now: LinearPlace): string {
  switch (now) {
    case 'there':
      return before === 'archived'
        ? `${identifier} was taken out of the archive of Linear`
        : `${identifier} was restored in Linear`;
    case 'archived':
      return `${identifier} was archived in Linear`;
    case 'trashed':
      return `${identifier} was moved to the trash in Linear`;
    case 'deleted':
      return `${identifier} was deleted in Linear`;
  }
}
