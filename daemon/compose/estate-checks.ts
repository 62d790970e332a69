import type { EstateCheck } from '../ports/estate-check.ts';
import type { StoredSecrets } from '../ports/secrets.ts';

/**
 * What features know of their own parts of reeve.yaml beyond its schema. Each loads its code only when its part is there:
 * most estates have few of them, and the start is to stay short.
 */
export const estateChecks = (secrets: StoredSecrets): readonly EstateCheck[] => [
  async (config, tell) => {
    const { probes, maintenance, watch } = config;
    if ([probes, maintenance, watch.uplink].every((part) => Object.keys(part).length === 0)) return;
    const { checkProbes } = await import('../probes/check.ts');
    await checkProbes(config, tell);
  },
  async ({ alerts }, tell) => {
    const { channels, routes, heartbeat } = alerts;
    if (Object.keys(channels).length + routes.length === 0 && heartbeat === undefined) return;
    const { checkAlerts } = await import('../alerts/check.ts');
    await checkAlerts(alerts, tell, (name) => secrets.has(name));
  },
  async ({ chat }, tell) => {
    if (chat.discord?.transport !== 'http' && chat.slack?.transport !== 'http') return;
    const [{ checkChat }, { checkPublicKey }] = await Promise.all([
      import('../chat/check.ts'),
      import('../enrol-key.ts'),
    ]);
    await checkChat(chat, tell, (name) => secrets.has(name), checkPublicKey);
  },
  async ({ integrations }, tell) => {
    const { github, linear, generic } = integrations;
    if (github === undefined && linear === undefined && Object.keys(generic).length === 0) return;
    const { checkIntegrations } = await import('../integrations/webhooks/check.ts');
    await checkIntegrations(integrations, tell, secrets);
  },
  async (config, tell) => {
    if (config.integrations.github === undefined) return;
    const { checkGithub } = await import('../integrations/github/check.ts');
    await checkGithub(config, tell, secrets);
  },
  async (config, tell) => {
    if (config.integrations.linear === undefined && config.sync.todos.linear === undefined) return;
    const { checkLinear } = await import('../integrations/linear/check.ts');
    await checkLinear(config, tell, (name) => secrets.has(name));
  },
  async (config, tell) => {
    const wanted = Object.values(config.projects).some(
      ({ release: { push, github } }) => push !== undefined || github !== undefined,
    );
    if (!wanted) return;
    const { checkReleases } = await import('../release/check.ts');
    await checkReleases(config, tell, (name) => secrets.has(name));
  },
  async (config, tell) => {
    if (Object.keys(config.rules).length === 0) return;
    const { checkRules } = await import('../integrations/rules/check.ts');
    checkRules(config, tell);
  },
  async (config, tell) => {
    if (Object.keys(config.slos).length === 0) return;
    const { checkSlos } = await import('../practice/check.ts');
    await checkSlos(config, tell);
  },
  async (config, tell) => {
    if (Object.keys(config.healing).length === 0 && config.incidents.postmortems === '.reeve/postmortems')
      return;
    const { checkIncidents } = await import('../incidents/check.ts');
    await checkIncidents(config, tell);
  },
  async (config, tell) => {
    if (Object.keys(config.chat).length === 0) return;
    const { checkTopics } = await import('../chat/check.ts');
    checkTopics(config, tell);
  },
  async (config, tell) => {
    if (Object.keys(config.sentinels).length === 0) return;
    const { checkSentinels } = await import('../drills/check.ts');
    await checkSentinels(config, tell, (name) => secrets.has(name));
  },
];
