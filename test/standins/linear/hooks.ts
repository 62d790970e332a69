import { createHmac, randomUUID } from 'node:crypto';
import { shaped } from './schema.ts';
import type { Change, Comment, Issue, LinearWorld } from './world.ts';

/** A delivery as Linear makes it: body and headers. */
export interface Delivery {
  body: string;
  headers: Record<string, string>;
}

const ORGANIZATION = randomUUID();
const WEBHOOK = randomUUID();

/** Signed over the raw body with the time in it (Linear docs, "Webhooks"). */
export function deliveryOf(
  world: LinearWorld,
  { type, action, actor, of, updatedFrom }: Change,
  secret: string,
): Delivery {
  const data = type === 'Issue' ? issueData(world, of as Issue) : commentData(world, of as Comment);
  const issue = type === 'Issue' ? (of as Issue) : world.issue((of as Comment).issueId);
  const payload = shaped('EntityWebhookPayload', {
    action,
    actor: shaped('UserActorWebhookPayload', {
      id: actor.id,
      name: actor.name,
      email: `${actor.name}@example.com`,
      type: 'user',
    }),
    createdAt: new Date().toISOString(),
    data,
    organizationId: ORGANIZATION,
    type,
    url: type === 'Issue' ? world.url(issue) : `${world.url(issue)}#comment`,
    webhookId: WEBHOOK,
    webhookTimestamp: Date.now(),
    ...(updatedFrom === undefined
      ? {}
      : { updatedFrom: { updatedAt: new Date().toISOString(), ...updatedFrom } }),
  });
  const body = JSON.stringify(payload);
  return {
    body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Linear-Webhook',
      'linear-delivery': randomUUID(),
      'linear-event': type,
      'linear-timestamp': String(payload['webhookTimestamp']),
      'linear-signature': createHmac('sha256', secret).update(body).digest('hex'),
    },
  };
}

function issueData(world: LinearWorld, issue: Issue): object {
  const {
    id,
    number,
    teamId,
    title,
    description,
    priority,
    stateId,
    assigneeId,
    labelIds,
    creatorId,
    completedAt,
    canceledAt,
    archivedAt,
    trashed,
    createdAt,
    updatedAt,
  } = issue;
  const state = world.stateNamed(stateId);
  const team = world.teamOf(teamId);
  return shaped('IssueWebhookPayload', {
    id,
    number,
    title,
    description,
    priority,
    stateId,
    assigneeId,
    labelIds,
    creatorId,
    completedAt,
    canceledAt,
    archivedAt,
    trashed,
    createdAt,
    updatedAt,
    identifier: world.identifier(issue),
    url: world.url(issue),
    teamId,
    team: shaped('TeamChildWebhookPayload', { id: teamId, key: team.key, name: team.name }),
    state: shaped('WorkflowStateChildWebhookPayload', {
      id: state.id,
      name: state.name,
      type: state.type,
      color: '#000',
    }),
    labels: world.labels
      .filter((label) => labelIds.includes(label.id))
      .map((label) =>
        shaped('IssueLabelChildWebhookPayload', { id: label.id, name: label.name, color: '#f00' }),
      ),
  });
}

function commentData(world: LinearWorld, { id, body, issueId, userId }: Comment): object {
  const issue = world.issue(issueId);
  return shaped('CommentWebhookPayload', {
    id,
    body,
    issueId,
    userId,
    issue: shaped('IssueChildWebhookPayload', {
      id: issueId,
      title: issue.title,
      identifier: world.identifier(issue),
      url: world.url(issue),
      teamId: issue.teamId,
    }),
  });
}
