import { expect, test } from 'vitest';
import { draftOf } from '../../daemon/integrations/linear/captured.ts';
import type { Conversation } from '../../daemon/ports/door.ts';
import { conversation, said } from './said.ts';

const draft = (of: Conversation) =>
  draftOf({ by: 'ana', via: 'slack', text: '', context: '', conversation: of }, (text) => text);

test('of a thread with no room for all of it stay its first message and the newest, and it says how many do not', () => {
  const messages = Array.from({ length: 20 }, (_, at) => said(`message ${at}: ${'word '.repeat(180)}`));
  const threaded = draft(conversation(messages, undefined, { thread: true })).body;
  expect(threaded).toContain('> message 0:');
  expect(threaded).toContain('> message 19:');
  expect(threaded).not.toContain('> message 1:');
  const kept = threaded.split('> message ').length - 1;
  expect(threaded).toContain(`Not here: ${20 - kept} messages, for want of room.`);
  expect(threaded.length).toBeLessThan(12_000);

  const plain = draft(conversation(messages)).body;
  expect(plain).not.toContain('> message 0:');
  expect(plain).toContain(
    `Not here: ${20 - (plain.split('> message ').length - 1)} earlier messages, for want of room.`,
  );
});
