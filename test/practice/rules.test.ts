import { execFileSync } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { openWorld, RUNBOOKS, type World } from '../helpers/app.ts';
import { REPO } from '../helpers/daemon.ts';
import { lacks, programPath } from '../helpers/needs.ts';

const RULES = path.join(REPO, 'monitoring/reeve.rules.yml');
const CASES = path.join(REPO, 'monitoring/reeve.rules.test.yml');
const noPromtool = lacks('promtool', 'Debian package prometheus');

interface Rules {
  groups: { rules: { alert: string; expr: string; labels: { severity: string } }[] }[];
}
interface Cases {
  tests: {
    input_series: { series: string }[];
    alert_rule_test: { alertname: string; exp_alerts: unknown[] }[];
  }[];
}
const rules = (parse(readFileSync(RULES, 'utf8')) as Rules).groups.flatMap((group) => group.rules);
const cases = (parse(readFileSync(CASES, 'utf8')) as Cases).tests;

const ESTATE = (port: number): string => `version: 1
estate: { name: test }
people: { root: { roles: [admin], os_users: [${process.getuid?.() ?? 0}] } }
projects: { shop: { environments: { dev: {}, prod: {} } } }
schedules:
  nightly: { runbook: touch, cron: '0 3 * * *', project: shop, env: prod, max_age: 26h }
probes:
  door: { kind: tcp, project: shop, env: prod, host: 127.0.0.1, port: ${port}, interval: 1s, timeout: 500ms }
slos:
  open: { project: shop, env: prod, probes: [door], objective: '99.9' }
network: { allow: [127.0.0.1] }
alerts: { channels: { log: { kind: log } }, routes: [{ channels: [log] }] }
`;

const scrape = (world: World): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = http.get({ socketPath: world.app.socket, path: '/metrics' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });

/** Label names of every series of a scrape, by metric. */
function seriesOf(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(reeve_\w+)(?:\{([^}]*)\})? /gm))
    found.set(name, new Set([...(found.get(name) ?? []), labelNames(labels)]));
  return found;
}
const labelNames = (labels: string): string =>
  [...labels.matchAll(/(\w+)="/g)]
    .map(([, name = '']) => name)
    .toSorted()
    .join(',');

test.skipIf(noPromtool)('promtool accepts the shipped rules, and they do what their tests say', () => {
  const promtool = programPath('promtool') ?? 'promtool';
  expect(execFileSync(promtool, ['check', 'rules', RULES], { encoding: 'utf8' })).toContain(
    `${rules.length} rules found`,
  );
  expect(execFileSync(promtool, ['test', 'rules', CASES], { encoding: 'utf8' })).toContain('SUCCESS');
});

test('every rule that pages is tested in both directions', () => {
  const all = cases.flatMap((one) => one.alert_rule_test);
  for (const { alert, labels } of rules) {
    if (labels.severity !== 'page') continue;
    const mine = all.filter(({ alertname }) => alertname === alert);
    expect(
      [mine.some((t) => t.exp_alerts.length > 0), mine.some((t) => t.exp_alerts.length === 0)],
      alert,
    ).toEqual([true, true]);
  }
});

test('every metric that a rule names is in /metrics of a running daemon, with the labels that the rules and their tests use', async () => {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const world = await openWorld({
    estate: ESTATE((server.address() as net.AddressInfo).port),
    runbooks: RUNBOOKS,
  });
  const reply = await world.as('root', {
    command: 'run',
    args: { runbook: 'touch', project: 'shop', env: 'prod' },
    force: true,
  });
  expect(await world.end(reply)).toBe('PASS');
  await world.app.startSchedules();
  await expect.poll(() => scrape(world), { timeout: 30_000 }).toContain('reeve_slo_burn_rate{');

  const text = await scrape(world);
  const types = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
  const named = new Set(rules.flatMap(({ expr }) => expr.match(/\breeve_\w+/g) ?? []));
  expect(named.size).toBeGreaterThan(20);
  expect([...named].filter((name) => !types.has(name))).toEqual([]);

  const declared = new Map(
    world.app.running.features.metrics.map(({ name, labels }) => [name, [...labels].toSorted().join(',')]),
  );
  const series = seriesOf(text);
  for (const { series: written } of cases.flatMap((one) => one.input_series)) {
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(written) ?? [];
    const known = declared.get(name) ?? [...(series.get(name) ?? [])].join(' or ');
    expect(labelNames(labels), written).toBe(known);
  }
  for (const line of [
    'reeve_deployments_total{project="shop",env="prod"} 1',
    'reeve_deployments_failed_total{project="shop",env="prod"} 0',
    'reeve_change_failure_ratio{project="shop",env="prod"} 0',
    'reeve_slo_objective_ratio{slo="open",project="shop",env="prod"} 0.999',
    'reeve_slo_error_budget_left_ratio{slo="open",project="shop",env="prod"} 1',
    'reeve_slo_burn_rate{slo="open",project="shop",env="prod",window="5m"} 0',
    'reeve_slo_burning{slo="open",project="shop",env="prod",window="1h",severity="page"} 0',
    'reeve_schedule_max_age_seconds{schedule="nightly",project="shop",env="prod"} 93600',
    'reeve_schedule_slots_missed_total{schedule="nightly"} 0',
    'reeve_reviews_open 0',
  ])
    expect(text.split('\n'), line).toContain(line);
  expect(text).toMatch(
    /^reeve_schedule_last_pass_age_seconds\{schedule="nightly",project="shop",env="prod"\} \d/m,
  );
});
