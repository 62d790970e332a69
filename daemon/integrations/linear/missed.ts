import type { LinearSpec } from '../../../contracts/estate/integrations.ts';
import { own } from '../../own.ts';
import type { IncidentView } from '../../ports/incidents.ts';
import type { Detail, Said } from './changes.ts';
import { placeOf } from './place.ts';
import type { LinearState, Link } from './projection.ts';

/** A delivery as Linear would have sent it, had it come (payload.ts). */
type Delivery = Record<string, unknown>;

export const isClosed = (type: string): boolean =>
  type === 'completed' || type === 'canceled' || type === 'duplicate';

/**
 * What an issue's present state says that we should have heard: as the deliveries that would have told it, so that it is
 * judged and done just as they are. Who did it is looked up in the issue's history. Pure.
 *
 * @param incident the one that the issue stands for; undefined: none
 */
export function missedOf(
  issue: Detail,
  incident: IncidentView | undefined,
  { state, opens }: { state: LinearState; opens: LinearSpec['opens'] },
): Delivery[] {
  if (incident === undefined) return labelled(issue, opens);
  const waits = new Set(
    Object.values(state.waiting)
      .filter((one) => one.issue === issue.id)
      .map(({ work }) => work.kind),
  );
  const link = own(state.links, incident.id);
  const isOpen = incident.state === 'open' || incident.state === 'acknowledged';
  const assignee = issue.assignee?.id;
  const closed = isClosed(issue.state.type);
  const missed: Delivery[] = [];
  // What we have still to say ourselves is said first; the next run looks again.
  if (isOpen && assignee !== undefined && assignee !== link?.assigned && !waits.has('assign'))
    missed.push(
      update(
        issue,
        newest(issue, ({ toAssigneeId }) => toAssigneeId === assignee),
        { assigneeId: null },
      ),
    );
  if (closed === isOpen && !waits.has('state'))
    missed.push(
      update(
        issue,
        newest(issue, ({ toState }) => toState != null && isClosed(toState.type) === closed),
        { stateId: '' },
      ),
    );
  return missed;
}

function labelled(issue: Detail, opens: LinearSpec['opens']): Delivery[] {
  const label = issue.labels.nodes.find(({ name }) => name === opens?.label);
  if (label === undefined || isClosed(issue.state.type)) return [];
  const by = newest(issue, ({ addedLabelIds }) => addedLabelIds?.includes(label.id) === true);
  return [delivery(issue, 'create', by ?? issue.creator?.id)];
}

/** A comment, as Linear would have told of it. */
export const commentDelivery = ({ id, body, user, issue }: Said): Delivery => ({
  type: 'Comment',
  action: 'create',
  ...(user == null ? {} : { actor: { id: user.id } }),
  data: { id, body, issueId: issue?.id },
});

/** Where an issue is now, as Linear would have told of it; undefined where that is known. `issue`: absent where it is no more. */
export function movedDelivery(link: Link, issue: Detail | undefined): Delivery | undefined {
  const now = issue === undefined ? 'deleted' : placeOf(issue);
  if (now === (link.place ?? 'there')) return undefined;
  if (issue !== undefined) return delivery(issue, now === 'there' ? 'restore' : 'remove', undefined);
  const { identifier, url } = link;
  return {
    type: 'Issue',
    action: 'remove',
    url,
    data: { id: link.issue, identifier: identifier ?? link.issue, state: { name: '', type: '' } },
  };
}

function newest(
  { history }: Detail,
  fits: (entry: Detail['history']['nodes'][number]) => boolean,
): string | undefined {
  const found = history.nodes.filter((entry) => fits(entry)).toSorted((a, b) => b.createdAt - a.createdAt)[0];
  return found?.actorId ?? undefined;
}

const update = (issue: Detail, actor: string | undefined, updatedFrom: object): Delivery => ({
  ...delivery(issue, 'update', actor),
  updatedFrom,
});

function delivery(issue: Detail, action: string, actor: string | undefined): Delivery {
  const { id, identifier, title, description, priority, state, labels, assignee, url, archivedAt, trashed } =
    issue;
  return {
    type: 'Issue',
    action,
    url,
    ...(actor === undefined ? {} : { actor: { id: actor } }),
    data: {
      ...{ id, identifier, title, description, priority, state, archivedAt, trashed },
      updatedAt: new Date(issue.updatedAt).toISOString(),
      labels: labels.nodes,
      assigneeId: assignee?.id ?? null,
    },
  };
}
