import { expect, onTestFinished } from 'vitest';
import { ESTATE } from '../helpers/app.ts';
import { Place, type Daemon } from '../helpers/daemon.ts';
import { startLinear, type LinearStandin } from '../standins/linear/index.ts';
import type { User } from '../standins/linear/world.ts';
import { KEY } from './rig.ts';

/** A daemon in a process of its own, to be killed, beside the stand-in of Linear. */
export async function placeWithLinear(): Promise<{
  linear: LinearStandin;
  ana: User;
  place: Place;
  first: Daemon;
}> {
  const linear = await startLinear('lin_wh_8yyyzzz85a5abcdefabcdef');
  const ana = linear.world.user('ana');
  linear.keys.set(KEY, linear.world.user('bot'));
  const estate = ESTATE.replace(
    'ana: { roles: [operator],',
    `ana: { roles: [operator], linear: ['${ana.id}'],`,
  );
  const place = await Place.make({ estate, runbooks: {} });
  onTestFinished(async () => {
    await place.close();
    await linear.close();
  });
  const first = await place.start();
  await place.reeve(['secret', 'set', 'linear_webhook', '--value', linear.secret]);
  await place.reeve(['secret', 'set', 'linear_token', '--value', KEY]);
  await place.write(
    'reeve.yaml',
    `${estate}network: { allow: ['${linear.host}'] }\nintegrations: { linear: { api: '${linear.url}', token: linear_token, team: OPS } }\n`,
  );
  expect((await place.reeve(['config', 'reload'])).code).toBe(0);
  return { linear, ana, place, first };
}
