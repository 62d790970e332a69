import type { Unattended } from '../ports/unattended.ts';
import type { Releasers } from '../lifecycle.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Config } from '../ports/config.ts';
import type { GithubMirror } from '../sync/github/mirror.ts';
import type { Github } from '../ports/github.ts';
import type { Incidents } from '../ports/incidents.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { Mandates } from '../ports/mandates.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { People } from '../ports/people.ts';
import type { Practice } from '../ports/practice.ts';
import type { Probes } from '../ports/probes.ts';
import type { Linear } from '../ports/linear.ts';
import type { Mirror } from '../ports/mirror.ts';
import type { Rules } from '../ports/rules.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Webhooks } from '../ports/webhooks.ts';
import type { Work } from '../ports/work.ts';
import { composeAlerts } from './alerts.ts';
import { openGithub } from './github.ts';
import { composeIncidents } from './incidents.ts';
import { composeLinear } from './linear.ts';
import { composeMirror } from './mirror.ts';
import { composePractice } from './practice.ts';
import { openProbes } from './probes.ts';
import { composeRules } from './rules.ts';
import type { Store } from './store.ts';
import { composeWebhooks, type WebhooksFeature } from './webhooks.ts';

/** What features are built from. */
export interface FeatureContext {
  store: Store;
  config: Config;
  people: People;
  jobs: Jobs;
  work: Work;
  runbooks: Runbooks;
  mandates: Mandates;
  secrets: Secrets;
  github: Github;
  zones: { checkWrite(file: string): Promise<string> };
  /** Hides what is secret in a text. */
  clean(text: string): string;
  /** Runs a runbook under its mandate: the only way a feature starts work. */
  admit(ask: Unattended): Promise<{ job_id: string }>;
  warn(what: string, error: unknown): void;
}

/** What watches, tells, heals and counts, beside the door. */
export interface Features {
  alerts: Alerts;
  incidents: Incidents;
  probes: Probes;
  practice: Practice;
  webhooks: Webhooks;
  rules: Rules;
  linear: Linear;
  mirror: Mirror;
  mirrorFiles(): Promise<GithubMirror>;
  github: Github;
  /** A body by its place, however old its delivery. */
  webhookBody: WebhooksFeature['bodyAt'];
  /** Resolves when every delivery that came was looked at. */
  rulesSettled(): Promise<void>;
  /** Resolves when everything that happened is queued for Linear. */
  linearSettled(): Promise<void>;
  /** Resolves when every delivery that came is in the mirror. */
  mirrorSettled(): Promise<void>;
  /** What they add to /metrics. */
  metrics: readonly MetricFamily[];
  /** Begins watching; what must be stopped is pushed on `releasers`. */
  start(releasers: Releasers): Promise<void>;
}

/** What of them actions use. */
export const portsOf = ({
  alerts,
  incidents,
  probes,
  practice,
  webhooks,
  rules,
  linear,
  mirror,
}: Features) => ({
  alerts,
  incidents,
  probes,
  practice,
  webhooks,
  rules,
  linear,
  mirror,
});

/** Each feature is opened by a file of its own in this folder and a line here, after those it needs. */
export function openFeatures({
  caller,
  ...given
}: Omit<FeatureContext, 'github'> & {
  /** How Reeve calls GitHub. */
  caller: { api: string | undefined; version: string };
}): Features {
  const context = { ...given, github: openGithub({ ...given, ...given.store, ...caller }) };
  const alerts = composeAlerts(context);
  const probes = openProbes(context, () => alerts.alerts);
  const incidents = composeIncidents(context, alerts.alerts, probes.probes);
  const practice = composePractice(context, alerts.alerts, probes.probes);
  const webhooks = composeWebhooks(context);
  const rules = composeRules(context, alerts.alerts, webhooks);
  const linear = composeLinear(context, alerts.alerts, incidents.incidents, webhooks);
  const mirror = composeMirror(context, webhooks);
  return {
    alerts: alerts.alerts,
    incidents: incidents.incidents,
    probes: probes.probes,
    practice: practice.practice,
    webhooks: webhooks.webhooks,
    rules: rules.rules,
    linear: linear.linear,
    mirror: mirror.mirror,
    mirrorFiles: () => mirror.files(),
    mirrorSettled: () => mirror.settled(),
    github: context.github,
    webhookBody: (...place) => webhooks.bodyAt(...place),
    rulesSettled: () => rules.settled(),
    linearSettled: () => linear.settled(),
    metrics: [alerts, probes, incidents, practice, webhooks, rules, linear].flatMap(({ metrics }) => metrics),
    async start(releasers) {
      releasers.push('alerts', alerts.start());
      await probes.start(releasers);
      incidents.start(releasers);
      practice.start(releasers);
      await webhooks.start(releasers);
      await rules.start(releasers);
      await linear.start(releasers);
      mirror.start(releasers);
    },
  };
}
