import { expect, test } from 'vitest';
import { readableTitle } from '../daemon/readable-title.ts';

test('what a run fills in is named, and a default stands for itself', () => {
  expect(readableTitle('Lose ${project} in ${env}')).toBe('Lose <project> in <env>');
  const inputs = { database: { default: 'shop' }, table: {}, env: { default: 'staging' } };
  expect(readableTitle('Restore ${inputs.database}, ${inputs.table} in ${env}', inputs)).toBe(
    'Restore shop, <table> in staging',
  );
});

test('text that is no placeholder stays, and no input is found that is none', () => {
  expect(readableTitle('costs $5, $${project} ${}')).toBe('costs $5, ${project} ${}');
  expect(readableTitle('${inputs.constructor}', {})).toBe('<constructor>');
});
