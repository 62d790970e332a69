import { onTestFinished } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import { EstateConfig } from '../../contracts/estate.ts';
import type { LedgerRecord, RecordType } from '../../contracts/record.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import {
  alertsProjection,
  openAlerts,
  signalsProjection,
  type OpenedAlerts,
} from '../../daemon/alerts/index.ts';
import type { AlertsState } from '../../daemon/alerts/state.ts';
import type { Config, Estate } from '../../daemon/ports/config.ts';
import type { Ledger } from '../../daemon/ports/ledger.ts';
import type { Projection, StateView } from '../../daemon/ports/state.ts';
import { randomHex } from '../../daemon/random.ts';
import { createRedactor } from '../../daemon/redact.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { MemoryLedger } from '../helpers/memory-ledger.ts';

export const projections = [alertsProjection, signalsProjection] as unknown as readonly Projection[];

export const KEY = `whsec_${Buffer.from('a signing key of thirty-two bytes').toString('base64')}`;

interface Options {
  /** The `alerts:` section, as written. */
  alerts: object;
  allow?: string[];
  secrets?: Record<string, string>;
  clock?: ManualClock;
  lines?: readonly string[];
  root?: string;
  accepted?: (mandate: string) => Promise<void>;
  /** A real ledger instead of the one in memory. */
  real?: { ledger: Ledger; state: StateView };
}

export interface Rig extends OpenedAlerts {
  clock: ManualClock;
  ledger: MemoryLedger;
  logged: string[];
  state(): AlertsState;
  raise(key: string, more?: Partial<AlertBody>): Promise<void>;
  records<T extends RecordType>(type: T): LedgerRecord<T>[];
  /** Queued messages as `channel event keys`, in order. */
  queued(): string[];
  /** Lets time pass from one timer to the next, with real input and output done in between. */
  pass(ms: number): Promise<void>;
  /** Puts another `alerts:` section in force. */
  configure(alerts: object): void;
  secrets: Map<string, string>;
  stop(): Promise<void>;
}

/** The feature as the daemon opens it, over a ledger in memory and a clock that a test moves. */
export function openRig(options: Options): Rig {
  const clock = options.clock ?? new ManualClock();
  const ledger = new MemoryLedger(clock, projections, options.lines);
  const state: StateView = options.real?.state ?? ledger;
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const logged: string[] = [];
  const listeners = new Set<(estate: Estate) => void>();
  let estate = estateOf(options.alerts, options);
  const config: Config = {
    current: () => estate,
    project: () => {
      throw new Error('not part of these tests');
    },
    environment: () => {
      throw new Error('not part of these tests');
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const log =
    (level: string) =>
    (message: string, fields: object = {}) =>
      void logged.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  const opened = openAlerts({
    clock,
    ledger: options.real?.ledger ?? ledger,
    state,
    config,
    secrets: {
      async get(name) {
        const value = secrets.get(name);
        if (value === undefined) throw fail('SECRET_NOT_FOUND', { name });
        return value;
      },
    },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    hex: randomHex,
    clean: (text) => createRedactor([...secrets.values()]).text(text),
    say: () => Promise.reject(fail('CHAT_NOT_CONFIGURED', { platform: 'bot that relays' })),
    accepted: options.accepted ?? (() => Promise.resolve()),
    warn: (what, error) => logged.push(`warn: ${what} ${String(error)}`),
  });
  const stopAll = opened.start();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll());
  onTestFinished(() => stop());
  const records = <T extends RecordType>(type: T): LedgerRecord<T>[] =>
    ledger.records().filter((record) => record.type === type) as LedgerRecord<T>[];
  return {
    ...opened,
    clock,
    ledger,
    logged,
    secrets,
    records,
    stop,
    state: () => state.get(alertsProjection),
    raise: (key, more = {}) =>
      opened.alerts.raise({
        key,
        severity: 'page',
        source: 'probe',
        title: `${key} is down`,
        text: '',
        ...more,
      }),
    queued() {
      const keys = new Map(records('alert.raised').map((r) => [r.seq, r.body.key]));
      return records('alert.queued').map(
        ({ body }) => `${body.channel} ${body.event} ${body.alerts.map((seq) => keys.get(seq)).join(',')}`,
      );
    },
    async pass(ms) {
      const end = clock.monotonic() + ms;
      for (;;) {
        await quiet();
        const left = end - clock.monotonic();
        if (left <= 0) return;
        await clock.advance(Math.min(left, clock.nextIn ?? left));
      }
    },
    configure(alerts) {
      estate = estateOf(alerts, options);
      for (const listener of listeners) listener(estate);
    },
  };
}

/**
 * The network goes by real time: while a request is on its way, the clock of a test waits for it (a while: it may be one
 * that is never answered).
 */
async function quiet(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const busy = process
      .getActiveResourcesInfo()
      .some((name) => /^(TCPSocket|TCPConnect|Process|FSReq|GetAddrInfo)/.test(name));
    if (!busy) return;
  }
}

function estateOf(alerts: object, { allow = [], root = '/nowhere' }: Options): Estate {
  const config = EstateConfig.parse({
    version: 1,
    estate: { name: 'test', title: 'The test estate' },
    projects: { shop: { environments: { prod: {}, dev: {} } } },
    alerts,
    network: { allow },
  });
  return { config, digest: `sha256:${'0'.repeat(64)}`, root, file: `${root}/reeve.yaml` };
}
