import { expect, test } from 'vitest';
import { ChatJob } from '../../contracts/chat.ts';
import { ChatSpec } from '../../contracts/estate/chat.ts';

const JOB = `job_${'a'.repeat(32)}`;

test.each([
  'https://reeve.example.com',
  'https://reeve.example.com:8443',
  'http://127.0.0.1:7333',
  'http://localhost',
])('people may reach the page at %s, and a bot takes its link', (page) => {
  expect(ChatSpec.parse({ page }).page).toBe(page);
  expect(ChatJob.shape.page.parse(`${page}/#${JOB}`)).toBe(`${page}/#${JOB}`);
});

test.each([
  'https://a.example:99999',
  'https://1.2.3.999',
  'https://...',
  'https://reeve.example.com/',
  'https://reeve.example.com/page?x=1',
  'https://me:secret@reeve.example.com',
  'http://reeve.example.com',
  'javascript:alert(1)',
])('%s is no address of the page', (page) => {
  expect(ChatSpec.safeParse({ page }).success).toBe(false);
});
