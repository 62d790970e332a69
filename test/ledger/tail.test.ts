import { expect, test } from 'vitest';
import { offlineLedger } from '../../daemon/offline.ts';
import { openWorld } from '../helpers/app.ts';

test('the newest refusals say why by their code, as the pages promise', async () => {
  const world = await openWorld();
  await world.as('vic', { command: 'halt', args: {}, reason: 'may not' });
  const { blocks } = await offlineLedger('tail', { home: world.home, type: 'admission.refused' });
  expect(JSON.stringify(blocks)).toContain('command=halt code=FORBIDDEN');
});
