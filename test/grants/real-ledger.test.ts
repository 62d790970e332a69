import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { grantsProjection } from '../../daemon/grants/projection.ts';
import { grantService } from '../../daemon/grants/service.ts';
import { initKeys, loadKeys } from '../../daemon/keys/store.ts';
import { openTest, tempDir } from '../helpers/ledger.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { HOUR, ORIGIN, PLAN } from './rig.ts';

/** The service on the ledger that the daemon uses, on the real file system. */
async function start(home: string, first: boolean, clock: ManualClock) {
  const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  const options = { folder: join(home, 'keys'), fs: nodeFs, clock, random };
  const keys = await (first ? initKeys(options) : loadKeys(options));
  const signer = keys.checkpointSigner(ORIGIN);
  const { ledger, state } = await openTest(join(home, 'ledger'), signer, {
    projections: [grantsProjection],
    clock,
  });
  const halted = (): undefined => undefined;
  const grants = grantService({ ledger, state, keys, clock, random, origin: ORIGIN, halted });
  await grants.enrolKeys('owner');
  return { ledger, state, grants };
}

test('attack 19: and attack 21, on the real ledger, over a restart', async () => {
  const home = await tempDir('reeve-grants-real-');
  const clock = new ManualClock();
  const one = await start(home, true, clock);
  const made = {
    how: 'created',
    iss: 'alice',
    sub: 'person:alice',
    prj: ['shop'],
    cap: ['deploy:prod'],
    lifetime_ms: HOUR,
    uses: 3,
    reason: 'x',
  } as const;
  const { payload, token } = await one.grants.issue(made);
  const broken = await one.grants.issue({ ...made, cls: 'break_glass', skipped: ['bob'] });
  const wanted = { sub: 'person:alice', cap: 'deploy:prod', project: 'shop', plan: PLAN };
  const all = await Promise.allSettled(
    Array.from({ length: 50 }, () => one.grants.use({ grant: payload.gid, ...wanted })),
  );
  expect(
    all
      .filter((r) => r.status === 'fulfilled')
      .map((r) => r.value.n)
      .toSorted((a, b) => a - b),
  ).toEqual([1, 2, 3]);
  await one.grants.revoke({ gid: broken.payload.gid }, 'olga', 'stop');
  const folded = JSON.stringify(one.state.get(grantsProjection));
  await one.ledger.close();

  const two = await start(home, false, clock);
  expect(JSON.parse(JSON.stringify(two.state.get(grantsProjection)))).toEqual(JSON.parse(folded));
  expect(await two.grants.token(payload.gid)).toBe(token);
  const refused = async (gid: string): Promise<string> => {
    const error: unknown = await two.grants.use({ grant: gid, ...wanted }).catch((caught: unknown) => caught);
    return error instanceof ReeveError ? error.code : 'accepted';
  };
  expect(await refused(payload.gid)).toBe('GRANT_USED_UP');
  expect(await refused(broken.payload.gid)).toBe('GRANT_REVOKED');
  expect((await two.grants.reviews({ openOnly: true })).map(({ skipped }) => skipped)).toEqual([['bob']]);
  await two.ledger.close();
});
