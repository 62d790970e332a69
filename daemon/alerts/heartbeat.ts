import type { Log } from '../log.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Secrets } from '../ports/secrets.ts';
import { oneLine } from '../text.ts';

export const HEARTBEAT_KEY = 'daemon:heartbeat';
/** Failed pings in a row before anybody is told. */
export const FAILURES = 3;
const TIMEOUT_MS = 10_000;

export interface HeartbeatDeps {
  clock: Clock;
  config: Config;
  secrets: Pick<Secrets, 'get'>;
  desk: Pick<Alerts, 'raise' | 'resolve'>;
  log: Pick<Log, 'warn'>;
  clean(text: string): string;
  /** Whether the daemon itself is well; when not, the outside is told so. */
  well(): boolean;
}

/**
 * The mutual dead-man: pings something outside that cries when Reeve falls silent (`<url>`, or `<url>/fail` while Reeve is
 * unwell, as healthchecks.io and its likes have it), and raises an alert when that cannot be reached. Returns stop.
 */
export function startHeartbeat(deps: HeartbeatDeps): () => Promise<void> {
  const { clock, config, log, desk } = deps;
  let failures = 0;
  let cancel = (): void => {};
  let stopped = false;
  let busy: Promise<void> = Promise.resolve();

  async function beat(): Promise<void> {
    try {
      await ping(deps);
    } catch (error) {
      failures += 1;
      const why = oneLine(deps.clean(error instanceof Error ? error.message : String(error)), 300);
      log.warn('the outside heartbeat was not reached', { failures, why });
      if (failures % FAILURES !== 0) return;
      await desk.raise({
        key: HEARTBEAT_KEY,
        severity: 'warn',
        source: 'daemon',
        title: 'The outside heartbeat cannot be reached',
        text: `${failures} pings in a row have failed: ${why}\nIf Reeve falls silent now, nobody outside hears of it in time; or they have been told already.`,
      });
      return;
    }
    failures = 0;
    await desk.resolve(HEARTBEAT_KEY, 'the heartbeat was reached again');
  }

  function next(ms: number): void {
    cancel();
    if (stopped || config.current().config.alerts.heartbeat === undefined) return;
    cancel = clock.after(ms, () => {
      busy = beat()
        .catch((error: unknown) => log.warn('the heartbeat', { error: String(error) }))
        .finally(() => next(config.current().config.alerts.heartbeat?.every ?? 0));
    });
  }

  const unwatch = config.onChange(() => {
    if (config.current().config.alerts.heartbeat === undefined && !stopped) {
      failures = 0;
      void desk.resolve(HEARTBEAT_KEY, 'reeve.yaml names no heartbeat any more').catch(() => undefined);
    }
    next(0);
  });
  next(0);
  return async () => {
    stopped = true;
    unwatch();
    cancel();
    await busy;
  };
}

async function ping({ clock, config, secrets, well }: HeartbeatDeps): Promise<void> {
  const { alerts, network } = config.current().config;
  const { url = '', secret } = alerts.heartbeat ?? {};
  const target = new URL((secret === undefined ? url : await secrets.get(secret)).trim());
  if (!well()) target.pathname = `${target.pathname.replace(/\/$/, '')}/fail`;
  const { send } = await import('../outgoing.ts');
  const control = new AbortController();
  const cancel = clock.after(TIMEOUT_MS, () =>
    control.abort(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
  );
  try {
    const { status } = await send(
      { method: 'GET', url: target.href, headers: {}, body: '' },
      { allowed: network.allow, signal: control.signal, maxBytes: 64 * 1024, redirects: 0 },
    );
    if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
  } finally {
    cancel();
  }
}
