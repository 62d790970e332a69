import type { components } from '@octokit/openapi-types';
import type {
  CheckSuiteEvent,
  DeploymentEvent,
  IssueCommentEvent,
  IssuesEvent,
  PullRequestEvent,
  PushEvent,
  ReleaseEvent,
  WorkflowRunEvent,
} from '@octokit/webhooks-types';
import { expect, test } from 'vitest';
import {
  commentIn,
  commitIn,
  type CommentDelivery,
  type Facts,
} from '../../daemon/integrations/github/payload.ts';
import type { Read } from '../../daemon/sync/github/kinds.ts';
import { noDrift, type Drift } from '../helpers/drift.ts';

/** What is read of the delivery of one event. */
type Fact<K extends keyof Facts> = { [Name in K | 'repository']-?: NonNullable<Facts[Name]> };
/** Without what the types of webhooks, which are no longer kept, say otherwise than those of the API do. */
type Other<T, K extends keyof T> = Omit<T, K>;
type Rest = components['schemas'];

test('every field that is read of a delivery is one of those that GitHub publishes, of its type', () => {
  noDrift<Drift<CommentDelivery, IssueCommentEvent>>();
  noDrift<Drift<Fact<'workflow_run'>, WorkflowRunEvent>>();
  noDrift<Drift<Fact<'check_suite'>, CheckSuiteEvent>>();
  noDrift<Drift<Fact<'deployment'>, DeploymentEvent>>();
  noDrift<Drift<Fact<'pull_request'>, PullRequestEvent>>();
  noDrift<Drift<Fact<'release'>, ReleaseEvent>>();
  noDrift<Drift<Fact<'after'>, PushEvent>>();
  noDrift<Drift<Other<Read['releases'], 'updated_at' | 'created_at'>, ReleaseEvent['release']>>();
  noDrift<Drift<Read['deployments'], DeploymentEvent['deployment']>>();
  noDrift<Drift<Read['runs'], WorkflowRunEvent['workflow_run']>>();
  noDrift<Drift<Other<Read['issues'], 'state'>, IssuesEvent['issue']>>();
  noDrift<Drift<Read['releases'], Rest['release']>>();
  noDrift<Drift<Read['deployments'], Rest['deployment']>>();
  noDrift<Drift<Read['runs'], Rest['workflow-run']>>();
  noDrift<Drift<Read['issues'], Rest['issue']>>();

  // @ts-expect-error -- a field that GitHub has not
  noDrift<Drift<{ comment: { colour: string } }, IssueCommentEvent>>();
  // @ts-expect-error -- another type
  noDrift<Drift<{ issue: { number: string } }, IssueCommentEvent>>();
  const none = Buffer.from('{}');
  expect([commentIn(none), commitIn(none)]).toEqual([undefined, undefined]);
});
