import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { buttonsOf, slackRig, textOf } from './rig.ts';

test.each([
  ['Socket Mode', {}],
  ['signed requests', { transport: 'http' }],
] as const)(
  'status, plan, typed confirmation, one live message, everything in trajectory and ledger, over %s',
  async (_, options) => {
    const { slack, world, ops, ana, ben } = await slackRig(options);
    const status = await ana.slash(ops, '/reeve', 'status');
    expect(status.notice).toBeUndefined();
    const shown = await status.response();
    expect(shown.ephemeralFor).toBe(ana.id);
    expect(textOf(shown)).toMatch(/🔵|🟢/);

    const asked = await ana.slash(ops, '/reeve', 'deploy --project shop --env staging');
    const plan = await asked.response();
    expect(plan.ephemeralFor).toBe(ana.id);
    expect(textOf(plan)).toContain('trace.txt');
    expect(buttonsOf(plan)).toEqual(['Confirm exactly this']);
    expect(await world.records('job.queued')).toHaveLength(0);

    const wrong = await (await ana.click(plan, 'Confirm exactly this')).opened();
    await ana.submit(wrong, { 'Name of the environment': 'stagin' });
    const refused = await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('CONFIRMATION')));
    expect(refused.ephemeralFor).toBe(ana.id);
    expect(plan.deletedAt).toBeUndefined();

    const press = await ana.click(plan, 'Confirm exactly this');
    await ana.submit(await press.opened(), { 'Name of the environment': 'staging' });
    const live = await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')), 'the end');
    expect(live.ephemeralFor).toBeUndefined();
    expect(textOf(live)).toContain('✓ leave');
    expect(live.pings).toEqual({ channel: false, users: [] });
    await slack.until(() => plan.deletedAt, 'the buttons of the plan are gone');

    const [queued, ...more] = await world.records('job.queued');
    expect(more).toEqual([]);
    expect(queued?.body.job).toMatchObject({
      requested_by: 'ana',
      anchor: { kind: 'interaction', id: `slack/${asked.activity.triggerId}` },
    });
    await until(async () => (await world.records('chat.closed')).length === 1);
    const closed = await world.records('chat.closed');
    expect(closed[0]?.body).toEqual({ platform: 'slack', job: queued?.body.job.job_id });
    expect((await world.records('chat.posted')).map(({ body }) => body.at)).toEqual([
      { channel: ops.id, message: live.ts },
    ]);
    expect((await world.records('chat.pressed'))[0]?.body.by).toBe('ana');
    expect(await readFile(path.join(world.root, 'trace.txt'), 'utf8')).toBe('trace\n');
    const folder = path.join(world.root, 'grimoires/loa/a2a/trajectory');
    const lines = await Promise.all(
      (await readdir(folder)).map((name) => readFile(path.join(folder, name), 'utf8')),
    );
    expect(lines.join('')).toContain(queued?.body.job.job_id);
    slack.refusals.none();
  },
);
