import { generateKeyPairSync } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { CommandRequest } from '../../contracts/api.ts';
import type { Json } from '../../contracts/json.ts';
import type { Reply } from '../../contracts/reply.ts';
import { actions } from '../../daemon/actions/index.ts';
import { publicLine } from '../../daemon/cosign.ts';
import { openWorld, type World } from '../helpers/app.ts';
import { until } from '../helpers/daemon.ts';

const ESTATE = `version: 1
estate: { name: docs }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
  ana: { roles: [admin] }
  ben: { roles: [approver] }
projects:
  shop: { path: ., environments: { dev: {}, prod: { approvals: 1 } }, runbooks: { deploy: leave } }
schedules:
  yearly: { runbook: leave, cron: '0 0 1 1 *', project: shop, env: dev }
probes:
  root: { kind: disk, project: shop, env: dev, path: /, interval: 20s, warn: 0%, crit: 0%, inodes_warn: 0, inodes_crit: 0 }
  job: { kind: heartbeat, project: shop, env: dev, every: 24h }
slos:
  shop: { title: The shop, project: shop, env: dev, probes: [root], objective: '99.9' }
alerts:
  channels: { say: { kind: command, argv: ['true'] } }
chat:
  discord: { guild: '100000000000000001', application: '100000000000000002', channels: { default: '100000000000000010' } }
healing:
  fix: { on: { probes: [root] }, runbook: leave, project: shop, env: dev }
`;
/** Its secret is stored while the daemon runs. */
const HOOKS = `integrations: { github: { token: gh_token, repositories: { '7': shop }, commands: false, deployments: false } }
rules:
  ping: { on: github.ping, runbook: leave, project: shop, env: dev }
`;
const shipped = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, '../../runbooks', `${name}.md`), 'utf8');
const ISSUES = `integrations: { linear: { token: linear_token, team: OPS, api: 'http://127.0.0.1:9/graphql' } }
`;
const book = (name: string, action: string, script = 'echo left >> trace.txt'): string => `---
runbook: ${name}
title: Leave a trace
action: ${action}
timeout: 1m
lock: shop
---
## Leave it
\`\`\`sh { name=leave }
${script}
\`\`\`
`;

/** What the commands of a small estate answer, one after the other, so that none finds an empty house. */
async function play(world: World, note: (command: string, reply: Reply) => void): Promise<void> {
  const ask = async (
    command: string,
    args: CommandRequest['args'] = {},
    more: Partial<CommandRequest> = {},
    person = 'ana',
  ): Promise<Reply> => {
    const reply = await world.as(person, { command, args, reason: 'for the docs', force: true, ...more });
    note(command, reply);
    return reply;
  };
  const field = (reply: Reply, name: string): string => (reply.data as Record<string, string>)[name] ?? '';
  const { app } = world;
  await app.startSchedules(false);
  await app.running.scheduler.tick();
  for (const command of ['status', 'whoami', 'config show', 'config check', 'config reload', 'zones accept'])
    await ask(command);
  await ask('config diff');
  await ask('note', { text: 'a note' });
  await ask('log-level', { level: 'info' });
  const job = await ask('deploy', { project: 'shop', env: 'dev' });
  await world.end(job);
  const id = job.job?.id ?? '';
  for (const command of ['jobs show', 'jobs logs']) await ask(command, { job: id });
  for (const command of ['jobs list', 'locks list', 'runbook list', 'runbook lint']) await ask(command);
  await world.end(await ask('runbook run', { runbook: 'leave', project: 'shop', env: 'dev' }));
  await ask('runbook show', { runbook: 'leave' });
  await ask('runbook plan', { runbook: 'leave', project: 'shop', env: 'dev' });
  await ask('preauth init-keys');
  const grant = await ask('preauth create-grant', { project_ids: ['shop'], auto_deploy_dev: true });
  const gid = field(grant, 'grant_id');
  await ask('preauth list');
  await ask('preauth show', { grant: gid });
  await ask('preauth verify', { token: field(grant, 'token') });
  await ask('preauth revoke', { grant: gid });
  const wish = await ask('deploy', { project: 'shop', env: 'prod', request_only: true });
  const request = (await ask('grant list')).data as { id: string }[];
  if (request[0] === undefined) throw new Error(`no request: ${JSON.stringify(wish)}`);
  await ask('grant show', { request: request[0].id });
  await ask('grant deny', { request: request[0].id }, {}, 'ben');
  const place = { project: 'shop', env: 'prod' };
  await ask('grant request', { action: 'deploy', ...place }, { reason: 'tonight' });
  const line = publicLine(generateKeyPairSync('ed25519').privateKey);
  await ask('key enrol', { person: 'ben', public: line });
  await ask('key list');
  for (const command of ['review list', 'events export'])
    await ask(command, command === 'events export' ? { limit: 5 } : {});
  await world.end(await ask('drill run', { drill: 'drill', project: 'shop', env: 'dev' }));
  await until(async () => (await world.records('drill.result')).length > 0);
  for (const command of ['drill list', 'drill history']) await ask(command);
  await ask('drill report', { run: 'drill' });
  await app.store.ledger.append('schedule.slot', { schedule: 'yearly', slot: 1, outcome: 'ran', late_ms: 0 });
  for (const command of ['schedule list', 'schedule next']) await ask(command);
  const yearly = { schedule: 'yearly' };
  for (const command of ['schedule history', 'schedule pause', 'schedule resume']) await ask(command, yearly);
  await ask('schedule backfill', { ...yearly, from: '2020-06-01', to: '2020-07-01' });
  await ask('probe run', { probe: 'root' });
  for (const command of ['probe list', 'probe kinds']) await ask(command);
  for (const command of ['probe show', 'probe history']) await ask(command, { probe: 'root' });
  await ask('probe push-url', { probe: 'job' });
  await ask('probe silence', { probe: 'root', for: '1h' });
  const opened = await ask('incidents open', {
    title: 'slow',
    project: 'shop',
    env: 'dev',
    severity: 'page',
  });
  const incident = { incident: field(opened, 'id') };
  for (const command of ['incidents list', 'heal status']) await ask(command);
  await ask('incidents ack', incident);
  await ask('incidents note', { ...incident, text: 'looking' });
  await ask('incidents link', { ...incident, job: id });
  await ask('incidents resolve', { ...incident, why: 'over' });
  await ask('incidents review', { ...incident, summary: 'small pool', action: ['raise it @ana'] });
  await ask('incidents show', incident);
  await ask('incidents postmortem', incident);
  await ask('heal reset', { rule: 'fix' });
  await ask('secret set', { name: 'token', value: 'a-long-secret-value' });
  await ask('secret list');
  await ask('secret set', { name: 'github_webhook', value: 'a secret that GitHub knows' });
  await ask('secret set', { name: 'gh_token', value: 'a token that GitHub gave' });
  await world.write('reeve.yaml', ESTATE + HOOKS);
  await ask('config reload');
  await ask('webhook test', { source: 'github', local: true });
  const hooks = (await ask('webhook list')).data as { deliveries: { delivery: string }[] };
  const sent = { delivery: hooks.deliveries[0]?.delivery ?? '' };
  for (const command of ['webhook show', 'webhook redeliver', 'rules explain']) await ask(command, sent);
  await app.store.ledger.append('rule.stopped', { rule: 'ping', ...sent, why: 'it started 20 jobs' });
  await ask('rules list');
  await ask('rules reset', { rule: 'ping' });
  const mirror = await app.running.features.mirrorFiles();
  const at = app.store.clock.now();
  const item = {
    id: 1,
    created: at,
    at,
    state: 'success',
    ref: 'main',
    by: 'ana',
    by_id: 2,
    url: 'https://github.com',
  };
  for (const kind of ['releases', 'deployments', 'runs', 'issues'] as const) {
    const labels = kind === 'issues' ? { labels: ['ops'] } : {};
    await mirror.tell({ id: 7, named: '7', full_name: 'acme/shop' }, kind, {
      ...item,
      title: kind,
      ...labels,
    });
    await ask(`github ${kind}`);
  }
  for (const secret of ['linear_webhook', 'linear_token'])
    await ask('secret set', { name: secret, value: 'a secret that Linear knows' });
  // Nobody listens there, so everything waits.
  await world.write('reeve.yaml', ESTATE + ISSUES);
  await ask('config reload');
  await ask('capture', { text: 'the button is hidden' });
  await app.store.ledger.append('linear.heard', {
    delivery: `dlv_${'0'.repeat(24)}`,
    of: 0,
    issue: '00000000-0000-4000-8000-000000000001',
    incident: incident.incident,
    did: 'opened',
    why: 'ana put a label on OPS-1',
  });
  await ask('linear status');
  await ask('linear retry');
  await ask('secret remove', { name: 'token' });
  await app.running.features.alerts.raise({
    key: 'probe:root',
    severity: 'warn',
    source: 'probe',
    title: 'The disk',
    text: 'is full',
    project: 'shop',
    env: 'dev',
  });
  await ask('alerts list');
  await ask('alerts show', { key: 'probe:root' });
  await ask('alerts ack', { key: 'probe:root' });
  const silence = await ask('alerts silence', { for: '1h', project: ['shop'] });
  await ask('alerts silences');
  await ask('alerts unsilence', { id: field(silence, 'id') });
  for (const command of [
    'alerts channels',
    'alerts kinds',
    'chat status',
    'slo list',
    'dora',
    'digest',
    'report weekly',
  ])
    await ask(command);
  await world.end(await ask('sync run', { job: 'activity-log', project: 'shop', env: 'dev' }));
  const notes = await ask('sync activity-log', { project: 'shop', env: 'dev' });
  await world.end(notes);
  await ask('jobs document', { job: notes.job?.id ?? '' });
  await world.end(await ask('sync schemas', { project: 'shop', env: 'dev' }));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=ana', '-c', 'user.email=ana@example.org', ...args], {
      cwd: world.root,
    });
  git('init', '-q', '-b', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'feat: begin');
  await ask('release next', { project: 'shop' });
  await world.end(await ask('release', { project: 'shop', env: 'dev' }));
  await ask('sync github', { project: 'shop', env: 'dev' });
  await ask('sync linear', { project: 'shop', env: 'dev' });
  await world.end(await ask('sync todos', { project: 'shop', env: 'dev' }));
  await ask('sync list');
  await ask('sync status', { job: 'activity-log' });
  await ask('alerts test', { channel: 'say' });
  await ask('slo show', { slo: 'shop' });
  await ask('pause');
  await ask('resume');
  await ask('halt', { project: 'shop' });
  await ask('resume', { project: 'shop' });
  await playRest(world, ask);
}

type Ask = (
  command: string,
  args?: CommandRequest['args'],
  more?: Partial<CommandRequest>,
  person?: string,
) => Promise<Reply>;

/** What needs something to have gone wrong, or to be under way. */
async function playRest(world: World, ask: Ask): Promise<void> {
  const { app } = world;
  const shop = { project: 'shop', env: 'dev' };
  for (const command of ['rollback', 'patch', 'heal']) await world.end(await ask(command, shop));
  await world.end(await ask('promote', { project: 'shop', from: 'dev', to: 'dev' }));
  const broken = await ask('runbook run', { ...shop, runbook: 'break' });
  await world.end(broken);
  await world.end(await ask('jobs retry', { job: broken.job?.id ?? '' }));
  await world.end(await ask('replay', { job: broken.job?.id ?? '' }));

  const running = async (): Promise<Reply> => {
    const reply = await ask('runbook run', { ...shop, runbook: 'wait' });
    // With its lock alone it has not begun: that is taken a moment before.
    await until(() =>
      app.running.jobs.list({ status: 'RUNNING' }).some(({ spec }) => spec.job_id === reply.job?.id),
    );
    return reply;
  };
  const first = await running();
  await ask('locks list');
  await ask('jobs cancel', { job: first.job?.id ?? '' });
  await world.end(first);
  const second = await running();
  await ask('locks steal', { lock: 'shop' });
  await world.end(second);
  await ask('jobs resolve', { job: await unknownJob(world, second.job?.id ?? ''), as: 'pass' });
  await ask('drain');
  await ask('resume');

  await ask('deploy', { project: 'shop', env: 'prod', request_only: true });
  const waiting = (await ask('grant list')).data as { id: string; state: string }[];
  const request = waiting.find(({ state }) => state === 'open')?.id ?? '';
  await world.end(await ask('grant approve', { request }, {}, 'ben'));
  await world.end(await ask('deploy', { project: 'shop', env: 'prod', break_glass: true }));
  const [review] = (await ask('review list')).data as { id: string }[];
  await ask('review close', { review: review?.id ?? '' }, {}, 'ben');
  const [key] = (await ask('key list')).data as { kid: string }[];
  await ask('key revoke', { key: key?.kid ?? '' }, {}, 'root');
  await ask('chat setup', { platform: 'discord' });
  await ask('chat remove', { platform: 'discord' });
  await world.write('runbooks/leave.md', `${book('leave', 'deploy')}\nAnother word.\n`);
  await ask('config accept', { mandate: 'schedule:yearly' });
  await ask('verify-factory');
  await ask('ci lint-workflows');
}

/** A job whose outcome nobody knows, as a daemon that was killed leaves it: made of the records of another one. */
async function unknownJob(world: World, like: string): Promise<string> {
  const { ledger } = world.app.store;
  const queued = (await world.records('job.queued')).find(({ body }) => body.job.job_id === like);
  const attempt = (await world.records('job.attempt')).find(({ body }) => body.attempt.job_id === like);
  if (queued === undefined || attempt === undefined) throw new Error(`${like} has no records`);
  const job_id = `job_${'0'.repeat(32)}`;
  await ledger.append('job.queued', { ...queued.body, job: { ...queued.body.job, job_id } });
  const record = { ...attempt.body.attempt, job_id, attempt_id: `${job_id}.1` };
  await ledger.append('job.attempt', { ...attempt.body, attempt: { ...record, status: 'RUNNING' } });
  await ledger.append('job.attempt', { ...attempt.body, attempt: { ...record, status: 'UNKNOWN' } });
  return job_id;
}

/**
 * `{ a, b }`, or `[{ a, b }]` for an array of objects. Only the names of one level: whether there is something in a field that
 * may be null depends on the moment.
 */
function shapeOf(values: readonly Json[]): string {
  const present = values.filter((value) => value !== null);
  const array = present.some((value) => Array.isArray(value));
  const objects = present.flat().filter((value) => typeof value === 'object' && value !== null);
  const names = [...new Set(objects.flatMap((object) => Object.keys(object)))].toSorted();
  const inner = names.length === 0 ? '…' : `{ ${names.join(', ')} }`;
  return array ? `[${inner}]` : present.length === 0 ? 'null' : inner;
}

/** Of commands that the operating guide names and this build does not have. */
const ABSENT = 'NOT_BUILT_HERE';

/** Command → shape of its `data`, as a daemon with a small estate answers it; and the commands that were not asked. */
export async function observedShapes(): Promise<{ shapes: Map<string, string>; unasked: string[] }> {
  const world = await openWorld({
    estate: ESTATE,
    runbooks: {
      'leave.md': book('leave', 'deploy'),
      'drill.md': book('drill', 'run_drill'),
      'break.md': book('break', 'run', 'exit 1'),
      'wait.md': book('wait', 'run', 'sleep 60'),
      'activity-log.md': shipped('activity-log'),
      'todos.md': shipped('todos'),
      'github.md': shipped('github'),
      'linear.md': shipped('linear'),
      'schemas.md': shipped('schemas'),
      'release.md': shipped('release'),
      ...Object.fromEntries(
        ['rollback', 'promote', 'patch', 'heal'].map((action) => [`${action}.md`, book(action, action)]),
      ),
    },
  });
  const seen = new Map<string, Json[]>();
  const absent = new Map<string, string>();
  await play(world, (command, { ok, error, data }) => {
    if (error?.code === ABSENT) return void absent.set(command, `none: always refused with ${ABSENT}`);
    if (!ok && error !== undefined) throw new Error(`${command}: ${error.code}: ${error.message}`);
    seen.set(command, [...(seen.get(command) ?? []), data]);
  });
  const shapes = new Map([
    ...absent,
    ...[...seen].map(([command, data]): [string, string] => [command, shapeOf(data)]),
  ]);
  const unasked = actions.map(({ name }) => name).filter((name) => !shapes.has(name));
  return { shapes, unasked };
}
