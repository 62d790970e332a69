import { expect, test } from 'vitest';
import { isCommand } from '../../daemon/integrations/github/understand.ts';
import { commentIn, commitIn, type CommentDelivery } from '../../daemon/integrations/github/payload.ts';
import { githubMarkup } from '../../bots/dispatch/markup/github.ts';
import { example, examplesOf } from '../standins/github/payloads.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('every comment that GitHub ever sent as an example is understood, and typed as GitHub types it', () => {
  const typed: CommentDelivery = example('issue_comment', 'created');
  expect(commentIn(bytes(typed))?.comment.user.id).toBe(typed.comment.user.id);
  const all = examplesOf('issue_comment');
  expect(all.length).toBeGreaterThan(5);
  expect(all.filter((one) => commentIn(bytes(one)) === undefined)).toEqual([]);
});

test('a payload of another shape is none, and the commit is found where GitHub puts it', () => {
  for (const odd of [
    {},
    { action: 'created' },
    { ...example('issue_comment', 'created'), comment: { id: 'x' } },
    [],
  ])
    expect(commentIn(bytes(odd))).toBeUndefined();
  const run = example('workflow_run', 'completed');
  expect(commitIn(bytes(run))?.sha).toBe(run.workflow_run.head_sha);
  expect(commitIn(bytes({ ...example('push'), after: '0'.repeat(40) }))).toBeUndefined();
  expect(commitIn(bytes(example('release', 'published')))?.sha).toBe('0.0.1');
  expect(commitIn(bytes({ repository: { id: 1, full_name: 'a/b' } }))).toBeUndefined();
});

test.each([
  ['/reeve deploy dev', true],
  ['  /reeve\n', true],
  ['/reeves deploy', false],
  ['please /reeve deploy', false],
  ['> /reeve deploy dev', false],
])('%j is a command: %s', (body, is) => expect(isCommand(body)).toBe(is));

test('attack 52: foreign text in GitHub’s Markdown mentions, links and formats nothing', () => {
  const text = githubMarkup.text(
    '@acme/all #12 GH-3 https://e.example www.e.example <b> **x** [a](b) `c` :tada: \u202e',
  );
  expect(text).not.toMatch(
    /@acme|#12|GH-3|GH\\-3|https:\/\/|www\.|<b>|(?<!\\)\*|(?<!\\)\[|(?<!\\)`|:tada:|\u202e/,
  );
  expect(githubMarkup.inFence('```\n```')).not.toContain('```');
});
